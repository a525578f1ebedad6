"""Brings passages into Chroma while the next ones are cut and embedded."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Self

import numpy as np

from clara.errors import StoreError
from clara.knowledge.base import Vectors
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.index.vectors import BATCH, VectorIndex


class Indexer:
    """Collects what is committed to the record and hands it to Chroma in large batches, in a thread of its own.

    Chroma takes a fifth more a second in batches of 2,000 than of a few hundred. Leaving the context brings in the rest,
    also after an error; where Chroma refuses, the record is ahead of it, which the next opening sees and repairs.

    Raises:
        StoreError: on leaving, if Chroma refused.
    """

    def __init__(self, index: VectorIndex) -> None:
        self._index = index
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clara-index")
        self._working: Future[None] | None = None
        self._clear()

    def _clear(self) -> None:
        self._gone: list[int] = []
        self._new: list[int] = []
        self._chunks: list[Chunk] = []
        self._vectors: list[Vectors] = []

    def replace(self, gone: Sequence[int], new: Sequence[int], chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Remove the passages ``gone`` and add ``new`` with their vectors, shape (len(new), dimension).

        Raises:
            StoreError: Chroma refused something that was handed over before.
        """
        self._gone += gone
        self._new += new
        self._chunks += chunks
        self._vectors.append(vectors)
        if len(self._new) >= BATCH:
            self._hand_over()

    def _hand_over(self) -> None:
        self._wait()
        gone, new, chunks, vectors = self._gone, self._new, self._chunks, np.concatenate(self._vectors)
        replaced = set(gone).intersection(new)  # a document that came twice
        if replaced:
            positions: list[int] = []
            for position, number in enumerate(new):
                if number not in replaced:
                    positions.append(position)
            new = [new[position] for position in positions]
            chunks = [chunks[position] for position in positions]
            vectors = vectors[positions]
        self._clear()
        self._working = self._thread.submit(self._write, gone, new, chunks, vectors)

    def _write(self, gone: list[int], new: list[int], chunks: list[Chunk], vectors: Vectors) -> None:
        self._index.delete(gone)
        self._index.add(new, chunks, vectors)

    def _wait(self) -> None:
        if self._working is not None:
            self._working.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        with self._thread, suppress(*(StoreError,) if kind else ()):  # what is raised already counts
            if self._vectors:
                self._hand_over()
            self._wait()
