"""The knowledge base that ships with CLARA: built from its notes, by ``clara kb build`` or by itself at first use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from clara.config import SHIPPED_KB, Settings
from clara.errors import EmbedderMismatch, StoreError, WriteError
from clara.files import FolderLock, make_folder
from clara.knowledge.base import Embedder
from clara.knowledge.corpus.notes import SHIPPED, read_notes
from clara.knowledge.embedding.build import build_embedder
from clara.knowledge.index.folder import kb_folder
from clara.knowledge.index.store import Change, KnowledgeBase, index_again

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_UNFINISHED = "unfinished"
"""A file that is there while the first build runs, and after one that was killed."""


def build_shipped(
    settings: Settings, progress: Callable[[int, int], None] | None = None
) -> tuple[Change, dict[str, object]]:
    """Build the knowledge base, or change what is new; what no longer ships goes.

    Args:
        settings: name the data folder and the embedder.
        progress: receives the documents read, and of how many.

    Returns:
        What changed, and the statistics of the knowledge base.

    Raises:
        KnowledgeError, StoreError: a note is not usable, or the store cannot be written.
    """
    documents = [note.document() for note in read_notes()]

    def report(read: int, _passages: int) -> None:
        if progress is not None:
            progress(read, len(documents))

    with closing(open_base(settings, SHIPPED_KB, build_embedder(settings), create=True)) as base:
        change = base.add(documents, progress=report)
        gone = base.record.ids_of(SHIPPED).keys() - {document.id for document in documents}
        change = replace(change, removed=base.remove(gone))
        base.postings()
        return change, base.stats()


def is_missing(settings: Settings) -> bool:
    """True if the settings name the knowledge base that ships, and it is not there or its first build was cut short."""
    if SHIPPED_KB not in settings.kb:
        return False
    folder = kb_folder(settings, SHIPPED_KB)
    is_built = (folder / "record.sqlite").is_file() and not (folder.parent / ".first-use" / _UNFINISHED).exists()
    return not is_built


def open_base(settings: Settings, name: str, embedder: Embedder, *, create: bool = False) -> KnowledgeBase:
    """A knowledge base of the settings. The one that ships is indexed again if an earlier version's embedder built it.

    Raises:
        NoKnowledgeBase: it has not been built, and ``create`` is False.
        EmbedderMismatch: another embedder built one that is the user's own.
        StoreError: it cannot be opened, or another process is indexing it.
    """
    try:
        return KnowledgeBase.open(settings, name, embedder, create=create)
    except EmbedderMismatch:
        if name != SHIPPED_KB or not _builds_itself(settings):
            raise
    log.warning("this version searches with another embedder: indexing the knowledge base %r again, a few seconds", name)
    index_again(settings, name, embedder)
    return KnowledgeBase.open(settings, name, embedder)


def _builds_itself(settings: Settings) -> bool:
    """True with the embedder that ships, in the user's own data folder: with another one it may take long, and a Chroma
    server belongs to many."""
    return settings.embedder == "embedded" and settings.chroma_url is None


def ensure_shipped(settings: Settings) -> None:
    """Build the knowledge base that ships if it is missing; another process that builds it already is waited for.

    Raises:
        KnowledgeError, StoreError: it cannot be built.
    """
    if not _builds_itself(settings) or not is_missing(settings):
        return
    place = kb_folder(settings, SHIPPED_KB).parent / ".first-use"
    try:
        make_folder(place)
        lock = FolderLock(place)
        while not lock.take():
            time.sleep(_POLL_SECONDS)
    except WriteError as error:
        raise StoreError(f"cannot build the knowledge base that ships: {error}; set CLARA_HOME to another folder") from None
    try:
        if is_missing(settings):
            log.warning("first use: building the knowledge base %r from the notes that ship, a few seconds", SHIPPED_KB)
            (place / _UNFINISHED).touch()
            build_shipped(settings)
            (place / _UNFINISHED).unlink()
    finally:
        lock.release()
