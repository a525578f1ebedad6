"""Numbers as the audit reads them, and which differences it names."""

from __future__ import annotations

import pytest

from clara.bench.audit.numbers import number_differences, numbers_of
from tests.bench.audit.items import item, versions


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("12,5 mm and 3.50", ["12.5", "3.5"]),
        ("1,500 1.500 1\u202f500 1'500", ["1500", "1500", "1500", "1500"]),
        ("10 000", ["10000"]),
        ("४८ और ３", ["48", "3"]),
        ("1.2.3", ["1.2.3"]),
        ("− 3,25 D and +2", ["-3.25", "2"]),
        ("-0", ["0"]),
        ("none", []),
    ],
)
def test_signed_numbers_in_order(text: str, numbers: list[str]) -> None:
    assert numbers_of(text, signed=True) == numbers


def test_signs_are_left_out_where_a_hyphen_may_be_a_range() -> None:
    assert numbers_of("10-20 mmHg", signed=False) == ["10", "20"]


def differences(english: str, french: str, hindi: str, *options: tuple[str, str, str]) -> list[tuple[str, str]]:
    columns = list(zip(*options, strict=True)) or [(), (), ()]
    return list(
        number_differences(
            versions(item(english, columns[0]), item(french, columns[1], "fr"), item(hindi, columns[2], "hi"))
        )
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("aged 48", "48 ans", "84"), [("hindi", "the question has 84 where the other languages have 48")]),
        (("aged 48", "48 ans", "-"), [("hindi", "the question lacks 48, which all other languages have")]),
        (("2 eyes", "2 yeux", "do"), []),  # a small number may be a word
        (("0.5 mm", "0,5 mm", "aadha"), [("hindi", "the question lacks 0.5, which all other languages have")]),
        (("aged 48", "ans", "-"), []),  # the others do not agree
    ],
)
def test_numbers_of_the_question(texts: tuple[str, str, str], expected: list[tuple[str, str]]) -> None:
    assert differences(*texts) == expected


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (("-3 D", "-3 D", "3 D"), [("hindi", "option A has 3, the other languages have -3")]),
        (("15 mm", "15 mm", "mm"), [("hindi", "option A has no number, the other languages have 15")]),
        (("2 mm", "2 mm", "do mm"), []),
        (("15 mm", "15 mm", "十五 mm"), []),  # a number in Chinese words
        (("15 mm", "16 mm", "17 mm"), []),
        (("15 mm", "15 mm", ""), []),  # two texts are too few
    ],
)
def test_numbers_of_an_option(option: tuple[str, str, str], expected: list[tuple[str, str]]) -> None:
    assert differences("a", "b", "c", option) == expected


def test_two_languages_are_too_few_to_say_which_is_wrong() -> None:
    assert list(number_differences(versions(item("48"), item("84", code="fr")))) == []
