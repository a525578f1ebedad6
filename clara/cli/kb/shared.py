"""What the ``clara kb`` commands share: which knowledge base is meant, how it is opened, and how a change is shown."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from clara.errors import UsageError

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.index.store import Change, KnowledgeBase


def the_one(settings: Settings) -> str:
    """The single knowledge base that a change is for.

    Raises:
        UsageError: several are named.
    """
    if len(settings.kb) != 1:
        raise UsageError(f"this changes one knowledge base; name it with one --kb, not {', '.join(settings.kb)}")
    return settings.kb[0]


def opened(settings: Settings, name: str, *, create: bool = False) -> closing[KnowledgeBase]:
    """A knowledge base with the embedder that the settings name; leaving the ``with`` block closes it."""
    from clara.knowledge.embedding.build import build_embedder
    from clara.knowledge.index.store import KnowledgeBase

    return closing(KnowledgeBase.open(settings, name, build_embedder(settings), create=create))


def fates(change: Change) -> str:
    """What became of the documents, in words."""
    return ", ".join(f"{getattr(change, name):,} {name}" for name in ("added", "replaced", "unchanged", "removed"))
