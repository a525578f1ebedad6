"""Completion of commands, and input that cannot steer the terminal it is echoed to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.utils import get_cwidth

from clara.cli.chat.handlers import HANDLERS, choices
from clara.cli.chat.input_line import CommandCompleter, InputLine, SteadyOutput
from clara.cli.chat.loop import Chat
from clara.cli.chat.screen import Screen
from clara.config import load_settings
from clara.errors import DataError


def completions(text: str, language: str = "en") -> list[str]:
    chat = Chat(load_settings(), Screen(language), HANDLERS)
    completer = CommandCompleter(lambda name: choices(chat, name), language)
    return [found.text for found in completer.get_completions(Document(text, len(text)), CompleteEvent())]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("/so", ["/sources", "/source"]),
        ("/language ", ["auto", "en", "es", "pt", "fr", "fil", "hi", "zh"]),
        ("/language f", ["fr", "fil"]),
        ("/strategy dir", ["direct"]),
        ("/resume a", []),
        ("What is /so", []),
        ("/so\n", []),
    ],
)
def test_commands_and_their_arguments_complete(typed: str, found: list[str]) -> None:
    assert completions(typed) == found


def test_file_names_complete(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    assert completions(f"/save {tmp_path}/no") == ["tes.md"]


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    """A keyboard; the terminal behind it shows nothing."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def prompt(history: Path | None = None) -> InputLine:
    return InputLine(history, lambda _name: (), lambda: "toolbar \x1b]0;x\x07", "en")


async def test_pasted_text_loses_what_steers_a_terminal(keys: PipeInput) -> None:
    keys.send_text("\x1b[200~a\x9b31mb\u202ec\u200bd\r\nक्षि e\u0301 שלום\x1b[201~\r")
    assert await prompt().read() == "abcd\nक्षि e\u0301 שלום"


async def test_enter_sends_alt_enter_breaks_the_line_ctrl_d_leaves(keys: PipeInput) -> None:
    keys.send_text("one\x1b\rtwo\r")
    assert await prompt().read() == "one\ntwo"
    keys.send_text("\x04")
    with pytest.raises(EOFError):
        await prompt().read()
    keys.send_text("half\x03")
    with pytest.raises(KeyboardInterrupt):
        await prompt().read()


async def test_the_history_is_a_file_that_only_its_owner_reads(keys: PipeInput, tmp_path: Path) -> None:
    path = tmp_path / "home" / "chat_history"
    keys.send_text("what was asked\r")
    await prompt(path).read()
    assert path.stat().st_mode & 0o777 == 0o600
    keys.send_text("\x1b[A\r")
    assert await prompt(path).read() == "what was asked"


def test_a_history_that_cannot_be_kept_is_reported(tmp_path: Path, keys: PipeInput) -> None:
    del keys
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="--private keeps none"):
        prompt(tmp_path / "file" / "chat_history")


def test_a_line_with_vowel_signs_is_drawn_again_from_its_very_beginning() -> None:
    file = io.StringIO()
    output = SteadyOutput(file, lambda: Size(24, 80))
    output.write("› मोतियाबिंद का")
    written = get_cwidth("› मोतियाबिंद का")
    output.cursor_backward(2)
    output.cursor_forward(2)
    output.cursor_backward(written)
    output.flush()
    assert file.getvalue().endswith("\x1b[2D\x1b[2C\r")
