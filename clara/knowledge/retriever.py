"""Hybrid search: dense and lexical lists of every wording, fused by weighted reciprocal rank, near-duplicates left out.

Reference for the fusion: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: score(d) = sum over lists of w / (60 + rank of d).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clara.config import Settings
from clara.knowledge.base import Query
from clara.knowledge.chunking import Chunk
from clara.knowledge.embedders import build_embedder
from clara.knowledge.store import KnowledgeBase
from clara.text import search_tokens
from clara.types import Passage

RRF = 60
"""The constant of reciprocal-rank fusion."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each list counts for."""

    dense: float = 1.0
    lexical: float = 1.6
    depth: int = 50
    """Passages taken from each list."""
    near_duplicate: float = 0.85
    """Share of common words (Jaccard) from which the lower-ranked of two passages is left out."""


class HybridRetriever:
    """Searches one or more knowledge bases that share an embedder.

    Concurrent searches share one Chroma call: while a worker thread searches, new ones queue up and go together.
    """

    def __init__(self, bases: Sequence[KnowledgeBase], weights: Weights | None = None) -> None:
        self.bases = tuple(bases)
        self.weights = weights or Weights()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="clara-search")
        self._waiting: list[tuple[Query, int, asyncio.Future[tuple[Passage, ...]]]] = []
        self._drainer: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> HybridRetriever:
        """The knowledge bases that the settings name.

        Raises:
            NoKnowledgeBase: one has not been built yet.
            EmbedderMismatch, StoreError: one cannot be opened.
        """
        embedder = build_embedder(settings)
        return cls([KnowledgeBase.open(settings, name, embedder) for name in settings.kb])

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """The best ``k`` passages, best first."""
        future: asyncio.Future[tuple[Passage, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append((query, k, future))
        if self._drainer is None or self._drainer.done():
            self._drainer = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        """Search for everything that waits, in one call after the other; its own task, so no asker's end stops it."""
        while self._waiting:
            batch, self._waiting = self._waiting, []
            queries = [(query, k) for query, k, _ in batch]
            work = asyncio.get_running_loop().run_in_executor(self._worker, self.search_batch, queries)
            await asyncio.wait([work])
            error = work.exception()
            for place, (_, _, future) in enumerate(batch):
                if future.done():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(work.result()[place])

    def search_batch(self, queries: Sequence[tuple[Query, int]]) -> list[tuple[Passage, ...]]:
        """Search for many queries at once; blocks, so call it from a worker thread."""
        texts = list(dict.fromkeys(text for query, _ in queries for text in query.texts))
        scores: list[dict[tuple[int, int], float]] = [{} for _ in queries]
        for number, base in enumerate(self.bases):
            lists = self._ranked(base, texts)
            for query, fused in zip(queries, scores, strict=True):
                _fuse(query[0], number, lists, fused)
        return [self._passages(query, k, fused) for (query, k), fused in zip(queries, scores, strict=True)]

    def _ranked(self, base: KnowledgeBase, texts: Sequence[str]) -> dict[str, list[tuple[float, list[int]]]]:
        """For each text its lists of passage numbers, each with the list's weight."""
        weights = self.weights
        lexical, numbers = base.lexical()
        nearest = base.nearest(texts, weights.depth) if weights.dense else [[] for _ in texts]
        ranked: dict[str, list[tuple[float, list[int]]]] = {}
        for text, dense in zip(texts, nearest, strict=True):
            lists = [(weights.dense, [passage for passage, score in dense if score > 0])]
            if weights.lexical:
                lists.append((weights.lexical, [numbers[i] for i, _ in lexical.top(text, weights.depth)]))
            ranked[text] = lists
        return ranked

    def _passages(self, query: Query, k: int, fused: Mapping[tuple[int, int], float]) -> tuple[Passage, ...]:
        order = sorted(fused, key=lambda place: (-fused[place], place))[: 4 * k + 10]
        chunks = {
            (base, number): chunk
            for base in range(len(self.bases))
            for number, chunk in self.bases[base].record.chunks([n for b, n in order if b == base])
        }
        weighted = sorted(
            (
                (fused[place] * query.kinds.get(chunks[place].document.kind, 1.0), place)
                for place in order
                if place in chunks
            ),
            key=lambda pair: (-pair[0], pair[1]),
        )
        kept: list[Passage] = []
        tokens: list[frozenset[str]] = []
        for score, place in weighted:
            mine = frozenset(search_tokens(chunks[place].text))
            if any(_jaccard(mine, other) >= self.weights.near_duplicate for other in tokens):
                continue
            tokens.append(mine)
            kept.append(_passage(chunks[place], score))
            if len(kept) == k:
                break
        return tuple(kept)

    def close(self) -> None:
        """Stop the worker and close the knowledge bases."""
        self._worker.shutdown()
        for base in self.bases:
            base.close()


def _fuse(
    query: Query,
    base: int,
    lists: Mapping[str, list[tuple[float, list[int]]]],
    fused: dict[tuple[int, int], float],
) -> None:
    weights = query.weights or tuple(1.0 for _ in query.texts)
    for text, wording in zip(query.texts, weights, strict=True):
        for weight, ranking in lists[text]:
            for rank, number in enumerate(ranking, 1):
                place = (base, number)
                fused[place] = fused.get(place, 0.0) + wording * weight / (RRF + rank)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def _passage(chunk: Chunk, score: float) -> Passage:
    document = chunk.document
    return Passage(
        id=chunk.id,
        title=document.title,
        text=chunk.text,
        source=document.source,
        kind=document.kind,
        score=score,
        language=document.language,
        section=chunk.section,
    )
