"""The knowledge base that ships with CLARA: built from its notes, by ``clara kb build`` or by itself at first use."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from clara.config import SHIPPED_KB, Settings
from clara.errors import StoreError, WriteError
from clara.files import FolderLock, make_folder
from clara.knowledge.corpus.notes import SHIPPED, read_notes
from clara.knowledge.embedding.build import build_embedder
from clara.knowledge.index.folder import kb_folder
from clara.knowledge.index.store import Change, KnowledgeBase

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

    with closing(KnowledgeBase.open(settings, SHIPPED_KB, build_embedder(settings), create=True)) as base:
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


def ensure_shipped(settings: Settings) -> None:
    """Build the knowledge base that ships if it is missing; another process that builds it already is waited for.

    Only with the embedder that ships, in the user's own data folder: with another one it may take long, and a Chroma server
    belongs to many.

    Raises:
        KnowledgeError, StoreError: it cannot be built.
    """
    if settings.embedder != "embedded" or settings.chroma_url is not None or not is_missing(settings):
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
