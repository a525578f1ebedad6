"""Hybrid search: dense and lexical lists of every wording, fused by weighted reciprocal rank, near-duplicates left out.

Reference for the fusion: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: score(d) = sum over lists of w / (k + rank of d).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from clara.config import Settings
from clara.knowledge.base import Query
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.embedding.build import build_embedder
from clara.knowledge.embedding.reranker import CrossEncoderReranker, Reranker
from clara.knowledge.index.store import KnowledgeBase
from clara.types import Passage

RRF = 20
"""The constant of reciprocal-rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who took 60); see :class:`Weights`."""
RERANKED = 3
"""Passages that a reranker reads for each that is shown."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each list counts for; ``benchmarks/retrieval.py --compare`` tries others."""

    dense: float = 1.0
    lexical: float = 1.3
    own_language: float = 0.7
    """Factor of the lists that hold only passages in the asker's language, where that is not English."""
    depth: int = 50
    """Passages taken from each list."""
    near_duplicate: float = 0.85
    """Share of common words (Jaccard) from which the lower-ranked of two passages is left out."""


DENSE_ONLY = Weights(lexical=0.0)
LEXICAL_ONLY = Weights(dense=0.0)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages may be found; an empty set allows all."""

    kinds: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()

    def where(self) -> dict[str, Any] | None:
        """As Chroma's metadata filter."""
        named = (("kind", self.kinds), ("language", self.languages))
        parts: list[dict[str, Any]] = [{field: {"$in": sorted(values)}} for field, values in named if values]
        return {"$and": parts} if len(parts) > 1 else parts[0] if parts else None


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One text to search for in one part of the knowledge base."""

    text: str
    filter: Filter


class HybridRetriever:
    """Searches one or more knowledge bases that share an embedder.

    Concurrent searches share one Chroma call: while a worker thread searches, new ones queue up and go together.
    """

    def __init__(
        self, bases: Sequence[KnowledgeBase], weights: Weights | None = None, reranker: Reranker | None = None
    ) -> None:
        self.bases = tuple(bases)
        self.weights = weights or Weights()
        self.reranker = reranker
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="clara-search")
        self._dense = ThreadPoolExecutor(1, thread_name_prefix="clara-dense")
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
        reranker = CrossEncoderReranker(settings.reranker) if settings.reranker else None
        with ExitStack() as opened:
            bases = [opened.enter_context(closing(KnowledgeBase.open(settings, name, embedder))) for name in settings.kb]
            opened.pop_all()
        return cls(bases, reranker=reranker)

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
        scores: list[dict[tuple[int, int], float]] = [{} for _ in queries]
        for number, base in enumerate(self.bases):
            lookups = [self._lookups(base, query) for query, _ in queries]
            lists = self._ranked(base, list(dict.fromkeys(lookup for row in lookups for lookup, _ in row)))
            for row, fused in zip(lookups, scores, strict=True):
                _fuse(row, number, lists, fused)
        return [self._best(query, k, fused) for (query, k), fused in zip(queries, scores, strict=True)]

    def _best(self, query: Query, k: int, fused: Mapping[tuple[int, int], float]) -> tuple[Passage, ...]:
        """The fused list's best, in the reranker's order if there is one; it reads ``RERANKED`` times as many."""
        if self.reranker is None:
            return self._passages(query, k, fused)
        found = self._passages(query, RERANKED * k, fused)
        scores = self.reranker.scores(query.texts[0], [f"{passage.title}. {passage.text}" for passage in found])
        order = sorted(zip(scores, found, strict=True), key=lambda pair: -pair[0])
        return tuple(replace(passage, score=score) for score, passage in order[:k])

    def _lookups(self, base: KnowledgeBase, query: Query) -> list[tuple[_Lookup, float]]:
        """What to search for in a knowledge base, with weights: each wording, and again among the asker's own language."""
        filters = [(Filter(query.only_kinds, query.only_languages), 1.0)]
        if query.language != "en" and not query.only_languages and query.language in base.words().languages:
            filters.append((Filter(query.only_kinds, frozenset({query.language})), self.weights.own_language))
        weights = query.weights or tuple(1.0 for _ in query.texts)
        return [
            (_Lookup(text, part), weight * factor)
            for text, weight in zip(query.texts, weights, strict=True)
            for part, factor in filters
        ]

    def _ranked(self, base: KnowledgeBase, lookups: Sequence[_Lookup]) -> dict[_Lookup, list[tuple[float, list[int]]]]:
        """For each lookup its lists of passage numbers, each with the list's weight; one Chroma call a filter.

        Chroma, or its server, works in a thread of its own while BM25 works in this one.
        """
        weights, words = self.weights, base.words()
        ranked: dict[_Lookup, list[tuple[float, list[int]]]] = {lookup: [] for lookup in lookups}
        for part in dict.fromkeys(lookup.filter for lookup in lookups):
            mine = [lookup for lookup in lookups if lookup.filter == part]
            texts = [lookup.text for lookup in mine]
            nearest = self._dense.submit(base.nearest, texts, weights.depth, part.where()) if weights.dense else None
            if weights.lexical:
                allowed = words.allowed(part.kinds, part.languages)
                for lookup in mine:
                    best = words.index.top(lookup.text, weights.depth, allowed)
                    ranked[lookup].append((weights.lexical, [words.numbers[position] for position, _ in best]))
            if nearest is not None:
                for lookup, found in zip(mine, nearest.result(), strict=True):
                    ranked[lookup].append((weights.dense, [passage for passage, score in found if score > 0]))
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
            mine = _shingles(chunks[place].text)
            if any(_jaccard(mine, other) >= self.weights.near_duplicate for other in tokens):
                continue
            tokens.append(mine)
            kept.append(_passage(chunks[place], score))
            if len(kept) == k:
                break
        return tuple(kept)

    def close(self) -> None:
        """Stop the threads and close the knowledge bases."""
        self._worker.shutdown()
        self._dense.shutdown()
        for base in self.bases:
            base.close()


def _fuse(
    lookups: Sequence[tuple[_Lookup, float]],
    base: int,
    lists: Mapping[_Lookup, list[tuple[float, list[int]]]],
    fused: dict[tuple[int, int], float],
) -> None:
    for lookup, factor in lookups:
        for weight, ranking in lists[lookup]:
            for rank, number in enumerate(ranking, 1):
                place = (base, number)
                fused[place] = fused.get(place, 0.0) + factor * weight / (RRF + rank)


def _shingles(text: str) -> frozenset[str]:
    """Words, or pairs of characters where a script does not part its words: enough to tell copies, and quick."""
    folded = text.casefold()
    parts = re.findall(r"\w+", folded)
    return frozenset(parts if 20 * len(parts) > len(text) else map("".join, pairwise(folded)))


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
