"""Chroma as a copy of what the record holds: compared with it, brought up to it, or built from it again."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice

from clara.errors import StoreError
from clara.knowledge.base import Embedder, Vectors, unit
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.index.record import KnowledgeRecord
from clara.knowledge.index.vectors import VectorIndex

log = logging.getLogger(__name__)

BATCH = 1024
"""Passages that are embedded and stored together while an index is built."""


class Mirror:
    """Keeps the vectors of a knowledge base in step with its record.

    Args:
        vectors: the index in Chroma.
        record: what it must hold.
        embedder: turns passages into vectors.
        name: of the knowledge base, for the log.
    """

    def __init__(self, vectors: VectorIndex, record: KnowledgeRecord, embedder: Embedder, name: str) -> None:
        self._vectors = vectors
        self._record = record
        self._embedder = embedder
        self._name = name

    def is_marked(self) -> bool:
        """True if Chroma says that it holds this generation of this record."""
        return (self._vectors.record, self._vectors.generation) == (self._record.identity, self._record.generation)

    def is_in_step(self) -> bool:
        """True if Chroma holds as many passages as the record, says so, and answers for the last of them."""
        numbers = self._record.numbers()
        record = (self._record.identity, self._record.generation, len(numbers))
        index = (self._vectors.record, self._vectors.generation, self._index_size())
        return index == record and self.answers(numbers[-1:])

    def bring_in_step(self) -> None:
        """Add and remove what differs, or build the index again if it is damaged; the caller has the lock."""
        if self.is_in_step():
            return
        size = self._index_size()
        is_own = self._vectors.record in ("", self._record.identity)  # "": made before collections named their record
        if is_own and size and self._catch_up(self._record.numbers()):
            return
        if self._record.counts()["passages"]:
            state = "missing" if size == 0 else "damaged"
            log.warning("the index of knowledge base %r is %s; building it from the record", self._name, state)
        self.rebuild()

    def rebuild(self) -> None:
        """Empty the index and fill it from the record; the caller has the lock."""
        self._vectors.reset()
        self._index(self._record.chunks())
        self._vectors.mark(self._record.generation)

    def embed(self, chunks: Sequence[Chunk]) -> Vectors:
        """Vectors of passages, shape (len(chunks), dimension).

        The head of a passage counts again, by the weight that the embedder gives heads.
        """
        vectors = self._embedder.embed_documents([chunk.indexed for chunk in chunks])
        weight = self._embedder.info.head_weight
        if weight:
            vectors = unit(vectors + weight * self._embedder.embed_documents([chunk.head for chunk in chunks]))
        return vectors

    def answers(self, numbers: Sequence[int]) -> bool:
        """True if Chroma holds and answers for each of these passages."""
        return all(self._vectors.answers_for(number, self.embed([chunk])) for number, chunk in self._record.chunks(numbers))

    def _catch_up(self, numbers: list[int]) -> bool:
        """Add and remove what a run that was killed left undone; False if the index is damaged."""
        try:
            present = self._vectors.numbers()
            missing, stale = sorted(set(numbers) - present), sorted(present.difference(numbers))
            if missing or stale:
                message = "the index of knowledge base %r was left behind; adding %d passages, removing %d"
                log.warning(message, self._name, len(missing), len(stale))
            self._vectors.delete(stale)
            self._index(self._record.chunks(missing))
            if not self.answers([*numbers[:1], *missing[-1:], *numbers[-1:]]):
                return False
            self._vectors.mark(self._record.generation)
        except StoreError:
            return False
        return True

    def _index_size(self) -> int | None:
        """Passages in Chroma; None if it is too damaged to count them."""
        try:
            return self._vectors.count()
        except StoreError:
            return None

    def _index(self, stream: Iterator[tuple[int, Chunk]]) -> None:
        while True:
            batch = list(islice(stream, BATCH))
            if not batch:
                return
            chunks = [chunk for _, chunk in batch]
            self._vectors.add([number for number, _ in batch], chunks, self.embed(chunks))
