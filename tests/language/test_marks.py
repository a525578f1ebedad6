"""Citation marks are read alike wherever they are read."""

from __future__ import annotations

import pytest

from clara.language.marks import marked_numbers, replace_numbers, without_marks


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("so it is [2].", [2]),
        ("so it is [2, 4] and [1]", [2, 4, 1]),
        ("so it is [2; 4]", [2, 4]),
        ("如此[2，4]。", [2, 4]),
        ("[1][1]", [1, 1]),
        ("an interval [0.5, 2] is none, nor is [a] or []", []),
    ],
)
def test_numbers_of_marks_in_every_form(text: str, numbers: list[int]) -> None:
    assert marked_numbers(text) == numbers


def test_a_text_without_its_marks_keeps_its_own_numbers() -> None:
    assert without_marks("16 mmHg [2; 4] or more").split() == ["16", "mmHg", "or", "more"]


def test_numbers_are_replaced_and_an_empty_mark_goes_with_its_space() -> None:
    places = {2: 1, 4: 2}

    def renumber(numbers: list[int]) -> list[int]:
        return [places[number] for number in numbers if number in places]

    assert replace_numbers("one [2; 4], two [3], three[4].", renumber) == "one [1, 2], two, three[2]."
