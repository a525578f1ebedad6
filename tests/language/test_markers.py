"""The marks of options, and the letters that only look like one."""

from __future__ import annotations

import pytest

from clara.language.abbreviations import follows_noun, is_species
from clara.language.markers import at_line, damaged, inline, label_of


@pytest.mark.parametrize(
    ("symbol", "label"),
    [("b", "B"), ("Ｂ", "B"), ("②", "B"), ("ख", "B"), ("ب", "B"), ("ⓑ", "B"), ("나", "B"), ("乙", "B"), ("Б", "B")],
)
def test_a_letter_of_any_script_means_the_label_of_its_place(symbol: str, label: str) -> None:
    assert label_of(symbol) == label


@pytest.mark.parametrize("symbol", ["", "2", "２", "?", "क्ष"])
def test_digits_and_signs_mean_no_label(symbol: str) -> None:
    assert label_of(symbol) is None


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("A) one\nB) two", ["bracket", "bracket"]),
        ("a. one\nb. two", ["stop small", "stop small"]),
        ("A - one\nB - two", ["dash", "dash"]),
        ("① one\n② two", ["ring", "ring"]),
        ("- [ ] A) one\n- [ ] B) two", ["bracket", "bracket"]),
        ("Option A: one", ["word"]),
    ],
)
def test_markers_of_one_list_share_their_form(text: str, forms: list[str]) -> None:
    assert [marker.form for marker in at_line(text)] == forms


def test_a_marker_ends_where_its_option_begins() -> None:
    text = "What? A) one B) two"
    assert [text[marker.end :].split(maxsplit=1)[0] for marker in inline(text)] == ["one", "two"]


@pytest.mark.parametrize("text", ["caused by C. trachomatis", "a case of hepatitis B. She", "drops i.v. daily"])
def test_abbreviations_in_a_sentence_are_no_markers(text: str) -> None:
    assert inline(text) == []


def test_a_marker_without_its_bracket_is_damaged() -> None:
    assert [marker.bracketed for marker in damaged("a) 1%\nb 2%")] == [True, False]


@pytest.mark.parametrize(
    ("rest", "expected"), [(" trachomatis is one", True), ("coli", True), (" cornea", False), ("", False), (" 5", False)]
)
def test_the_second_half_of_a_species_is_known(rest: str, expected: bool) -> None:
    assert is_species(rest) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("a lack of vitamin ", True),
        ("type ", True),
        ("гепатит ", True),
        ("维生素", True),
        ("the answer is ", False),
        ("", False),
    ],
)
def test_nouns_whose_kinds_have_letters_are_known(before: str, expected: bool) -> None:
    assert follows_noun(before) == expected
