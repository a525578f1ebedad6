"""The commands of the chat: their names, what they take, and which one a mistyped name means."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``help_<name>`` of the message catalogue says what it does."""

    name: str
    argument: str = ""
    """What it takes, as shown in the help; optional in square brackets."""


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("help"),
        Command("language", "[CODE | auto]"),
        Command("strategy", "[NAME]"),
        Command("trace"),
        Command("sources"),
        Command("source", "N"),
        Command("compare"),
        Command("kb", "TEXT"),
        Command("model", "[NAME]"),
        Command("save", "FILE"),
        Command("history"),
        Command("resume", "[ID]"),
        Command("undo"),
        Command("retry"),
        Command("clear"),
        Command("quit"),
    )
}
"""Name to command, in the order of the help."""

_SHORT = {"h": "help", "?": "help", "q": "quit", "exit": "quit", "lang": "language"}


_BLANK_LINE = re.compile(r"\n\s*\n")
_OPTION = re.compile(r"\s*\(?[A-Ja-jＡ-Ｊａ-ｊ]\s*[).:．）、]")


def parse_command(text: str) -> tuple[str, str] | None:
    """Name and argument of a line that is a command, else None. The name may be one that does not exist."""
    line = text.strip()
    if not line.startswith("/") or "\n" in line:
        return None
    name, _, argument = line[1:].partition(" ")
    return _SHORT.get(name.lower(), name.lower()), argument.strip()


def nearest(name: str) -> str | None:
    """The command that a mistyped name most likely means, or None."""
    found = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return found[0] if found else None


def split_questions(text: str) -> list[str]:
    """What a piped text asks, in order.

    A line that is a command stands alone. Between commands, where there is a blank line, each block is one question, else
    each line is. What begins with an option letter belongs to the question above it.
    """
    found: list[str] = []
    part: list[str] = []
    for line in text.splitlines():
        if parse_command(line):
            found += [*_questions(part), line.strip()]
            part = []
        else:
            part.append(line)
    return found + _questions(part)


def _questions(lines: list[str]) -> list[str]:
    text = "\n".join(lines).strip()
    found: list[str] = []
    for piece in _BLANK_LINE.split(text) if _BLANK_LINE.search(text) else text.splitlines():
        if found and _OPTION.match(piece):
            found[-1] += f"\n{piece.rstrip()}"
        elif piece.strip():
            found.append(piece.strip())
    return found
