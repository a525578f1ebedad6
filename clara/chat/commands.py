"""The commands of the chat: their names, what they take, and which one a mistyped name means."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatCommand:
    """A command; ``help_<name>`` of the message catalogue says what it does."""

    name: str
    argument: str = ""
    """What it takes, as shown in the help; optional in square brackets."""


COMMANDS: dict[str, ChatCommand] = {
    command.name: command
    for command in (
        ChatCommand("help"),
        ChatCommand("language", "[CODE | auto]"),
        ChatCommand("strategy", "[NAME]"),
        ChatCommand("trace"),
        ChatCommand("sources"),
        ChatCommand("source", "N"),
        ChatCommand("compare"),
        ChatCommand("kb", "TEXT"),
        ChatCommand("model", "[NAME]"),
        ChatCommand("save", "FILE"),
        ChatCommand("history"),
        ChatCommand("resume", "[ID]"),
        ChatCommand("undo"),
        ChatCommand("retry"),
        ChatCommand("clear"),
        ChatCommand("quit"),
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
    close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return close[0] if close else None


def split_questions(text: str) -> list[str]:
    """What a piped text asks, in order.

    A line that is a command stands alone. Between commands, where there is a blank line, each block is one question, else
    each line is. What begins with an option letter belongs to the question above it.
    """
    inputs: list[str] = []
    block: list[str] = []
    for line in text.splitlines():
        if parse_command(line):
            inputs += [*_questions(block), line.strip()]
            block = []
        else:
            block.append(line)
    return inputs + _questions(block)


def _questions(lines: list[str]) -> list[str]:
    text = "\n".join(lines).strip()
    pieces = _BLANK_LINE.split(text)
    if len(pieces) == 1:
        pieces = text.splitlines()
    questions: list[str] = []
    for piece in pieces:
        if questions and _OPTION.match(piece):
            questions[-1] += f"\n{piece.rstrip()}"
        elif piece.strip():
            questions.append(piece.strip())
    return questions
