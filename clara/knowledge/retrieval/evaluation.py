"""How good the retrieval is: with relevance labels, and, on parallel questions, with none.

Labelled measures (the passages of a document count once, at its best rank): recall@k, the share of the relevant documents
among the first k; MRR@k, the mean of 1 / rank of the first relevant one (0 beyond k); nDCG@k with binary gains (Järvelin and
Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002); Max@R, the rank at which the last relevant
document is found, which tells how far apart the versions of a document in several languages end up (after arXiv 2604.05684;
a document that is not found counts as one rank below the depth, DEPTH + 1).

Measures without labels, for the same question in several languages: overlap@k, the share of the first k documents that the
English question's first k hold too; Max@R, the rank at which the last of the English question's first k documents is found;
rank spread, the standard deviation and the variance of a document's rank over the languages, averaged over the documents of
any language's first k and over the questions.

English inclination: of the questions in another language that have a relevant document in their own, the share for which an
irrelevant English document comes first.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from clara.knowledge.base import Query
from clara.knowledge.retrieval.retriever import HybridRetriever

DEPTH = 50
"""Passages that are ranked for every question."""
K = 10
_BATCH = 64

Ask = Callable[[str, str], Query]
"""Builds the query of a text in a language."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with the ids of the documents that answer it."""

    text: str
    relevant: frozenset[str]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Parallel:
    """One question in several languages: language code to text."""

    id: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Ranking:
    """The documents found for one question, best first, with their languages."""

    documents: tuple[str, ...]
    languages: tuple[str, ...]

    @cached_property
    def places(self) -> dict[str, int]:
        """Document to its rank, from 1."""
        return {document: place for place, document in enumerate(self.documents, 1)}

    def place(self, document: str) -> int:
        """The rank of a document, from 1; DEPTH + 1 where it is not found."""
        return self.places.get(document, DEPTH + 1)


def rank(retriever: HybridRetriever, queries: Sequence[Query]) -> tuple[list[Ranking], float]:
    """The ranked documents of each query, and the mean milliseconds a query took, searched ``_BATCH`` at a time."""
    rankings: list[Ranking] = []
    begin = time.perf_counter()
    for at in range(0, len(queries), _BATCH):
        for passages in retriever.search_batch([(query, DEPTH) for query in queries[at : at + _BATCH]]):
            languages: dict[str, str] = {}
            for passage in passages:
                languages.setdefault(passage.id.rpartition("#")[0], passage.language)
            rankings.append(Ranking(tuple(languages), tuple(languages.values())))
    return rankings, 1000 * (time.perf_counter() - begin) / max(1, len(queries))


def labelled_metrics(questions: Sequence[Labelled], rankings: Sequence[Ranking]) -> dict[str, float]:
    """Recall@1, 5 and 10, MRR@10, nDCG@10 and Max@R, means over the questions."""
    rows = list(map(_measures, questions, rankings))
    return {name: _mean([row[name] for row in rows]) for name in rows[0]}


def _measures(question: Labelled, ranking: Ranking) -> dict[str, float]:
    """The labelled measures of one question."""
    relevant = sorted(ranking.place(document) for document in question.relevant)
    gains = [1 / math.log2(place + 1) for place in range(1, K + 1)]
    first = relevant[0]
    measures = {f"recall@{k}": bisect_right(relevant, k) / len(relevant) for k in (1, 5, 10)}
    measures["mrr@10"] = 1 / first if first <= K else 0.0
    measures["ndcg@10"] = sum(gains[place - 1] for place in relevant if place <= K) / sum(gains[: len(relevant)])
    measures["max@r"] = float(relevant[-1])
    return measures


def english_inclination(questions: Sequence[Labelled], rankings: Sequence[Ranking]) -> float | None:
    """Share of questions of other languages for which an irrelevant English document beats the relevant one of their own.

    Left out: English questions, and those for which no relevant document of their own language is among the found, also
    where an irrelevant English one is; how often that happens shows in recall. None where no question is left.
    """
    beaten: list[bool] = []
    for question, ranking in zip(questions, rankings, strict=True):
        if question.language == "en":
            continue
        saw_irrelevant_english = False
        for document, language in zip(ranking.documents, ranking.languages, strict=True):
            is_relevant = document in question.relevant
            if is_relevant and language == question.language:
                beaten.append(saw_irrelevant_english)
                break
            if not is_relevant and language == "en":
                saw_irrelevant_english = True
    return float(np.mean(beaten)) if beaten else None


