"""The stream cleaner: nothing that steers a terminal passes, nothing readable is lost, however the stream is cut."""

from __future__ import annotations

import io
import itertools
import json
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.cli.output import print_json
from clara.cli.safe import UNSAFE, StreamCleaner, clean

CHARACTERS = "a眼\u0301\n\t \\[]m7;\x1b\x9b\x9d\x90\x9c\x07\x00\r\x7f\u202e\u200b\u2066\ufeff\ud800\U000e0041"
PIECES = st.sampled_from((*CHARACTERS, "क्षि", "\x1b[", "\x1b]", "\x1b\\", "\x1bP"))
STREAMS = st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=40).map("".join)


@given(STREAMS)
def test_no_unsafe_character_passes(text: str) -> None:
    assert not UNSAFE.search(clean(text))


@given(STREAMS, st.lists(st.integers(0, 200), max_size=10))
def test_the_result_does_not_depend_on_where_the_stream_is_cut(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    cleaner = StreamCleaner()
    chunks = [cleaner.feed(text[a:b]) for a, b in itertools.pairwise(places)]
    assert "".join(chunks) + cleaner.flush() == clean(text)


SELECTORS = "".join(map(chr, range(0xE0100, 0xE01F0)))
"""Variation selectors that no plain text needs; Unicode counts them as marks."""


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"], exclude_characters=SELECTORS)))
def test_a_text_without_control_characters_is_untouched(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b]52;c;ZXZpbA==\x07b", "b"),
        ("\x9d0;title\x9cb", "b"),
        ("\x9b2Jb", "b"),
        ("\x1b(Bb", "b"),
        ("\x1bPdevice\x1b\\b", "b"),
        ("a\r\nb\rc", "a\nbc"),
        ("\x1b眼", "眼"),
        ("\x1b[12\nnext", "\nnext"),
    ],
)
def test_whole_sequences_go(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize("char", ["\xad", "\u200b", "\u2060", "\u2064", "\ufeff", "\U000e0041", "\U000e0100", "\U000e01ef"])
def test_invisible_characters_go(char: str) -> None:
    assert clean(f"stro{char}ma") == "stroma"


@pytest.mark.parametrize("text", ["क्\u200dष", "क्\u200cष"])
def test_the_joiners_of_devanagari_stay(text: str) -> None:
    assert clean(text) == text


@given(STREAMS)
def test_json_is_exact_and_holds_nothing_that_steers(text: str) -> None:
    out = io.StringIO()
    with redirect_stdout(out):
        print_json({"text": text})
    assert not UNSAFE.search(out.getvalue())
    assert json.loads(out.getvalue()) == {"text": text}


def test_json_writes_characters_beyond_the_bmp_as_surrogate_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    print_json("\U000e0041\x7f眼")
    assert capsys.readouterr().out == '"\\udb40\\udc41\\u007f眼"\n'


def test_a_command_that_never_ends_hides_no_text() -> None:
    assert clean("\x1b]0;The answer is B\nand more") == "0;The answer is B\nand more"
    assert clean("\x1b]0;The answer is B") == "0;The answer is B"
    assert clean("\x1b]" + "x" * 5000) == "x" * 5000


def test_an_endless_control_sequence_becomes_text() -> None:
    assert clean("\x1b[" + "1" * 100).endswith("1" * 30)
