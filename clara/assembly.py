"""Builds the concrete parts that the settings name. Imported late: it pulls in Chroma and LangGraph."""

from __future__ import annotations

import asyncio

from clara.agent.runner import Agent
from clara.backbone.base import Backbone
from clara.config import Settings
from clara.knowledge.base import Query, Retriever
from clara.knowledge.glossary import shipped_glossary
from clara.knowledge.outside.archive import Archive, Archived
from clara.knowledge.outside.pubmed import PubMed
from clara.knowledge.outside.source import OutsideSource
from clara.knowledge.outside.wikipedia import Wikipedia
from clara.knowledge.retrieval.retriever import HybridRetriever
from clara.runtime.tracing import trace_to
from clara.types import Passage

OUTSIDE_SOURCES = {"pubmed": PubMed, "wikipedia": Wikipedia}
"""Values of the setting ``search``."""
PATIENCE = 15.0
"""Most seconds that one request to an outside source may take, however long a model may think."""


def build_agent(settings: Settings, *, backbone: Backbone | None = None, retriever: Retriever | None = None) -> Agent:
    """An agent from settings, with parts replaced by those given."""
    if settings.traces:
        trace_to(settings.traces)
    return Agent(
        backbone or build_backbone(settings),
        retriever or build_retriever(settings),
        shipped_glossary(),
        settings,
        build_sources(settings),
    )


def build_backbone(settings: Settings) -> Backbone:
    """The extractive backbone, or a client for the configured servers; a translation model may take over a task."""
    if settings.uses_model:
        from clara.backbone.openai.backbone import OpenAIBackbone

        backbone: Backbone = OpenAIBackbone.from_settings(settings)
    else:
        from clara.backbone.extractive.backbone import ExtractiveBackbone

        backbone = ExtractiveBackbone(shipped_glossary())
    translator = settings.translator
    if translator is None:
        return backbone
    from clara.backbone.translation.backbone import TranslatingBackbone
    from clara.backbone.translation.seq2seq import Seq2SeqTranslator

    return TranslatingBackbone(backbone, lambda: Seq2SeqTranslator(translator))


def build_sources(settings: Settings) -> tuple[OutsideSource, ...]:
    """One source for each name of the setting ``search``; none, and no connection, where it is empty."""
    timeout, connect = min(PATIENCE, settings.timeout), settings.connect_timeout
    proxy = settings.proxy.get_secret_value() if settings.proxy else None
    archive = Archive(settings.home / "outside.sqlite")
    sources: list[OutsideSource] = []
    for name in dict.fromkeys(settings.search):
        source = OUTSIDE_SOURCES[name](timeout=timeout, connect_timeout=connect, proxy=proxy)
        sources.append(Archived(source, archive) if settings.cache else source)
    return tuple(sources)


def build_retriever(settings: Settings) -> LazyRetriever:
    """Hybrid search over the configured knowledge bases."""
    return LazyRetriever(settings)


class LazyRetriever:
    """Opens the knowledge bases at the first search: a strategy that never searches needs none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: HybridRetriever | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> HybridRetriever:
        """The opened retriever.

        Raises:
            NoKnowledgeBase: a knowledge base has not been built yet.
            EmbedderMismatch, StoreError: one cannot be opened.
        """
        async with self._opening:
            if self._opened is None:
                self._opened = await asyncio.to_thread(HybridRetriever.from_settings, self._settings)
            return self._opened

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """See :class:`clara.knowledge.base.Retriever`. Raises: as :meth:`open`."""
        opened = self._opened or await self.open()
        return await opened.search(query, k)

    async def aclose(self) -> None:
        """Close the knowledge bases; a later search opens them again."""
        async with self._opening:
            if self._opened is not None:
                await asyncio.to_thread(self._opened.close)
                self._opened = None
