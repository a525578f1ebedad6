"""Negations, counted so that languages which negate differently can be compared."""

from __future__ import annotations

import pytest

from clara.agent.guards.polarity import compare, negators, polarity


@pytest.mark.parametrize(
    ("text", "language", "plain", "hidden"),
    [
        ("This is not the cause.", "en", 1, 0),
        ("The reflex is absent.", "en", 0, 1),
        ("Neither the lens nor the iris.", "en", 1, 0),
        ("not only the lens", "en", 0, 0),
        ("no hay ninguno", "es", 1, 0),
        ("al menos tres", "es", 0, 0),
        ("un nouveau-né", "fr", 0, 0),
        ("walang sintomas", "fil", 1, 0),
        ("这不是白内障", "zh", 1, 0),
        ("all of these", "xx", 0, 0),
    ],
)
def test_plain_and_hidden_negations_are_counted(text: str, language: str, plain: int, hidden: int) -> None:
    counted = polarity(text, language)
    assert (counted.plain, counted.hidden, counted.negations) == (plain, hidden, plain + hidden)


def test_a_language_without_lists_is_read_as_english() -> None:
    assert polarity("not this", "xx") == polarity("not this", "en")


def test_a_word_that_another_language_negates_excuses_one_negation() -> None:
    rarely, never = polarity("It rarely bleeds.", "en"), polarity("Casi no sangra.", "es")
    assert rarely.negations == 0
    assert rarely.room(never) >= 1
    assert rarely.room(rarely) == 0
    assert list(compare("the text", "It rarely bleeds.", "Casi no sangra.", ("en", "es"))) == []


@pytest.mark.parametrize(
    ("source", "target", "flags"),
    [
        ("It does not hurt.", "No duele.", []),
        ("It does not hurt.", "Duele.", ["the negation of the text was lost"]),
        ("It hurts.", "No duele.", ["the negation of the text was added"]),
        ("The pupil is unreactive.", "La pupila no reacciona.", []),
    ],
)
def test_a_negation_needs_a_counterpart(source: str, target: str, flags: list[str]) -> None:
    assert list(compare("the text", source, target, ("en", "es"))) == flags


def test_a_negation_is_about_the_content_words_around_it() -> None:
    [scope] = negators("Pilocarpine is not given while the pressure is above 40 mmHg.")
    assert "pilocarpine" in scope
    assert "given" in scope
    assert "mmhg" not in scope


def test_each_negation_has_its_own_scope() -> None:
    assert len(negators("The lens isn't opaque and the vitreous has no blood.")) == 2
    assert negators("The lens is opaque.") == []
