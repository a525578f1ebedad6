"""Marks in an answer count its citations, not the passages that the model was shown."""

from __future__ import annotations

import pytest

from clara.agent.citing import named, renumbered
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


LAYERS = Passage("c#0", "Cornea", "The cornea is 540 µm thick. The stroma is its thickest layer. Tears wet the cornea.")
NERVES = Passage("n#0", "Nerves", "The cornea is full of nerves. They come from the ophthalmic nerve.")


@pytest.mark.parametrize(
    ("answer", "quotes"),
    [
        (
            "The stroma is the thickest layer [1]. Its nerves come from the ophthalmic nerve [2].",
            ["The stroma is its thickest layer.", "They come from the ophthalmic nerve."],
        ),
        ("It is 540 µm thick [1][2].", ["The cornea is 540 µm thick.", "The cornea is full of nerves."]),
        ("Tears wet the cornea [2, 1].", ["Tears wet the cornea.", "The cornea is full of nerves."]),
        ("The thickest layer is the stroma", ["The stroma is its thickest layer.", "The cornea is full of nerves."]),
    ],
)
def test_the_quote_is_the_sentence_behind_the_claim_that_carries_the_mark(answer: str, quotes: list[str]) -> None:
    citations, flags = named((1, 2), (LAYERS, NERVES), answer)
    assert [citation.quote for citation in citations] == quotes
    assert flags == ()
