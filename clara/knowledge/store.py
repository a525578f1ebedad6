"""A knowledge base: the durable record and its two derived indexes, Chroma and BM25, kept in step."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.config import Settings
from clara.errors import NoKnowledgeBase, StoreError, UsageError
from clara.knowledge.base import Embedder
from clara.knowledge.chunking import Chunk, chunk
from clara.knowledge.documents import Document
from clara.knowledge.lexical import LexicalIndex
from clara.knowledge.record import Record
from clara.knowledge.vectors import VectorIndex, drop_collection, open_client

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

log = logging.getLogger(__name__)

BATCH = 256
"""Documents in one transaction."""
_NAME = re.compile(r"\A[a-z0-9][a-z0-9_-]{0,50}\Z")

Progress = Callable[[int, int], None]
"""Receives documents read and passages added so far."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an ingestion did, in documents and passages."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0


class KnowledgeBase:
    """One named knowledge base.

    Args:
        folder: its folder; created if ``create``.
        embedder: turns passages into vectors; must be the one that built the index.
        create: make it if it does not exist.
        client: a Chroma client; None opens the persistent one in ``folder``.

    Raises:
        NoKnowledgeBase: there is none and ``create`` is False.
        EmbedderMismatch: another embedder built it.
        StoreError: the folder or Chroma refuses.
    """

    def __init__(self, folder: Path, embedder: Embedder, *, create: bool = False, client: ClientAPI | None = None) -> None:
        self.name = folder.name
        self.folder = folder
        self.embedder = embedder
        if not create and not (folder / "record.sqlite").is_file():
            raise NoKnowledgeBase(missing_message(self.name, folder))
        _make(folder)
        self.record = Record(folder / "record.sqlite")
        self._client = client or open_client(folder / "chroma")
        self._vectors = VectorIndex(self._client, _collection(self.name), embedder.info)
        self._lexical: LexicalIndex | None = None
        self._numbers: list[int] = []
        self._check()

    @classmethod
    def open(cls, settings: Settings, name: str, embedder: Embedder, *, create: bool = False) -> KnowledgeBase:
        """The knowledge base ``name`` of the settings' data folder."""
        folder = kb_folder(settings, name)
        client = None
        if settings.chroma_url:
            token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
            client = open_client(None, settings.chroma_url, token)
        return cls(folder, embedder, create=create, client=client)

    def _check(self) -> None:
        """Bring Chroma in step with the record if it is behind or damaged."""
        numbers = self.record.numbers()
        if self._vectors.generation == self.record.generation and self._vectors.count() == len(numbers):
            probe = next(self.record.chunks(numbers[-1:]), None)
            if probe is None or self._vectors.finds(probe[0], self._embed([probe[1]])):
                return
        self.reindex()

    def reindex(self) -> None:
        """Build both indexes again from the record."""
        if self.record.counts()["passages"]:
            state = "missing" if self._vectors.generation < 0 else "behind or damaged"
            log.warning("the index of knowledge base %r is %s; building it from the record", self.name, state)
        self._vectors.reset()
        stream = self.record.chunks()
        while batch := list(islice(stream, BATCH * 4)):
            chunks = [chunk for _, chunk in batch]
            self._vectors.add([number for number, _ in batch], chunks, self._embed(chunks))
        self._vectors.mark(self.record.generation)
        self._lexical = None

    def _embed(self, chunks: Sequence[Chunk]) -> Any:
        return self.embedder.embed_documents([chunk.indexed for chunk in chunks])

    def add(
        self,
        documents: Iterable[Document],
        *,
        origin: str = "",
        replace_origin: bool = False,
        progress: Progress | None = None,
    ) -> Change:
        """Add documents; unchanged ones are skipped, changed ones replaced.

        Args:
            documents: read as a stream.
            origin: where they come from, for ``replace_origin`` and ``kb sync``.
            replace_origin: remove documents of that origin that no longer come.
            progress: called after every batch.
        """
        known = self.record.fingerprints()
        seen: set[str] = set()
        counts = {"added": 0, "replaced": 0, "unchanged": 0, "passages": 0}
        stream = iter(documents)
        while batch := list(islice(stream, BATCH)):
            fresh: dict[str, Document] = {}
            for document in batch:
                seen.add(document.id)
                if known.get(document.id) == document.fingerprint:
                    counts["unchanged"] += 1
                else:
                    counts["replaced" if document.id in known else "added"] += 1
                    known[document.id] = document.fingerprint
                    fresh[document.id] = document
            counts["passages"] += self._write([(document, chunk(document)) for document in fresh.values()], origin)
            if progress is not None:
                progress(counts["added"] + counts["replaced"] + counts["unchanged"], counts["passages"])
        removed = self.remove(self.record.ids_of(origin) - seen) if replace_origin else 0
        self._vectors.mark(self.record.generation)
        return Change(removed=removed, **counts)

    def _write(self, batch: list[tuple[Document, list[Chunk]]], origin: str) -> int:
        if not batch:
            return 0
        chunks = [chunk for _, parts in batch for chunk in parts]
        vectors = self._embed(chunks)
        gone, new = self.record.put(batch, origin)
        self._vectors.delete(gone)
        self._vectors.add(new, chunks, vectors)
        self._lexical = None
        return len(new)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents; returns how many there were."""
        known = self.record.fingerprints()
        present = [document for document in ids if document in known]
        self._vectors.delete(self.record.remove(present))
        self._vectors.mark(self.record.generation)
        self._lexical = None
        return len(present)

    def lexical(self) -> tuple[LexicalIndex, list[int]]:
        """The BM25 index and the passage number of each of its positions; built or read from disk when first needed."""
        if self._lexical is None:
            self._numbers = self.record.numbers()
            folder = self.folder / f"bm25-{self.record.generation}"
            try:
                self._lexical = LexicalIndex.load(folder)
            except (OSError, ValueError):
                self._lexical = LexicalIndex.build(chunk.indexed for _, chunk in self.record.chunks())
                _drop_old(self.folder)
                self._lexical.save(folder)
        return self._lexical, self._numbers

    def nearest(self, texts: Sequence[str], k: int, where: Mapping[str, Any] | None = None) -> list[list[tuple[int, float]]]:
        """Passage numbers and similarities for each text; one Chroma call for all of them."""
        return self._vectors.query(self.embedder.embed_queries(texts), k, where)

    def stats(self) -> dict[str, Any]:
        """Counts and the embedder, for ``kb stats``."""
        info = self.embedder.info
        return {
            "name": self.name,
            "folder": str(self.folder),
            **self.record.counts(),
            "kinds": self.record.count_by("kind"),
            "languages": self.record.count_by("language"),
            "embedder": {"name": info.name, "dimension": info.dimension, "fingerprint": info.fingerprint},
        }

    def close(self) -> None:
        """Close the record."""
        self.record.close()


def kb_folder(settings: Settings, name: str) -> Path:
    """The folder of a knowledge base.

    Raises:
        UsageError: the name could not be a folder's.
    """
    if not _NAME.match(name):
        raise UsageError(f"{name!r} cannot name a knowledge base: use lower-case letters, digits, - and _")
    return settings.home / "kb" / name


def missing_message(name: str, folder: Path) -> str:
    """What to do when a knowledge base is missing."""
    mend = "clara kb build" if name == "ophthalmology" else f"clara kb add --kb {name} PATH"
    return f"there is no knowledge base {name!r} in {folder.parent} yet; run: {mend}"


def discard(folder: Path, *, client: ClientAPI | None = None) -> None:
    """Remove the vectors of a knowledge base, whatever embedder made them, so that it can be built again."""
    if client is not None or (folder / "chroma").is_dir():
        drop_collection(client or open_client(folder / "chroma"), _collection(folder.name))


def _collection(name: str) -> str:
    return f"clara-{name}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write the data folder {folder}: {error.strerror}; set CLARA_HOME to another") from None
    if not os.access(folder, os.W_OK):
        raise StoreError(f"cannot write the data folder {folder}: permission denied; set CLARA_HOME to another")


def _drop_old(folder: Path) -> None:
    for old in folder.glob("bm25-*"):
        shutil.rmtree(old, ignore_errors=True)
