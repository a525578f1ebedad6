from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from clara.types import (
    Answer,
    Citation,
    Option,
    Passage,
    Question,
    TraceStep,
    Usage,
    Verdict,
    labels_of,
    one_line,
    texts_by_letter,
    with_options,
)

QUESTION = Question("Which?", (Option("A", "one"), Option("B", "two")), "en", "7")


def test_question_gives_its_labels_and_option_texts() -> None:
    assert QUESTION.labels == ("A", "B")
    assert QUESTION.option_text("B") == "two"
    assert QUESTION.option_text("C") is None
    assert Question("Free?").labels == ()


def test_values_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        QUESTION.text = "other"  # type: ignore[misc]


def test_adding_usages_adds_every_field() -> None:
    total = Usage(1, 2, 3, 4, 5, 0.5) + Usage(10, 20, 30, 40, 50, 1.0)
    assert total == Usage(11, 22, 33, 44, 55, 1.5)


def test_answer_json_has_all_fields_rounded_and_is_json() -> None:
    answer = Answer(
        QUESTION,
        "en",
        "two",
        "two",
        label="B",
        confidence=0.123456,
        citations=(Citation("n#0", "Title", "Source", "words"),),
        verdict=Verdict(True, None, "why"),
        warnings=("no_model",),
        usage=Usage(seconds=1.23456),
        trace=(TraceStep("detect", 0.00012, {"language": "en"}),),
    )
    shape = json.loads(json.dumps(answer.to_json()))
    assert shape["confidence"] == 0.1235
    assert shape["options"] == {"A": "one", "B": "two"}
    assert shape["verdict"] == {
        "grounded": True,
        "answers_question": None,
        "reason": "why",
        "agrees": None,
        "contradiction": None,
        "flags": [],
    }
    assert shape["citations"] == [{"id": "n#0", "title": "Title", "source": "Source", "quote": "words"}]
    assert shape["usage"]["seconds"] == 1.2346
    assert shape["trace"] == [{"step": "detect", "seconds": 0.0001, "language": "en"}]
    assert shape["id"] == "7"


def test_missing_confidence_stays_null() -> None:
    assert Answer(QUESTION, "en", "", "").to_json()["confidence"] is None


def test_passage_json_shows_no_more_than_the_contract() -> None:
    shape = Passage("n#0", "T", "text", "S", "drug", 0.12345678).to_json()
    assert shape == {"id": "n#0", "title": "T", "source": "S", "kind": "drug", "score": 0.123457, "text": "text"}


def test_options_give_their_letters_their_texts_and_one_text_with_the_stem() -> None:
    options = (Option("B", "iris"), Option("A", "cornea"))
    assert labels_of(options) == ("B", "A")
    assert texts_by_letter(options) == {"B": "iris", "A": "cornea"}
    assert with_options("Which?", options) == "Which? iris cornea"
    assert with_options("Which?", ()) == "Which?"


@pytest.mark.parametrize(
    ("text", "line"),
    [("short", "short"), ("a\n\n b\tc", "a b c"), ("x" * 10, "x" * 10), ("x" * 11, "x" * 9 + "…"), ("", "")],
)
def test_a_text_on_one_line_is_cut_at_its_most(text: str, line: str) -> None:
    assert one_line(text, 10) == line
