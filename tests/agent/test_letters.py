"""Naming options by their letters: what a reasoning settles on, and letters exchanged."""

from __future__ import annotations

import pytest

from clara.agent.letters import concluded, relettered


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("So the answer must be (C).", ["C"]),
        ("Hence the choice should be B, not option D.", ["B", "D"]),
        ("The option A is wrong, so the answer is B.", ["B"]),
        ("So the answer is B; the options A and D can be excluded.", ["B"]),
        ("So the answer is B. Option D moves the lens.", ["B"]),
        ("No letter.", []),
    ],
)
def test_a_letter_named_alone_and_not_discussed_is_a_conclusion(text: str, letters: list[str]) -> None:
    assert concluded(text) == letters


def test_letters_without_a_partner_and_without_a_lead_stay() -> None:
    assert relettered("Options A/B & J; hepatitis A.", {"A": "B", "B": "A"}) == "Options B/A & J; hepatitis A."
