"""What a text takes in a terminal, where it wraps, and that nothing stands beyond the right edge."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from clara.cli.render import framed
from clara.cli.wrapping import Prose, Ragged, plain, width_of

HINDI = "मोतियाबिंद में आँख का लेंस धुंधला हो जाता है और नज़र कम होती है"


def drawn(view: RenderableType, width: int = 20) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("text", "width"), [("", 0), ("abc", 3), ("白内障", 6), ("का", 2), ("é", 1), ("e\u0301", 1)])
def test_a_width_counts_spacing_vowel_signs_and_wide_letters(text: str, width: int) -> None:
    assert width_of(text) == width


@pytest.mark.parametrize("width", [12, 17, 25, 60])
def test_no_line_of_a_hindi_text_is_too_wide_and_no_word_is_lost(width: int) -> None:
    lines = drawn(Prose(HINDI), width)
    assert max(map(width_of, lines)) <= width
    assert " ".join(lines).split() == HINDI.split()


def test_a_word_longer_than_the_line_is_not_dropped() -> None:
    assert "".join(drawn(Prose("शब्दकोशनिर्माणविशेषज्ञता"), 10)).replace(" ", "") == "शब्दकोशनिर्माणविशेषज्ञता"


def test_paragraphs_and_empty_lines_stay() -> None:
    assert drawn(Prose("one\n\ntwo")) == ["one", "", "two"]


def test_markup_of_a_text_is_text() -> None:
    assert drawn(plain("[bold]x[/bold]")) == ["[bold]x[/bold]"]
    assert drawn(Prose("[red]y")) == ["[red]y"]


def test_what_could_steer_the_terminal_is_taken_out() -> None:
    assert "\x1b" not in "".join(drawn(Prose("a\x1b[2Jb")))
    assert "\x1b" not in plain("a\x1b]0;t\x07b").plain


def test_blanks_at_the_right_are_not_drawn() -> None:
    assert drawn(Ragged(Text("a   \n  b   "))) == ["a", "  b"]


@pytest.mark.parametrize("width", [20, 30])
def test_a_frame_around_a_title_with_vowel_signs_is_cut_to_the_edge(width: int) -> None:
    lines = drawn(Ragged(framed(Text("x"), "मोतियाबिंद", "green")), width)
    assert width_of(lines[0]) <= width
    assert "मोतियाबिंद" in lines[0]