def overlap(ranking: Ranking, reference: Ranking, k: int = K) -> float:
    """Share of the reference's first ``k`` documents that the ranking's first ``k`` hold; 1 where the reference is empty."""
    expected = set(reference.documents[:k])
    if not expected:
        return 1.0
    return len(expected.intersection(ranking.documents[:k])) / len(expected)


def furthest(ranking: Ranking, reference: Ranking, k: int = K) -> int | None:
    """The rank at which the last of the reference's first ``k`` documents is found; None where the reference is empty.

    A document that is not found has the rank DEPTH + 1.
    """
    return max(map(ranking.place, reference.documents[:k]), default=None)


def rank_spread(rankings: Collection[Ranking], k: int = K) -> tuple[float, float]:
    """Standard deviation and variance of the ranks of the documents in any ranking's first ``k``, means over them.

    A document that a ranking does not hold has the rank DEPTH + 1.
    """
    documents: set[str] = set()
    for ranking in rankings:
        documents.update(ranking.documents[:k])
    if not documents:
        return 0.0, 0.0
    table = np.array([list(map(ranking.place, documents)) for ranking in rankings], dtype=float)
    return float(table.std(axis=0).mean()), float(table.var(axis=0).mean())


def evaluate_labelled(retriever: HybridRetriever, questions: Sequence[Labelled], ask: Ask) -> dict[str, Any]:
    """The labelled measures, all together and for each language, with the time a query took."""
    rankings, spent = rank(retriever, [ask(question.text, question.language) for question in questions])
    result: dict[str, Any] = {"n_queries": len(questions), **labelled_metrics(questions, rankings), "ms_per_query": spent}
    by_language: dict[str, list[tuple[Labelled, Ranking]]] = {}
    for question, ranking in zip(questions, rankings, strict=True):
        by_language.setdefault(question.language, []).append((question, ranking))
    if len(by_language) > 1:
        languages: dict[str, Any] = {}
        for code, pairs in sorted(by_language.items()):
            own_questions, own_rankings = zip(*pairs, strict=True)
            languages[code] = {"n": len(pairs), **labelled_metrics(own_questions, own_rankings)}
        result["languages"] = languages
    inclination = english_inclination(questions, rankings)
    if inclination is not None:
        result["english_inclination"] = inclination
    return result


def evaluate_parallel(retriever: HybridRetriever, questions: Sequence[Parallel], ask: Ask) -> dict[str, Any]:
    """For each language: overlap@10, Max@R and rank spread against the English ranking; the spread over all languages."""
    keys: list[tuple[str, str]] = []
    queries: list[Query] = []
    for question in questions:
        for code, text in question.texts.items():
            keys.append((question.id, code))
            queries.append(ask(text, code))
    rankings, spent = rank(retriever, queries)
    by_question: dict[str, dict[str, Ranking]] = {}
    for (name, code), ranking in zip(keys, rankings, strict=True):
        by_question.setdefault(name, {})[code] = ranking
    pairs: dict[str, list[tuple[Ranking, Ranking]]] = {code: [] for _, code in keys}
    spreads: list[tuple[float, float]] = []
    for versions in by_question.values():
        spreads.append(rank_spread(versions.values()))
        english = versions.get("en")
        if english is not None:
            for code, own in versions.items():
                pairs[code].append((own, english))
    return {
        "n_queries": len(queries),
        "languages": {code: _against_english(pairs_of_language) for code, pairs_of_language in pairs.items()},
        **_spread_means(spreads),
        "ms_per_query": spent,
    }


def _against_english(pairs: Sequence[tuple[Ranking, Ranking]]) -> dict[str, float]:
    """The measures without labels of one language: pairs of its ranking and the English one of the same question."""
    last_ranks = (furthest(own, english) for own, english in pairs)
    return {
        "n": len(pairs),
        "overlap@10": _mean([overlap(own, english) for own, english in pairs]),
        "max@r": _mean([last for last in last_ranks if last is not None]),
        **_spread_means([rank_spread(pair) for pair in pairs]),
    }


def _spread_means(spreads: Sequence[tuple[float, float]]) -> dict[str, float]:
    return {
        "rank_spread": _mean([deviation for deviation, _ in spreads]),
        "rank_variance": _mean([variance for _, variance in spreads]),
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
