"""The line where the user types: several lines, history, search, completion, and nothing in it that steers the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.filters import is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from clara.chat.commands import COMMANDS
from clara.cli.safe import UNSAFE, clean
from clara.errors import DataError
from clara.files import private_file
from clara.language.messages import say

Choices = Callable[[str], Iterable[tuple[str, str]]]
"""Command name to what may follow it: value and what it means."""

_STYLE = Style.from_dict({"bottom-toolbar": "noreverse #888888", "prompt": "ansicyan bold"})


class InputLine:
    """Reads what the user types.

    Args:
        history: file of earlier inputs, made with mode 0600; None keeps them in memory.
        choices: completions of a command's argument.
        toolbar: the line below the input.
        language: of the help beside the completions.
    """

    def __init__(self, history: Path | None, choices: Choices, toolbar: Callable[[], str], language: str) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=_history(history),
            completer=CommandCompleter(choices, language),
            complete_while_typing=True,
            multiline=True,
            reserve_space_for_menu=6,
            key_bindings=_bindings(),
            prompt_continuation="  ",
            bottom_toolbar=lambda: clean(toolbar()),
            style=_STYLE,
            output=_output(),
        )
        self._session.default_buffer.on_text_changed += _keep_safe

    async def read(self, on_ready: Callable[[], None] | None = None) -> str:
        """The next input.

        Args:
            on_ready: called when the prompt is about to be shown.

        Raises:
            EOFError: Ctrl-D on an empty line.
            KeyboardInterrupt: Ctrl-C.
        """
        message: StyleAndTextTuples = [("class:prompt", "› ")]
        return await self._session.prompt_async(message, pre_run=on_ready)


class SteadyOutput(Vt100_Output):
    """Goes back to the beginning of a line whatever has been written on it.

    Terminals disagree on the width of Indic vowel signs, so that so many columns to the left of the cursor may be somewhere
    else: what was typed would stay as a ghost before the line that is drawn again.
    """

    _column = 0
    """Where the renderer takes the cursor to be."""

    def write(self, data: str) -> None:
        super().write(data)
        for char in data:
            self._column += get_cwidth(char)
            if char in "\r\n":
                self._column = 0

    def cursor_forward(self, amount: int) -> None:
        super().cursor_forward(amount)
        self._column += amount

    def cursor_backward(self, amount: int) -> None:
        self._column -= amount
        if self._column > 0:
            super().cursor_backward(amount)
        else:
            self._column = 0
            self.write_raw("\r")


def _output() -> Output | None:
    """A terminal's own; None for what prompt_toolkit takes elsewhere."""
    if not sys.stdout.isatty():
        return None
    return SteadyOutput.from_pty(sys.stdout, term=os.environ.get("TERM"))


class CommandCompleter(Completer):
    """Completes ``/names`` and what may follow them; ordinary text is left alone."""

    def __init__(self, choices: Choices, language: str) -> None:
        self._choices = choices
        self._language = language
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if not text.startswith("/") or "\n" in text:
            return
        name, space, argument = text[1:].partition(" ")
        if not space:
            for command in COMMANDS:
                if command.startswith(name.lower()):
                    meta = say(f"help_{command}", self._language)
                    yield Completion(f"/{command}", -len(text), display_meta=meta)
        elif name == "save":
            yield from self._paths.get_completions(Document(argument, len(argument)), complete_event)
        else:
            for value, meaning in self._choices(name):
                if value.lower().startswith(argument.lower()):
                    yield Completion(value, -len(argument), display_meta=clean(meaning))


def _history(path: Path | None) -> History:
    if path is None:
        return InMemoryHistory()
    try:
        private_file(path)
    except OSError as error:
        raise DataError(
            f"cannot keep the history of inputs in {path}: {error.strerror}; clara chat --private keeps none"
        ) from None
    return FileHistory(path)


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter", filter=~is_searching)
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("escape", "enter", filter=~is_searching)
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


def _keep_safe(buffer: Buffer) -> None:
    """What was pasted or typed loses its control characters before it is drawn."""
    if UNSAFE.search(buffer.text):
        before = clean(buffer.text[: buffer.cursor_position])
        buffer.document = Document(before + clean(buffer.text[buffer.cursor_position :]), len(before))
