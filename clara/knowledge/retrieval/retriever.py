"""Hybrid search: dense and lexical lists of every wording, fused by weighted reciprocal rank, near-duplicates left out.

Reference for the fusion: Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009: score(d) = sum over lists of w / (k + rank of d).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain, pairwise

from clara.config import Settings
from clara.knowledge.base import Query
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.embedding.build import build_embedder
from clara.knowledge.embedding.reranker import CrossEncoderReranker, Reranker
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.shipped import ensure_shipped, open_base
from clara.runtime.batching import Batcher
from clara.types import Passage

RRF = 20
"""The constant of reciprocal-rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, who took 60); see :class:`Weights`."""
_PAGE = re.compile(r"Page \d+")
"""Section of a PDF: its citations name the page."""
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


Place = tuple[int, int]
"""Number of a knowledge base, and of a passage in it."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One text to search for, among all passages or among those in one language."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Passage numbers, best first, and what the list counts for."""

    weight: float
    numbers: list[int]


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
        self._batcher = Batcher(self.search_batch, self._worker)

    @classmethod
    def from_settings(cls, settings: Settings) -> HybridRetriever:
        """The knowledge bases that the settings name.

        Raises:
            NoKnowledgeBase: one has not been built yet; the one that ships is built here.
            EmbedderMismatch, StoreError: one cannot be opened.
        """
        ensure_shipped(settings)
        embedder = build_embedder(settings)
        reranker = CrossEncoderReranker(settings.reranker) if settings.reranker else None
        with ExitStack() as opened:
            bases = [opened.enter_context(closing(open_base(settings, name, embedder))) for name in settings.kb]
            opened.pop_all()
        return cls(bases, reranker=reranker)

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """The best ``k`` passages, best first."""
        return await self._batcher.submit((query, k))

    def search_batch(self, queries: Sequence[tuple[Query, int]]) -> list[tuple[Passage, ...]]:
        """Search for many queries at once; blocks, so call it from a worker thread."""
        scores: list[dict[Place, float]] = [{} for _ in queries]
        for number, base in enumerate(self.bases):
            lookups = [self._lookups(base, query) for query, _ in queries]
            rankings = self._rankings(base, lookups)
            for weighted, fused in zip(lookups, scores, strict=True):
                _fuse(weighted, number, rankings, fused)
        return [self._best(query, k, fused) for (query, k), fused in zip(queries, scores, strict=True)]

    def _best(self, query: Query, k: int, fused: Mapping[Place, float]) -> tuple[Passage, ...]:
        """The fused list's best, in the reranker's order if there is one; it reads ``RERANKED`` times as many."""
        if self.reranker is None:
            return self._passages(query, k, fused)
        passages = self._passages(query, RERANKED * k, fused)
        scores = self.reranker.scores(query.texts[0], [f"{passage.title}. {passage.text}" for passage in passages])
        scored = [replace(passage, score=score) for passage, score in zip(passages, scores, strict=True)]
        scored.sort(key=lambda passage: -passage.score)
        return tuple(scored[:k])

    def _lookups(self, base: KnowledgeBase, query: Query) -> list[tuple[_Lookup, float]]:
        """What to search for in a knowledge base, with weights: each wording, and again among the asker's own language."""
        weights = query.weights or (1.0,) * len(query.texts)
        has_own_list = query.language != "en" and query.language in base.postings().languages
        lookups: list[tuple[_Lookup, float]] = []
        for text, weight in zip(query.texts, weights, strict=True):
            lookups.append((_Lookup(text), weight))
            if has_own_list:
                lookups.append((_Lookup(text, query.language), weight * self.weights.own_language))
        return lookups

    def _rankings(
        self, base: KnowledgeBase, lookups: Iterable[Sequence[tuple[_Lookup, float]]]
    ) -> dict[_Lookup, list[_Ranking]]:
        """The lists of each lookup; one Chroma call a language.

        Chroma, or its server, works in a thread of its own while BM25 works in this one.
        """
        rankings: dict[_Lookup, list[_Ranking]] = {}
        by_language: dict[str | None, list[_Lookup]] = {}
        for lookup, _ in chain.from_iterable(lookups):
            if lookup not in rankings:
                rankings[lookup] = []
                by_language.setdefault(lookup.language, []).append(lookup)
        weights, postings = self.weights, base.postings()
        for language, group in by_language.items():
            texts = [lookup.text for lookup in group]
            nearest = self._dense.submit(base.nearest, texts, weights.depth, language) if weights.dense else None
            if weights.lexical:
                for lookup in group:
                    numbers = postings.top(lookup.text, weights.depth, language)
                    rankings[lookup].append(_Ranking(weights.lexical, numbers))
            if nearest is not None:
                for lookup, hits in zip(group, nearest.result(), strict=True):
                    numbers = [number for number, similarity in hits if similarity > 0]
                    rankings[lookup].append(_Ranking(weights.dense, numbers))
        return rankings

    def _passages(self, query: Query, k: int, fused: Mapping[Place, float]) -> tuple[Passage, ...]:
        """The best by fused score and weight of their kind, near-duplicates of better ones left out."""
        order = sorted(fused, key=lambda place: (-fused[place], place))[: 4 * k + 10]
        chunks = self._chunks(order)
        weighted: list[tuple[float, Place]] = []
        for place in order:
            if place in chunks:  # another process may have removed it since the indexes were read
                kind_weight = query.kinds.get(chunks[place].document.kind, 1.0)
                weighted.append((fused[place] * kind_weight, place))
        weighted.sort(key=lambda pair: (-pair[0], pair[1]))
        passages: list[Passage] = []
        shown: list[frozenset[str]] = []
        for score, place in weighted:
            shingles = _shingles(chunks[place].text)
            if any(_jaccard(shingles, other) >= self.weights.near_duplicate for other in shown):
                continue
            shown.append(shingles)
            passages.append(_passage(chunks[place], score))
            if len(passages) == k:
                break
        return tuple(passages)

    def _chunks(self, places: Sequence[Place]) -> dict[Place, Chunk]:
        chunks: dict[Place, Chunk] = {}
        for number, base in enumerate(self.bases):
            passages = [passage for base_number, passage in places if base_number == number]
            for passage, chunk in base.record.chunks(passages):
                chunks[number, passage] = chunk
        return chunks

    def close(self) -> None:
        """Stop the threads and close the knowledge bases."""
        self._worker.shutdown()
        self._dense.shutdown()
        for base in self.bases:
            base.close()


