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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Ranking:
    """The documents found for one question, best first, with their languages."""

    documents: tuple[str, ...]
    languages: tuple[str, ...]


def rank(retriever: HybridRetriever, queries: Sequence[Query]) -> tuple[list[Ranking], float]:
    """The ranked documents of each query, and the mean milliseconds a query took, searched ``_BATCH`` at a time."""
    rankings: list[Ranking] = []
    begin = time.perf_counter()
    for at in range(0, len(queries), _BATCH):
        for passages in retriever.search_batch([(query, DEPTH) for query in queries[at : at + _BATCH]]):
            found: dict[str, str] = {}
            for passage in passages:
                found.setdefault(passage.id.rpartition("#")[0], passage.language)
            rankings.append(Ranking(tuple(found), tuple(found.values())))
    return rankings, 1000 * (time.perf_counter() - begin) / max(1, len(queries))


def labelled_metrics(questions: Sequence[Labelled], rankings: Sequence[Ranking]) -> dict[str, float]:
    """Recall@1, 5 and 10, MRR@10, nDCG@10 and Max@R, means over the questions."""
    rows: list[dict[str, float]] = []
    for question, ranking in zip(questions, rankings, strict=True):
        ranks = [place for place, document in enumerate(ranking.documents, 1) if document in question.relevant]
        lost = len(question.relevant) - len(ranks)
        row = {f"recall@{k}": sum(place <= k for place in ranks) / len(question.relevant) for k in (1, 5, 10)}
        row["mrr@10"] = 1 / ranks[0] if ranks and ranks[0] <= K else 0.0
        ideal = sum(1 / math.log2(place + 1) for place in range(1, min(K, len(question.relevant)) + 1))
        row["ndcg@10"] = sum(1 / math.log2(place + 1) for place in ranks if place <= K) / ideal
        row["max@r"] = float(DEPTH + 1 if lost else ranks[-1])
        rows.append(row)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def english_inclination(questions: Sequence[Labelled], rankings: Sequence[Ranking]) -> float | None:
    """Share of questions of other languages for which an irrelevant English document beats the relevant one of their own.

    Left out: English questions, and those for which no relevant document of their own language is among the found, also
    where an irrelevant English one is; how often that happens shows in recall. None where no question is left.
    """
    beaten: list[bool] = []
    for question, ranking in zip(questions, rankings, strict=True):
        if question.language == "en":
            continue
        places = list(zip(ranking.documents, ranking.languages, strict=True))
        own = [n for n, (name, code) in enumerate(places) if name in question.relevant and code == question.language]
        wrong = [n for n, (name, code) in enumerate(places) if name not in question.relevant and code == "en"]
        if own:
            beaten.append(bool(wrong) and wrong[0] < own[0])
    return float(np.mean(beaten)) if beaten else None


def overlap(ranking: Ranking, reference: Ranking, k: int = K) -> float:
    """Share of the reference's first ``k`` documents that the ranking's first ``k`` hold; 1 where the reference is empty."""
    wanted = set(reference.documents[:k])
    return len(wanted & set(ranking.documents[:k])) / len(wanted) if wanted else 1.0


def furthest(ranking: Ranking, reference: Ranking, k: int = K) -> int | None:
    """The rank at which the last of the reference's first ``k`` documents is found; None where the reference is empty.

    A document that is not found has the rank DEPTH + 1.
    """
    places = {name: place for place, name in enumerate(ranking.documents, 1)}
    return max((places.get(document, DEPTH + 1) for document in reference.documents[:k]), default=None)


def rank_spread(rankings: Mapping[str, Ranking], k: int = K) -> tuple[float, float]:
    """Standard deviation and variance of the ranks of the documents in any language's first ``k``, means over them.

    A document that a language does not find has the rank DEPTH + 1.
    """
    documents = {document for ranking in rankings.values() for document in ranking.documents[:k]}
    if not documents:
        return 0.0, 0.0
    places = [{name: place for place, name in enumerate(ranking.documents, 1)} for ranking in rankings.values()]
    table = np.array([[place.get(document, DEPTH + 1) for place in places] for document in documents], dtype=float)
    return float(table.std(axis=1).mean()), float(table.var(axis=1).mean())


def evaluate_labelled(retriever: HybridRetriever, questions: Sequence[Labelled], ask: Ask) -> dict[str, Any]:
    """The labelled measures, all together and for each language, with the time a query took."""
    rankings, spent = rank(retriever, [ask(question.text, question.language) for question in questions])
    result: dict[str, Any] = {"n_queries": len(questions), **labelled_metrics(questions, rankings), "ms_per_query": spent}
    codes = sorted({question.language for question in questions})
    if len(codes) > 1:
        chosen = {code: [n for n, question in enumerate(questions) if question.language == code] for code in codes}
        result["languages"] = {
            code: {"n": len(at), **labelled_metrics([questions[n] for n in at], [rankings[n] for n in at])}
            for code, at in chosen.items()
        }
    if (inclination := english_inclination(questions, rankings)) is not None:
        result["english_inclination"] = inclination
    return result


def evaluate_parallel(retriever: HybridRetriever, questions: Sequence[Parallel], ask: Ask) -> dict[str, Any]:
    """For each language: overlap@10, Max@R and rank spread against the English ranking; the spread over all languages."""
    asked = [(question.id, code, text) for question in questions for code, text in question.texts.items()]
    found, spent = rank(retriever, [ask(text, code) for _, code, text in asked])
    by_question: dict[str, dict[str, Ranking]] = {}
    for (name, code, _), ranking in zip(asked, found, strict=True):
        by_question.setdefault(name, {})[code] = ranking
    languages: dict[str, dict[str, float]] = {}
    for code in dict.fromkeys(code for _, code, _ in asked):
        pairs = [(r[code], r["en"]) for r in by_question.values() if code in r and "en" in r]
        spreads = [rank_spread({"own": own, "english": english}) for own, english in pairs]
        languages[code] = {
            "n": len(pairs),
            "overlap@10": _mean([overlap(own, english) for own, english in pairs]),
            "max@r": _mean([last for own, english in pairs if (last := furthest(own, english)) is not None]),
            "rank_spread": _mean([deviation for deviation, _ in spreads]),
            "rank_variance": _mean([variance for _, variance in spreads]),
        }
    spreads = [rank_spread(rankings) for rankings in by_question.values()]
    return {
        "n_queries": len(asked),
        "languages": languages,
        "rank_spread": _mean([deviation for deviation, _ in spreads]),
        "rank_variance": _mean([variance for _, variance in spreads]),
        "ms_per_query": spent,
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan
