from __future__ import annotations

import pytest

from clara.chat.commands import COMMANDS, nearest, parse_command, split_questions
from clara.cli.chat.handlers import HANDLERS
from clara.language.messages import catalogue


def test_every_command_has_a_handler_and_a_help_line() -> None:
    assert list(HANDLERS) == list(COMMANDS)
    assert {f"help_{name}" for name in COMMANDS} <= set(catalogue("en"))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/help", ("help", "")),
        ("  /Save  notes.md ", ("save", "notes.md")),
        ("/q", ("quit", "")),
        ("/kb optic nerve", ("kb", "optic nerve")),
        ("What is 1/2?", None),
        ("/one\n/two", None),
    ],
)
def test_a_line_that_begins_with_a_slash_is_a_command(text: str, parsed: tuple[str, str] | None) -> None:
    assert parse_command(text) == parsed


@pytest.mark.parametrize(
    ("typed", "meant"), [("histroy", "history"), ("langauge", "language"), ("sorce", "source"), ("xyz", None)]
)
def test_a_mistyped_command_finds_the_nearest(typed: str, meant: str | None) -> None:
    assert nearest(typed) == meant


@pytest.mark.parametrize(
    ("piped", "questions"),
    [
        ("one?\ntwo?\n", ["one?", "two?"]),
        ("one\nstill one?\n\ntwo?\n", ["one\nstill one?", "two?"]),
        ("which?\na) x\nb) y\nnext?\n", ["which?\na) x\nb) y", "next?"]),
        ("which?\n\na) x\nb) y\n\nnext\none?", ["which?\na) x\nb) y", "next\none?"]),
        ("one?\n/trace\ntwo?", ["one?", "/trace", "two?"]),
        ("/trace\none?", ["/trace", "one?"]),
        ("\n \n", []),
        ("", []),
    ],
)
def test_piped_text_is_split_into_questions_and_commands(piped: str, questions: list[str]) -> None:
    assert split_questions(piped) == questions
