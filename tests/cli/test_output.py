"""Results go to standard output, progress to standard error, and neither can steer a terminal."""

from __future__ import annotations

import json

import pytest

from clara.cli.output import counted, print_json, progress_console, show, tell
from clara.cli.wrapping import plain

STEERING = "a\x1b[2Jb\x07c\u202ed"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 documents"), (1, "1 document"), (2, "2 documents"), (12345, "12,345 documents")]
)
def test_a_number_with_its_noun(number: int, text: str) -> None:
    assert counted(number, "document") == text


def test_json_keeps_its_value_and_writes_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": STEERING, "hindi": "आँख"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"text": STEERING, "hindi": "आँख"}
    assert "आँख" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_a_message_goes_to_standard_error_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"note: {STEERING}")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("note: a")
    assert not {"\x1b", "\x07", "\u202e"} & set(captured.err)


def test_what_is_shown_has_no_blanks_at_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    show(plain("one   "), plain("two"))
    assert capsys.readouterr().out == "one\ntwo\n"


@pytest.mark.parametrize("quiet", [True, False])
def test_progress_is_silent_where_no_terminal_is(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    console = progress_console(quiet=quiet)
    console.print("working")
    assert console.quiet
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
