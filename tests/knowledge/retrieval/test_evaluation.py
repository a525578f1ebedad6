"""The measures against values worked out by hand from their definitions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from clara.knowledge.base import Query
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.retrieval.evaluation import (
    DEPTH,
    Labelled,
    Parallel,
    Ranking,
    english_inclination,
    evaluate_labelled,
    evaluate_parallel,
    furthest,
    labelled_metrics,
    overlap,
    rank,
    rank_spread,
)
from clara.knowledge.retrieval.retriever import HybridRetriever
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder, document


def ranking(documents: str, languages: str = "") -> Ranking:
    """One letter a document; one letter a language (e, s) or all English."""
    codes = {"e": "en", "s": "es"}
    return Ranking(tuple(documents), tuple(codes[code] for code in languages) or ("en",) * len(documents))


def wanted(documents: str, language: str = "en") -> Labelled:
    return Labelled("?", frozenset(documents), language)


def metrics(question: Labelled, found: Ranking) -> dict[str, float]:
    return labelled_metrics([question], [found])


def test_one_relevant_document_at_the_third_place() -> None:
    figures = metrics(wanted("c"), ranking("abcdef"))
    assert (figures["recall@1"], figures["recall@5"], figures["recall@10"]) == (0, 1, 1)
    assert figures["mrr@10"] == pytest.approx(1 / 3)
    assert figures["ndcg@10"] == pytest.approx(1 / math.log2(4))
    assert figures["max@r"] == 3


def test_several_relevant_documents() -> None:
    figures = metrics(wanted("bdz"), ranking("abcdefghijkz"))
    assert figures["recall@5"] == pytest.approx(2 / 3)
    assert figures["recall@10"] == pytest.approx(2 / 3)
    assert figures["mrr@10"] == pytest.approx(1 / 2)
    gain = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert figures["ndcg@10"] == pytest.approx(gain / ideal)
    assert figures["max@r"] == 12


def test_ideal_gain_counts_no_more_than_ten_documents() -> None:
    relevant = "abcdefghijklmn"
    assert metrics(wanted(relevant), ranking(relevant))["ndcg@10"] == pytest.approx(1)


def test_a_perfect_order_is_one_everywhere() -> None:
    figures = metrics(wanted("a"), ranking("abc"))
    assert [figures[name] for name in ("recall@1", "mrr@10", "ndcg@10", "max@r")] == [1, 1, 1, 1]


def test_a_document_beyond_the_tenth_place_counts_for_max_at_r_only() -> None:
    figures = metrics(wanted("k"), ranking("abcdefghijkl"))
    assert (figures["recall@10"], figures["mrr@10"], figures["ndcg@10"], figures["max@r"]) == (0, 0, 0, 11)


@pytest.mark.parametrize("found", ["", "abc", "xbc"])
def test_a_lost_document_has_the_rank_below_the_depth(found: str) -> None:
    assert metrics(wanted("xy"), ranking(found))["max@r"] == DEPTH + 1


def test_figures_are_means_over_the_questions() -> None:
    figures = labelled_metrics([wanted("a"), wanted("b"), wanted("z")], [ranking("abc")] * 3)
    assert figures["mrr@10"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert figures["recall@1"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("own", "reference", "k", "share"),
    [("abcd", "abcd", 4, 1), ("dcba", "abcd", 4, 1), ("abxy", "abcd", 4, 0.5), ("abcd", "xb", 10, 0.5), ("a", "", 10, 1)],
)
def test_overlap_is_the_share_of_the_references_first(own: str, reference: str, k: int, share: float) -> None:
    assert overlap(ranking(own), ranking(reference), k) == share


@pytest.mark.parametrize(
    ("own", "english", "k", "place"),
    [
        ("abcd", "abcd", 2, 2),
        ("dcba", "abcd", 2, 4),  # a and b are wanted; a is found last
        ("abx", "abc", 3, DEPTH + 1),  # c is lost
        ("abx", "abc", 2, 2),
        ("", "abc", 3, DEPTH + 1),
        ("abc", "", 3, None),
    ],
)
def test_furthest_is_the_rank_of_the_last_passage_that_english_finds_first(
    own: str, english: str, k: int, place: int | None
) -> None:
    assert furthest(ranking(own), ranking(english), k) == place


def test_rank_spread_of_one_document_is_the_population_deviation_of_its_ranks() -> None:
    deviation, variance = rank_spread([ranking("a"), ranking("a"), ranking("a")])
    assert (deviation, variance) == (0, 0)
    rankings = {"en": ranking("ab"), "es": ranking("ba"), "zh": ranking("c")}
    lost = DEPTH + 1
    places = {"a": [1, 2, lost], "b": [2, 1, lost], "c": [lost, lost, 1]}
    deviation, variance = rank_spread(rankings.values())
    assert deviation == pytest.approx(statistics.mean(statistics.pstdev(ranks) for ranks in places.values()))
    assert variance == pytest.approx(statistics.mean(statistics.pvariance(ranks) for ranks in places.values()))


def test_rank_spread_looks_at_documents_of_any_languages_first_k() -> None:
    rankings = {"en": ranking("ab"), "es": ranking("ca")}
    deviation, _ = rank_spread(rankings.values(), k=1)
    assert deviation == pytest.approx(
        statistics.mean([statistics.pstdev([1, 2]), statistics.pstdev([DEPTH + 1, 1])])
    )  # a, c


def test_nothing_found_anywhere_has_no_spread() -> None:
    assert rank_spread([ranking(""), ranking("")]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("documents", "languages", "share"),
    [
        ("xa", "es", 1.0),  # an irrelevant English document before the relevant Spanish one
        ("ax", "se", 0.0),
        ("xa", "ss", 0.0),  # irrelevant, but in the asker's language
        ("ba", "es", 0.0),  # English, but relevant
        ("xy", "ee", None),  # no relevant document of the asker's language was found
    ],
)
def test_english_inclination(documents: str, languages: str, share: float | None) -> None:
    assert english_inclination([wanted("ab", "es")], [ranking(documents, languages)]) == share


def test_english_inclination_is_a_share_and_leaves_english_questions_out() -> None:
    questions = [wanted("a", "es"), wanted("a", "es"), wanted("a", "en")]
    rankings = [ranking("xa", "es"), ranking("ax", "se"), ranking("xa", "ee")]
    assert english_inclination(questions, rankings) == 0.5


@pytest.fixture
def retriever(tmp_path: Path) -> Iterator[HybridRetriever]:
    base = KnowledgeBase(tmp_path / "kb" / "small", HashEmbedder(), create=True)
    long = " ".join(f"The choroid feeds the outer retina, fact {n}." for n in range(120))
    base.add(
        [CORNEA, LENS, GLAUCOMA, document("choroid", long), document("esclera", "La esclera es blanca.", language="es")]
    )
    opened = HybridRetriever([base])
    yield opened
    opened.close()


def ask(text: str, code: str) -> Query:
    return Query((text,), language=code)


def test_passages_of_a_document_count_once_at_its_best_rank(retriever: HybridRetriever) -> None:
    assert retriever.bases[0].record.counts()["passages"] > 5
    [found], spent = rank(retriever, [Query(("choroid feeds the retina",))])
    assert found.documents[0] == "choroid"
    assert len(set(found.documents)) == len(found.documents) == len(found.languages)
    assert spent > 0


def test_labelled_questions_of_several_languages_are_shown_apart(retriever: HybridRetriever) -> None:
    questions = [
        Labelled("clear window cornea", frozenset({"cornea"})),
        Labelled("lens focuses light", frozenset({"nothing"})),
        Labelled("esclera blanca", frozenset({"esclera"}), "es"),
    ]
    result = evaluate_labelled(retriever, questions, ask)
    assert result["n_queries"] == 3
    assert result["recall@1"] == pytest.approx(2 / 3)
    assert result["languages"]["en"]["recall@1"] == 0.5
    assert (result["languages"]["es"]["n"], result["languages"]["es"]["recall@1"]) == (1, 1)
    assert result["english_inclination"] == 0


def test_questions_of_one_language_have_no_table(retriever: HybridRetriever) -> None:
    result = evaluate_labelled(retriever, [Labelled("cornea", frozenset({"cornea"}))], ask)
    assert not {"languages", "english_inclination"} & set(result)


def test_parallel_questions_are_compared_with_english(retriever: HybridRetriever) -> None:
    same, other = "clear window cornea", "damages optic nerve glaucoma"
    questions = [Parallel("1", {"en": same, "es": same, "fr": other}), Parallel("2", {"en": other, "es": other})]
    result = evaluate_parallel(retriever, questions, lambda text, _code: Query((text,)))
    assert result["n_queries"] == 5
    assert (result["languages"]["es"]["n"], result["languages"]["fr"]["n"]) == (2, 1)
    assert result["languages"]["es"]["overlap@10"] == 1
    assert result["languages"]["es"]["rank_spread"] == 0
    assert result["languages"]["fr"]["rank_spread"] > 0
    found = {text: rank(retriever, [Query((text,))])[0][0] for text in (same, other)}
    ends = [min(10, len(found[text].documents)) for text in (same, other)]
    assert result["languages"]["en"]["max@r"] == result["languages"]["es"]["max@r"] == statistics.mean(ends)
    assert result["languages"]["fr"]["max@r"] == furthest(found[other], found[same])
    assert result["rank_variance"] > 0


def test_parallel_questions_without_english_have_no_overlap(retriever: HybridRetriever) -> None:
    result = evaluate_parallel(retriever, [Parallel("1", {"es": "esclera", "fr": "choroid"})], ask)
    assert result["languages"]["es"]["n"] == 0
    assert math.isnan(result["languages"]["es"]["overlap@10"])
    assert math.isnan(result["languages"]["es"]["max@r"])
    assert not math.isnan(result["rank_spread"])
