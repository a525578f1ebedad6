"""Numbers and units as values: what a text writes, what two texts say alike, and what one of them lost."""

from __future__ import annotations

import pytest

from clara.agent.guards.quantities import Quantity, canonical, cardinals, compare, numbers, quantities, same_family, spelled

ENGLISH_SPANISH = ("en", "es")


def written(text: str) -> list[tuple[str, str, str | None]]:
    return [(quantity.text, quantity.sign, quantity.unit) for quantity in quantities(text)]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1,50", "1.5"),
        ("1.000", "1000"),
        ("1 000", "1000"),
        ("12,345,678", "12345678"),
        ("0.125", "0.125"),
        ("0.100", "0.1"),
        ("007", "7"),
        ("000", "0"),
        ("3.0", "3"),
        ("1.2.34", "12.34"),
    ],
)
def test_a_number_has_one_notation(number: str, expected: str) -> None:
    assert canonical(number) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a pressure of 21 mmHg", [("21", "", "mmhg")]),
        ("-3.00 D and +1.50 D", [("3", "-", "dioptre"), ("1.5", "+", "dioptre")]),
        ("from 10-21 mmHg", [("10", "", "mmhg"), ("21", "", "mmhg")]),
        ("10 to 21 mmHg", [("10", "", "mmhg"), ("21", "", "mmhg")]),
        ("vitamin B12 [3]", [("12", "", None)]),
        ("about 5 mumps cases", [("5", "", None)]),
        ("3 + 5", [("3", "", None), ("5", "", None)]),
    ],
)
def test_signs_units_and_ranges_are_read(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert written(text) == expected


def test_percent_stands_before_a_chinese_number() -> None:
    assert written("视力下降了百分之20") == [("20", "", "percent")]


def test_a_mark_that_may_be_decimal_has_two_readings() -> None:
    assert quantities("1.500")[0].readings == {1500.0, 1.5}
    assert quantities("0.5")[0].readings == {0.5}


def test_units_of_one_dimension_have_one_base() -> None:
    [thickness], [same] = quantities("0.54 mm"), quantities("540 µm")
    assert thickness.bases() == same.bases() != frozenset()
    assert Quantity("1", frozenset({1.0})).bases() == frozenset()


def test_only_two_units_can_be_of_one_family() -> None:
    [thickness], [other], [bare] = quantities("1 mm"), quantities("2 millimetres"), quantities("2")
    assert same_family(thickness, other)
    assert not same_family(thickness, bare)
    assert not same_family(bare, thickness)
    assert not same_family(thickness, quantities("2 mg")[0])


def test_each_number_is_counted() -> None:
    assert numbers("2 of 2, 1,50 and 1.5") == {"2": 2, "1.5": 2}


@pytest.mark.parametrize(
    ("text", "language", "values"),
    [
        ("tres días", "es", {3.0}),
        ("both eyes", "en", {2.0}),
        ("the fourth nerve", "en", {4.0}),
        ("le nerf IV", "fr", {4.0}),
        ("no number", "en", set[float]()),
        ("three días", "es", {3.0}),  # English words count in every language
    ],
)
def test_number_words_may_stand_for_values(text: str, language: str, values: set[float]) -> None:
    assert values <= spelled(text, language)


def test_cardinals_mean_a_number_and_nothing_else() -> None:
    assert cardinals("two of the three layers, both", "en") == {2.0, 3.0}
    assert cardinals("two", "xx") == set()


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("It lasts 3 days.", "Dura tres días."),
        ("It is 0.03 mm thick.", "Mide 30 µm."),
        ("1. The first. 2. The second.", "1. El primero. 2. El segundo."),
        ("3 of the 12 nerves", "3 de los 12 nervios"),
        ("for 14 days", "durante 2 semanas"),
    ],
)
def test_what_is_said_in_words_or_in_another_unit_is_not_lost(english: str, spanish: str) -> None:
    assert list(compare("the text", english, spanish, ENGLISH_SPANISH)) == []


@pytest.mark.parametrize(
    ("english", "spanish", "flags"),
    [
        ("5 mg of 20 mg", "5 mg", ["the number 20 of the text is missing"]),
        ("5 mg", "5 mg y 20 mg", ["the number 20 in the text is not in the original"]),
        ("2 and 2", "2", ["the number 2 of the text is missing"]),
        ("-2 D", "+2 D", ["the sign of 2 in the text changed"]),
        ("5 mg", "5 ml", ["the unit of 5 in the text changed from mg to ml"]),
        ("It lasts four days.", "Dura días.", ["the number 4 of the text is missing"]),
        ("It lasts days.", "Dura cuatro días.", ["the number 4 in the text is not in the original"]),
    ],
)
def test_what_was_lost_changed_or_added_is_named(english: str, spanish: str, flags: list[str]) -> None:
    assert list(compare("the text", english, spanish, ENGLISH_SPANISH)) == flags


def test_signs_and_units_are_not_compared_where_the_numbers_differ_already() -> None:
    flags = list(compare("the text", "-2 D and 7 mg", "2 D and 8 mg", ("en", "en")))
    assert flags == ["the number 7 of the text is missing", "the number 8 in the text is not in the original"]
