"""Classes of answers and recorded responses, free-text scores, and the published figures out of the raw responses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clara.bench.figures.published import read_published
from clara.bench.scoring.scoring import free_text_score, letter_outcome, outcome, rescore, response_outcome, token_f1
from clara.types import Answer, Option, Question

DATA = Path(__file__).parents[4] / "shared" / "data" / "multi_ophthalingua"
OPTIONS = (Option("A", "Lens"), Option("B", "Iris"))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("b", "correct"),
        ("c", "wrong"),
        ("error", "no_response"),
        (" ", "no_response"),
        ("who knows", "unparsed"),
        ("None of the above", "unparsed"),
        ("I don't know", "abstained"),
    ],
)
def test_response_outcome(text: str, result: str) -> None:
    assert response_outcome(text, "B") == result


def test_the_text_of_an_option_counts_where_the_options_are_known() -> None:
    assert response_outcome("Iris", "B", OPTIONS) == "correct"
    assert response_outcome("Iris", "B") == "unparsed"
    assert response_outcome("C", "B", OPTIONS) == "unparsed"


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"label": "B"}, "correct"),
        ({"label": "C"}, "wrong"),
        ({"label": "B", "abstained": True}, "abstained"),
        ({"failure": "unparsed"}, "unparsed"),
        ({"failure": "no_response"}, "no_response"),
        ({}, "unparsed"),
    ],
)
def test_outcome(fields: dict[str, Any], result: str) -> None:
    assert outcome(Answer(Question("?"), "en", "", "", **fields), "B") == result


@pytest.mark.parametrize(
    ("letters", "gold", "result"),
    [
        ("A", "A|C", "correct"),
        ("C", "A|C", "correct"),
        ("B", "A|C", "wrong"),
        ("A", "ACE", "wrong"),
        ("EAC", "ACE", "correct"),
        ("ACDE", "ACE", "wrong"),
    ],
)
def test_several_gold_letters(letters: str, gold: str, result: str) -> None:
    assert letter_outcome(letters, gold) == result


@pytest.mark.parametrize(
    ("text", "reference", "f1"),
    [
        ("The Lens!", "lens", 1.0),
        ("cornea and lens", "lens", 0.5),
        ("iris", "lens", 0.0),
        ("retina, retina", "retina", 2 / 3),
        ("睫状体产生房水", "睫状体", 0.6),
        ("", "lens", 0.0),
    ],
)
def test_token_f1(text: str, reference: str, f1: float) -> None:
    assert token_f1(text, reference) == pytest.approx(f1)


def test_free_text_takes_the_best_reference() -> None:
    references = ("posterior capsule opacification", "after-cataract")
    assert free_text_score("After cataract.", references) == 1.0
    assert free_text_score("opacification of the capsule", references) == pytest.approx(2 * 2 / (3 + 3))
    assert free_text_score("nothing", ()) == 0.0
    said = Answer(Question("?"), "en", "Posterior capsule opacification", "")
    assert outcome(said, "", references) == "correct"
    assert outcome(Answer(Question("?"), "en", "glaucoma", ""), "", references) == "wrong"
    assert outcome(Answer(Question("?"), "en", "", ""), "", references) == "unparsed"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"outcome": "correct", "label": "B", "gold": "B"}, ("correct", "B", 1.0)),
        ({"outcome": "wrong", "label": "B", "gold": ["A", "B"]}, ("correct", "B", 1.0)),
        ({"outcome": "wrong", "label": "B", "gold": "A,B"}, ("correct", "B", 1.0)),
        ({"outcome": "unparsed", "label": None, "gold": "B", "reply": "Die Antwort ist B."}, ("correct", "B", 1.0)),
        ({"outcome": "unparsed", "label": None, "gold": "B"}, ("unparsed", None, 0.0)),
        ({"outcome": "no_response", "label": None, "gold": "B", "reply": ""}, ("no_response", None, 0.0)),
        ({"outcome": "abstained", "label": "B", "gold": "B"}, ("abstained", "B", 0.0)),
        (
            {
                "outcome": "unparsed",
                "label": None,
                "gold": "B",
                "reply": "The iris.",
                "answer": {"options": {"A": "Lens", "B": "Iris"}},
            },
            ("correct", "B", 1.0),
        ),
        (
            {"outcome": "wrong", "label": None, "gold": "", "references": ["the iris"], "answer": {"answer": "Iris"}},
            ("correct", None, 1.0),
        ),
    ],
)
def test_rescore_needs_no_model(record: dict[str, Any], expected: tuple[str, str | None, float]) -> None:
    assert rescore(record) == expected


@pytest.mark.skipif(not DATA.is_dir(), reason="the published responses are not here (../shared/data)")
def test_the_accuracies_of_the_paper_come_out_of_the_raw_responses() -> None:
    runs = {run.name: run.records for run in read_published(DATA / "published_responses.csv", DATA / "answers.csv")}
    assert len(runs) == 9
    figures = {"gpt-4": (63.4, 51.8), "Qwen2-72B-Instruct": (58.5, 49.4), "Llama-3-70b-chat-hf": (57.3, 43.3)}
    for model, expected in figures.items():
        correct = Counter(r["language"] for r in runs[model] if r["outcome"] == "correct")
        assert tuple(round(100 * correct[language] / 164, 1) for language in ("english", "tagalog")) == expected
    outcomes = Counter(record["outcome"] for records in runs.values() for record in records)
    assert outcomes.total() == 10332
    assert outcomes["no_response"] == 13
    assert outcomes["correct"] + outcomes["wrong"] == 10311
