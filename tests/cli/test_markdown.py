"""Answers as Markdown: lines fit, links show their address, nothing is hidden."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from clara.cli.markdown import MarkdownText
from clara.cli.wrapping import Ragged, width_of

HINDI = "मोतियाबिंद में लेंस की पारदर्शिता घटती है और दृष्टि धीरे-धीरे कम होती जाती है। " * 4
CHINESE = "白内障是晶状体混浊，会使视力逐渐下降。" * 8


def shown(text: str, width: int = 80, *, terminal: bool = False) -> str:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=terminal, highlight=False).print(Ragged(MarkdownText(text)))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("text", [HINDI, CHINESE, "- " + HINDI, "word " * 60, "e\u0301" * 200])
def test_no_line_is_longer_than_the_terminal(text: str, width: int) -> None:
    lines = shown(text, width).splitlines()
    assert max(width_of(line) for line in lines) <= width
    assert "".join("".join(lines).split()).replace("•", "") == "".join(text.removeprefix("- ").split())


def test_markdown_is_shown_as_what_it_means() -> None:
    text = shown("**Stroma** is thick.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |", terminal=True)
    assert "\x1b[1mStroma" in text
    assert "**" not in text
    assert "•" in text


def test_line_breaks_citation_marks_and_comparison_signs_stay() -> None:
    assert shown("first [1]\nsecond [2]\nIOP <21 mmHg & <b>bold</b>").splitlines() == [
        "first [1]",
        "second [2]",
        "IOP <21 mmHg & <b>bold</b>",
    ]


def test_a_link_shows_its_address_and_no_control_sequence() -> None:
    text = shown("[safe](http://evil.example)", terminal=True)
    assert "http://evil.example" in text
    assert "\x1b]8" not in text
