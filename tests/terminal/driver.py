"""A real pseudo-terminal with ``clara`` in it (pexpect), and a terminal emulator that reads what it prints (pyte)."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte
from wcwidth import wcwidth

PROMPT = "›"
_LAYOUT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n\t\b]")
"""What rich and prompt_toolkit need: control sequences that style and move, carriage return, newline."""
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")


class Emulator(pyte.HistoryScreen):
    """pyte, which gives up on a chunk of text at the first vowel sign; here such a sign joins the cell before it."""

    def draw(self, data: str) -> None:
        """Put characters on the screen one by one."""
        for char in data:
            if wcwidth(char) == 0 and self.cursor.x:
                row = self.buffer[self.cursor.y]
                cell = row[self.cursor.x - 1]
                row[self.cursor.x - 1] = cell._replace(data=cell.data + char)
            else:
                super().draw(char)


class Terminal:
    """``clara`` with arguments in a terminal of a given size."""

    def __init__(
        self,
        args: Sequence[str],
        home: Path,
        *,
        size: tuple[int, int] = (24, 80),
        language: str = "en",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        rows, columns = size
        self.raw = b""
        self.screen = Emulator(columns, rows, history=20_000, ratio=0.5)
        self._stream = pyte.ByteStream(self.screen)
        locale = {"LANG": f"{language}.UTF-8", "LC_ALL": f"{language}.UTF-8"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CLARA_", "LC_", "NO_COLOR"))}
        env = {**inherited, "TERM": "xterm-256color", "CLARA_HOME": str(home), **locale, **(environ or {})}
        command = [sys.executable, "-m", "clara", *args]
        self.child: Any = pexpect.spawn(command[0], command[1:], env=env, dimensions=size, timeout=30)
        self.screen.write_process_input = self.child.send

    def pump(self, seconds: float = 0.1) -> bool:
        """Read what comes within ``seconds``; False at the end of the output."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                data = self.child.read_nonblocking(65536, timeout=0.02)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return False
            self.raw += data
            self._stream.feed(data)
        return True

    def wait(self, words: str, *, count: int = 1, seconds: float = 30) -> None:
        """Wait until ``words`` stand on the screen or above it, ``count`` times."""
        end = time.monotonic() + seconds
        while self.text().count(words) < count:
            alive = self.pump(0.05)
            if self.text().count(words) >= count:
                return
            if not alive or time.monotonic() > end:
                raise AssertionError(f"{words!r} was not shown {count} time(s); the screen:\n{self.text()}")

    def prompted(self, seconds: float = 30) -> None:
        """Wait until the last lines are an empty prompt and its toolbar."""
        end = time.monotonic() + seconds
        while not self._at_prompt():
            if not self.pump(0.05) or time.monotonic() > end:
                raise AssertionError(f"no prompt came; the screen:\n{self.text()}")

    def _at_prompt(self) -> bool:
        lines = [line.rstrip() for line in self.screen.display]
        filled = [line for line in lines if line]
        return len(filled) >= 2 and filled[-2] == PROMPT and "/help" in filled[-1] and lines[self.screen.cursor.y] == PROMPT

    def say(self, text: str) -> None:
        """Type a line, send it, and wait until it was dealt with."""
        self.send(text + "\r")
        self.pump(0.15)
        self.prompted()

    def send(self, keys: str | bytes) -> None:
        """Press keys."""
        self.child.send(keys.encode() if isinstance(keys, str) else keys)

    def paste(self, text: str) -> None:
        """Paste as terminals do it, in brackets."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def resize(self, rows: int, columns: int) -> None:
        """Change the size; the program is told by SIGWINCH."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def leave(self) -> int:
        """Press Ctrl-D and return the exit code."""
        self.send("\x04")
        while self.pump(0.1):
            pass
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)

    def text(self) -> str:
        """All that was shown, what has scrolled away included."""
        above = ["".join(row[x].data for x in range(self.screen.columns)) for row in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display]).rstrip("\n")

    def steering(self) -> list[str]:
        """Every character sent to the terminal that steers it and is no layout of CLARA's own; empty if all is well."""
        return _STEERING.findall(_LAYOUT.sub("", self.raw.decode("utf-8", "replace")))
