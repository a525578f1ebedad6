"""Options behind other letters: texts move, letters stay, and every letter finds its way back."""

from __future__ import annotations

import pytest

from clara.tasks.model import AnswerIn
from clara.tasks.turns import own_letter, turned
from clara.types import Option, texts_by_letter

LABELS = ("A", "B", "C")
INPUTS = AnswerIn(
    language="es",
    original_stem="¿Qué?",
    original_options=(Option("A", "córnea"), Option("B", "iris"), Option("C", "retina")),
    stem="What?",
    options=(Option("A", "cornea"), Option("B", "iris"), Option("C", "retina")),
)


def test_both_wordings_are_turned_alike() -> None:
    moved = turned(INPUTS, 1)
    assert texts_by_letter(moved.options) == {"A": "iris", "B": "retina", "C": "cornea"}
    assert texts_by_letter(moved.original_options) == {"A": "iris", "B": "retina", "C": "córnea"}
    assert (moved.stem, moved.original_stem) == (INPUTS.stem, INPUTS.original_stem)


@pytest.mark.parametrize("places", [0, 3, -3])
def test_a_whole_turn_changes_nothing(places: int) -> None:
    assert turned(INPUTS, places) == INPUTS


@pytest.mark.parametrize("places", [-2, -1, 0, 1, 2, 5])
@pytest.mark.parametrize("letter", LABELS)
def test_a_letter_of_a_turned_question_leads_to_its_text_in_the_question(letter: str, places: int) -> None:
    shown = texts_by_letter(turned(INPUTS, places).options)[letter]
    assert texts_by_letter(INPUTS.options)[own_letter(letter, places, LABELS)] == shown