def _fuse(
    lookups: Sequence[tuple[_Lookup, float]],
    base: int,
    rankings: Mapping[_Lookup, list[_Ranking]],
    fused: dict[Place, float],
) -> None:
    """Add the reciprocal ranks of a query's lookups in one knowledge base to its fused scores."""
    for lookup, factor in lookups:
        for ranking in rankings[lookup]:
            for rank, number in enumerate(ranking.numbers, 1):
                place = (base, number)
                fused[place] = fused.get(place, 0.0) + factor * ranking.weight / (RRF + rank)


def _shingles(text: str) -> frozenset[str]:
    """Words, or pairs of characters where a script does not part its words: enough to tell copies, and quick."""
    folded = text.casefold()
    parts = re.findall(r"\w+", folded)
    if 20 * len(parts) <= len(text):
        parts = map("".join, pairwise(folded))
    return frozenset(parts)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    union = len(a | b)
    return len(a & b) / union if union else 1.0


def _passage(chunk: Chunk, score: float) -> Passage:
    document = chunk.document
    source = document.source
    if _PAGE.fullmatch(chunk.section):
        source = f"{source}, {chunk.section.lower()}"
    return Passage(
        id=chunk.id,
        title=document.title,
        text=chunk.text,
        source=source,
        kind=document.kind,
        score=score,
        language=document.language,
        section=chunk.section,
    )
