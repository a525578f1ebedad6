"""Builds the concrete parts that the settings name. Imported late: it pulls in Chroma and LangGraph."""

from __future__ import annotations

from clara.agent.runner import Agent
from clara.backbone.base import Backbone
from clara.config import Settings
from clara.knowledge.base import Retriever
from clara.knowledge.glossary import shipped_glossary


def build_agent(settings: Settings, *, backbone: Backbone | None = None, retriever: Retriever | None = None) -> Agent:
    """An agent from settings, with parts replaced by those given."""
    return Agent(backbone or build_backbone(settings), retriever or build_retriever(settings), shipped_glossary(), settings)


def build_backbone(settings: Settings) -> Backbone:
    """The extractive backbone, or a client for the configured servers."""
    if not settings.uses_model:
        from clara.backbone.extractive import ExtractiveBackbone

        return ExtractiveBackbone(shipped_glossary())
    from clara.backbone.openai import OpenAIBackbone

    return OpenAIBackbone.from_settings(settings)


def build_retriever(settings: Settings) -> Retriever:
    """Hybrid search over the configured knowledge bases."""
    from clara.knowledge.retriever import HybridRetriever

    return HybridRetriever.from_settings(settings)
