"""Letters out of recorded responses, and the published figures out of the raw responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.bench.results import metrics, published
from clara.bench.scoring import extract_letter, outcome, response_outcome
from clara.types import Answer, Question

DATA = Path(__file__).parents[3] / "shared" / "data" / "multi_ophthalingua"


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("b", "B"),
        ("B", "B"),
        ("(c)", "C"),
        ("d.", "D"),
        ("a) Cornea.", "A"),
        ("b)I: D; II: A", "B"),
        ("**C**", "C"),
        ("The correct answer is (D)", "D"),
        ("Answer: a", "A"),
        (" c : lens ", "C"),
        ("", None),
        ("A cornea is clear", None),
        ("I: C, II: A", None),
        ("none of these", None),
        ("answer about", None),
    ],
)
def test_extract_letter(text, letter):
    assert extract_letter(text) == letter


@pytest.mark.parametrize(
    ("text", "result"),
    [("b", "correct"), ("c", "wrong"), ("error", "no_response"), (" ", "no_response"), ("who knows", "unparsed")],
)
def test_response_outcome(text, result):
    assert response_outcome(text, "B") == result


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
def test_outcome(fields, result):
    assert outcome(Answer(Question("?"), "en", "", "", **fields), "B") == result


@pytest.mark.skipif(not DATA.is_dir(), reason="the published responses are not here (../shared/data)")
def test_published_figures():
    document = metrics(published(DATA / "published_responses.csv", DATA / "answers.csv"), "model")
    runs = {run["name"]: run["languages"] for run in document["runs"]}
    assert len(runs) == 9
    assert {cell["n"] for languages in runs.values() for cell in languages.values()} == {164}
    gpt4 = runs["gpt-4"]
    assert round(gpt4["english"]["accuracy"], 1) == 63.4
    assert round(gpt4["tagalog"]["accuracy"], 1) == 51.8
