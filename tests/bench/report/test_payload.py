"""The data of the question browser: what each block holds, unpacked."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from clara.bench.figures.runs import Run
from clara.bench.report.payload import blocks, printable


def record(question: int, language: str, letter: str | None, **more: Any) -> dict[str, Any]:
    outcome = "abstained" if letter is None else "correct" if letter == "A" else "wrong"
    return {"id": str(question), "language": language, "gold": "A", "label": letter, "outcome": outcome} | more


def unpacked(*records: dict[str, Any], flagged: dict[str, list[str]] | None = None) -> dict[str, Any]:
    run = Run("x", "strategy", "x", records, "f")
    packed = dict(blocks([run], flagged or {}))
    return {name: json.loads(gzip.decompress(base64.b64decode(text))) for name, text in packed.items()}


@pytest.mark.parametrize(
    ("value", "clean"),
    [
        ("a\u202eb\x07c\ufeff", "abc"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ({"k\u2066": ["\x9b", 1, None, ("é",)]}, {"k": ["", 1, None, ["é"]]}),
        (0.5, 0.5),
    ],
)
def test_characters_that_hide_text_are_removed_wherever_they_are(value: Any, clean: Any) -> None:
    assert printable(value) == clean


def test_cells_by_repeat_and_language_with_a_space_where_nobody_asked() -> None:
    index = unpacked(
        record(0, "english", "A"), record(0, "hindi", "B"), record(1, "english", None, repeat=1, outcome="odd")
    )["index"]
    assert index["languages"] == [{"name": "english", "code": "en"}, {"name": "hindi", "code": "hi"}]
    assert index["repeats"] == [2]
    assert index["cells"] == [[[["c ", "A "], ["w ", "B "]], [[" u", "  "], ["  ", "  "]]]]


def test_facts_of_a_question_are_the_first_that_are_given() -> None:
    index = unpacked(record(0, "english", "A", gold=""), record(0, "hindi", "A", theme="lens"), flagged={"0": ["empty"]})[
        "index"
    ]
    assert (index["ids"], index["gold"], index["themes"], index["titles"]) == (["0"], ["A"], ["lens"], [""])
    assert index["flagged"] == {"0": ["empty"]}


def test_a_title_is_english_on_one_line_and_not_too_long() -> None:
    texts = [
        record(0, "hindi", "A", answer={"question": "कौन?"}),
        record(0, "english", "A", answer={"question": "Which\n part? " + "x" * 200, "options": {"A": "lens"}}),
        record(1, "hindi", "A", answer={"question": "क्यों?"}),
    ]
    data = unpacked(*texts)
    long, short = data["index"]["titles"]
    assert (len(long), long[:12], long[-1], short) == (140, "Which part? ", "…", "क्यों?")
    assert data["texts"][0][1].endswith("x\nlens")
    assert data["texts"][1] == ["क्यों?", ""]


def test_a_chunk_ends_before_it_has_more_than_250_answers() -> None:
    records = [record(question, "english", "A", repeat=repeat) for question in range(3) for repeat in range(125)]
    records += [record(3, "english", "A", repeat=repeat) for repeat in range(300)]
    records += [record(4, "english", "A")]
    data = unpacked(*records)
    assert data["index"]["starts"] == [0, 2, 3, 4]
    assert [len(data[f"chunk-{number}"]) for number in range(4)] == [2, 1, 1, 1]


def test_an_answer_keeps_what_says_something() -> None:
    path = {"question": "Which?", "answer": "lens", "abstained": False, "citations": [], "verdict": "supported", "trace": []}
    (question,) = unpacked(record(0, "english", "A", answer=path, error=None, rounds=0, reply="A"))["chunk-0"]
    assert question["texts"] == {"0": {"question": "Which?", "options": {}}}
    assert question["answers"] == [
        {"run": 0, "language": 0, "repeat": 0, "label": "A", "outcome": "correct", "reply": "A", "rounds": 0,
         "answer": "lens", "verdict": "supported"}
    ]  # fmt: skip
    (bare,) = unpacked(record(0, "english", "A", answer="lens"))["chunk-0"]
    assert (bare["texts"], bare["answers"][0]["answer"]) == ({}, "lens")


def test_a_lone_surrogate_is_no_obstacle() -> None:
    (question,) = unpacked(record(0, "english", "A", answer="a\ud800b"))["chunk-0"]
    assert question["answers"][0]["answer"] == "ab"
