"""Marks in an answer count its citations, not the passages that the model was shown."""

from __future__ import annotations

import pytest

from clara.agent.citing import renumbered
from clara.types import Citation, Passage

SHOWN = tuple(Passage(f"note#{number}", "t", "x") for number in range(1, 6))
CITED = (Citation("note#3", "t", "", ""), Citation("note#1", "t", "", ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. [3] Two. [1]", "One. [1] Two. [2]"),
        ("Both [1, 3].", "Both [2, 1]."),
        ("Not cited [5], not shown [9].", "Not cited, not shown."),
        ("No mark.", "No mark."),
    ],
)
def test_a_mark_is_the_place_of_its_citation(text: str, expected: str) -> None:
    assert renumbered(text, CITED, SHOWN) == expected


def test_without_passages_there_is_nothing_to_count_by() -> None:
    assert renumbered("As [1] says.", (), ()) == "As [1] says."
