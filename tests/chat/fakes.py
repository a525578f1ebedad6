"""A session on a scripted model: no server, no knowledge base."""

from __future__ import annotations

from clara.agent.runner import Agent
from clara.config import Settings, load_settings
from clara.knowledge.glossary import TermGlossary
from clara.tasks.model import TextOut
from clara.testing import FixedRetriever, ScriptedBackbone
from clara.types import Passage

PASSAGE = Passage("cornea#0", "Cornea", "The stroma is the thickest layer of the cornea.", "A book", "textbook")


def settings(**values: object) -> Settings:
    """Settings that name a server which nobody asks."""
    return load_settings({"profile": "remote", "backbone": ["http://127.0.0.1:9/v1"], "strategy": "rag", **values})


def scripted(glossary: TermGlossary, **values: object) -> tuple[Agent, ScriptedBackbone]:
    """An agent whose model answers every free-text question with the stroma."""
    backbone = ScriptedBackbone().always("answer_text", TextOut(answer="The stroma. [1]", citations=(1,), confidence=0.9))
    return Agent(backbone, FixedRetriever([PASSAGE]), glossary, settings(**values)), backbone
