"""Options that are the same in every language, options that were lost, and a question that came back untranslated."""

from __future__ import annotations

import pytest

from clara.agent.guards.tables import CARDINALS, QUANTIFIERS, ROMAN, UNITS
from clara.agent.guards.translation import check_localisation, check_translation, is_formal
from clara.language.codes import SEVEN
from clara.types import Option


def options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option("ABCD"[number], text) for number, text in enumerate(texts))


@pytest.mark.parametrize(
    ("text", "formal"),
    [
        ("I: B; II: A", True),
        ("1-A, 2-C", True),
        ("I → B", True),
        ("1: 2", False),  # numbers alone are quantities
        ("cornea: A", False),
        ("A", False),
        ("", False),
        ("  :  ", False),
    ],
)
def test_a_pairing_of_letters_and_numerals_is_formal(text: str, formal: bool) -> None:
    assert is_formal(text) == formal


def test_a_formal_option_may_change_its_signs_and_nothing_else() -> None:
    own = options("I: B; II: A")
    assert check_translation("¿?", own, "?", options("I - B, II - A"), "es") == ()
    assert check_translation("¿?", own, "?", options("I: A; II: B"), "es") == (
        "the letters and numerals of option A changed",
    )


def test_an_option_that_was_empty_already_is_not_missing() -> None:
    assert check_translation("¿?", options("córnea", ""), "?", options("cornea", ""), "es") == ()


def test_options_that_were_alike_before_may_be_alike_after() -> None:
    assert check_translation("¿?", options("iris", "Iris"), "?", options("iris", "iris"), "es") == ()


@pytest.mark.parametrize(
    ("stem", "english", "flags"),
    [
        ("Qual é a causa da catarata?", "qual é a causa da catarata?", ("the question was not translated",)),
        ("Glaucoma de ângulo aberto", "Glaucoma de ângulo aberto", ()),  # four words are a term
    ],
)
def test_the_source_again_is_no_translation(stem: str, english: str, flags: tuple[str, ...]) -> None:
    assert check_translation(stem, (), english, (), "pt") == flags


def test_in_a_language_without_lists_numbers_and_marks_are_compared() -> None:
    assert check_localisation("Not 5 mm [1].", "5 mm [1].", "de") == ()
    assert check_localisation("5 mm [1].", "6 mm.", "de") == (
        "the number 5 of the answer is missing",
        "the number 6 in the answer is not in the original",
        "a citation mark was lost or changed",
    )


@pytest.mark.parametrize("language", sorted(set(SEVEN) - {"zh"}))
def test_every_language_that_writes_words_has_its_number_words(language: str) -> None:
    assert CARDINALS[language]
    assert QUANTIFIERS[language]


def test_units_of_one_dimension_are_told_apart_by_their_factor() -> None:
    assert UNITS["mm"].dimension == UNITS["µm"].dimension
    assert UNITS["mm"].factor == pytest.approx(1000 * UNITS["µm"].factor)


def test_roman_numerals_count_from_one_to_twenty_one() -> None:
    assert (ROMAN["i"], ROMAN["iv"], ROMAN["xii"], ROMAN["xxi"]) == (1, 4, 12, 21)
