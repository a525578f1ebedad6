from __future__ import annotations

import math

import pytest

from clara.backbone.openai.labels import chosen_letter, confidence_of, letter_probabilities
from tests.backbone.fake_server import token

LETTERS = ["A", "B", "C"]


def test_variants_of_a_letter_add_up_and_other_tokens_do_not_count() -> None:
    logprobs = [token("A", math.log(0.2), **{" A": math.log(0.1), "b": math.log(0.1), "The": math.log(0.6)})]
    found = letter_probabilities(logprobs, LETTERS, in_json=False)
    assert found == pytest.approx({"A": 0.75, "B": 0.25, "C": 0.0})


def test_the_letter_is_the_first_one_after_thinking() -> None:
    pieces = ["A", "</th", "ink>", "B", ".", " A", " patient", "<|im_end|>"]
    logprobs = [token(piece, math.log(0.9)) for piece in pieces]
    assert chosen_letter(logprobs, LETTERS, in_json=False) == "B"
    assert letter_probabilities(logprobs, LETTERS, in_json=False) == {"A": 0.0, "B": 1.0, "C": 0.0}
    assert chosen_letter(logprobs[:3], LETTERS, in_json=False) == ""


def test_an_end_mark_after_the_letter_does_no_harm() -> None:
    logprobs = [token("A", -0.1), token("</think>", -0.1), token("B", math.log(0.9)), token("<|im_end|>", -0.1)]
    found = letter_probabilities(logprobs, LETTERS, in_json=False)
    assert found is not None
    assert found["B"] == 1.0


@pytest.mark.parametrize(
    "pieces",
    [
        ['{"label":"', "B", '"}'],
        ['{"label": ', '"B', '"}'],
        ['{"lab', 'el"', ":", ' "', 'B"}'],
        ["{", '"label":"', 'B"', "}"],
    ],
)
def test_the_label_is_found_however_json_is_cut_into_tokens(pieces: list[str]) -> None:
    logprobs = [
        token(piece, math.log(0.5) if "B" in piece else -0.1, **({"C": math.log(0.25)} if "B" in piece else {}))
        for piece in pieces
    ]
    found = letter_probabilities(logprobs, LETTERS, in_json=True)
    assert found == pytest.approx({"A": 0.0, "B": 2 / 3, "C": 1 / 3})


def test_the_last_label_counts() -> None:
    pieces = ['{"reasoning":"\\"label\\": ', "A", '","label":"', "B", '"}']
    found = letter_probabilities([token(piece, -0.5) for piece in pieces], LETTERS, in_json=True)
    assert found is not None
    assert found["B"] == 1.0


@pytest.mark.parametrize("in_json", [True, False])
def test_where_no_token_shows_a_letter_nothing_is_known(in_json: bool) -> None:
    assert letter_probabilities([token("x", -0.1)], LETTERS, in_json=in_json) is None


def test_impossible_letters_are_no_division_by_zero() -> None:
    assert letter_probabilities([token("A", -math.inf)], LETTERS, in_json=False) is None
    assert letter_probabilities([token("A", math.nan)], LETTERS, in_json=False) is None


def test_the_lead_is_never_negative() -> None:
    assert confidence_of("B", {"A": 0.6, "B": 0.4}) == (0.4, 0.0)
    assert confidence_of("A", {"A": 0.75, "B": 0.25}) == (0.75, 0.5)
    assert confidence_of("A", None) == (None, None)
