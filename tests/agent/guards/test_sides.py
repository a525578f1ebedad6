"""Right and left: in order, through words that mean both, and never alone by an abbreviation."""

from __future__ import annotations

import pytest

from clara.agent.guards.sides import abbreviated, compare, sides


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("the left eye, then the right eye", "en", ["left", "right"]),
        ("the right answer is left out", "en", []),
        ("el ojo derecho y el izquierdo", "es", ["right", "left"]),
        ("l'angle droit", "fr", []),
        ("le muscle droit latéral gauche", "fr", ["left"]),
        ("左右各一", "zh", []),
        ("右眼", "zh", ["right"]),
        ("कौन सी बाईं आँख", "hi", ["left"]),
        ("das rechte Auge", "de", []),
    ],
)
def test_sides_come_in_the_order_of_the_text(text: str, language: str, expected: list[str]) -> None:
    assert sides(text, language) == expected


def test_abbreviations_belong_to_every_language_or_to_one() -> None:
    assert abbreviated("OD 20/20, OS 20/40", "en") == ["right", "left"]
    assert abbreviated("OI", "es") == ["left"]
    assert abbreviated("OI", "fr") == []
    assert abbreviated("os", "en") == []


@pytest.mark.parametrize(
    ("source", "target", "flags"),
    [
        ("Ojo derecho", "The right eye", []),
        ("OD 20/20", "Vision is 20/20", []),  # alone an abbreviation proves nothing
        ("OD 20/20", "The left eye sees 20/20", ["right was lost in the text", "left was added in the text"]),
        ("Ojo derecho", "OD", []),
        ("El derecho y el izquierdo", "Both eyes", []),
        ("Ambos ojos", "The right and the left eye", []),
        ("Derecho, izquierdo", "Left, right", ["right and left changed places in the text"]),
        ("Derecho, derecho, izquierdo", "Left, left, right", ["right and left changed places in the text"]),
        ("Derecho, derecho, izquierdo", "Right, left, right", []),
        ("Ojo", "The eye", []),
    ],
)
def test_a_side_that_is_lost_added_or_exchanged_is_flagged(source: str, target: str, flags: list[str]) -> None:
    assert list(compare("the text", source, target, ("es", "en"))) == flags


def test_a_language_without_a_list_of_sides_is_not_compared() -> None:
    assert list(compare("the text", "das linke Auge", "the eye", ("de", "en"))) == []
