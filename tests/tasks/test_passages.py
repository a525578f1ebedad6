from __future__ import annotations

import pytest

from clara.language.text import words
from clara.tasks.passages import laid_out


def test_a_table_has_a_line_for_each_row() -> None:
    flat = "All dilate. | Drug | Peak | |---|:---:| | tropicamide | 20 min | | none | | | atropine | hours | It is strong."
    assert laid_out(flat).splitlines() == [
        "All dilate.",
        "| Drug | Peak |",
        "| tropicamide | 20 min |",
        "| none | |",
        "| atropine | hours |",
        "It is strong.",
    ]


def test_a_numbered_list_has_a_line_for_each_item() -> None:
    flat = "The order is: 1. Drops. They act at once. 2. Laser at 30. 3. Surgery."
    assert laid_out(flat).splitlines() == ["The order is:", "1. Drops. They act at once.", "2. Laser at 30.", "3. Surgery."]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "One sentence.",
        "Stage is 1. Next comes more.",
        "It has grade 1. It has grade 2. It ends.",
        "Broken |---|---| x | y |",
        "a | b",
        "Two\nlines.",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert laid_out(text).split() == text.split()
    assert laid_out(text).count("\n") <= 1


@pytest.mark.parametrize("text", ["x | a | |---| | 1 | | 2 | |---| | 3", "1. A. 1. B. 2. C. 2. D.", "|---||---|", "**b** c"])
def test_no_word_is_lost(text: str) -> None:
    assert words(laid_out(text)) == words(text)
