"""What the chat shows: finished things stay, and below them a few lines about the answer that is on its way."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from clara.cli.markdown import MarkdownText
from clara.cli.safe import StreamCleaner
from clara.cli.wrapping import Prose, Ragged, plain
from clara.language.messages import catalogue, error_message, say

if TYPE_CHECKING:
    from clara.errors import ClaraError

_FRAME_SECONDS = 0.03
"""Least time between two drawings while tokens come."""
_TICK_SECONDS = 0.1
"""Time between two drawings while nothing comes: the clock of the step goes on."""
_BESIDE_DRAFT = 4
"""Rows of the screen that a draft leaves free."""


class Screen:
    """Standard output. ``live`` is False where that is no terminal that can move its cursor: then only results are shown."""

    def __init__(self, interface: str, console: Console | None = None) -> None:
        self.interface = interface
        # FORCE_COLOR must not make a pipe a terminal: what is drawn over would be garbage in it.
        self.console = console or Console(force_terminal=sys.stdout.isatty(), highlight=False, markup=False, emoji=False)
        self.live = self.console.is_terminal and not self.console.is_dumb_terminal and not self.console.legacy_windows
        self._progress: LiveAnswer | None = None

    def show(self, *parts: RenderableType) -> None:
        """Print something that stays, above what is on its way."""
        if self._progress:
            self._progress.clear()
        for part in parts:
            self.console.print(Ragged(part))
        if self._progress:
            self._progress.draw()

    def say(self, key: str, style: str = "", /, **values: object) -> None:
        """Print a message of the catalogue in the interface language."""
        self.show(Prose(say(key, self.interface, **values), style))

    def error(self, error: ClaraError) -> None:
        """Print an error: what it means in the interface language, and its own sentence."""
        meaning = error_message(error, self.interface)
        detail = " ".join(str(error).split())
        if meaning is None:
            self.show(Prose(detail, "red"))
        else:
            self.show(Prose(meaning, "red"), Prose(detail, "dim"))

    @contextmanager
    def progress(self) -> Generator[LiveAnswer]:
        """Show what is running, until the block ends; nothing of it stays."""
        progress = LiveAnswer(self)
        ticker = asyncio.get_running_loop().create_task(progress.tick()) if self.live else None
        self._progress = progress if self.live else None
        try:
            yield progress
        finally:
            self._progress = None
            if ticker:
                ticker.cancel()
            progress.clear()

    def clear(self) -> None:
        """Empty the terminal."""
        if self.live:
            self.console.clear()


class LiveAnswer:
    """The lines about an answer on its way: the draft as it grows, the step that runs, and its time."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._console = screen.console
        self._step = ""
        self._round = 0
        self._begin = time.monotonic()
        self._draft = ""
        self._cleaner = StreamCleaner()
        self._drawn = 0.0
        self._rows = 0
        self._width = 0

    def step(self, name: str, turn: int = 0) -> None:
        """A step begins."""
        self._step, self._round, self._begin = name, turn, time.monotonic()
        self.draw()

    def token(self, text: str) -> None:
        """The draft goes on."""
        first = not self._draft
        self._draft += self._cleaner.feed(text)
        if first or time.monotonic() - self._drawn >= _FRAME_SECONDS:
            self.draw()

    def discard(self) -> None:
        """The draft was not accepted."""
        self._draft, self._cleaner = "", StreamCleaner()

    async def tick(self) -> None:
        """Draw again and again, until cancelled."""
        with suppress(asyncio.CancelledError):
            while True:
                self.draw()
                await asyncio.sleep(_TICK_SECONDS)

    def draw(self) -> None:
        """Draw over what was drawn last, in one write."""
        if not self._screen.live:
            return
        width, height = self._console.size
        with self._console.capture() as frame:
            self._console.print(Ragged(self._view()), width=width - 1)
        lines = frame.get().rstrip("\n").split("\n")[-max(1, height - _BESIDE_DRAFT) :]
        self._write(self._erasure() + "\n".join(lines))
        self._rows, self._width, self._drawn = len(lines), width, time.monotonic()

    def clear(self) -> None:
        """Remove what was drawn."""
        if self._rows:
            self._write(self._erasure())
            self._rows = 0

    def _erasure(self) -> str:
        """The control codes that go back to the first row and empty the screen from there."""
        if not self._rows:
            return ""
        if self._console.width < self._width:
            return "\r\n"  # a terminal made narrower may have wrapped the old rows again, which cannot be seen: they stay
        return (f"\r\x1b[{self._rows - 1}A" if self._rows > 1 else "\r") + "\x1b[J"

    def _write(self, text: str) -> None:
        self._console.file.write(text)
        self._console.file.flush()

    def _view(self) -> RenderableType:
        seconds = time.monotonic() - self._begin
        known = catalogue(self._screen.interface)
        name = known.get(f"step_{self._step}", self._step) or known["step_start"]
        status = Text("· ", "cyan")
        status.append_text(plain(name, "cyan"))
        if self._round > 1:
            status.append(f" ({say('round', self._screen.interface, number=self._round)})", "cyan")
        status.append(f"  {seconds:.1f} s   ", "dim")
        status.append(known["stop_hint"], "dim")
        status.no_wrap, status.overflow = True, "ellipsis"
        if not self._draft:
            return status
        return Group(Text(known["draft"], "dim"), MarkdownText(self._draft), status)
