"""From what a chat knows to what its screen shows; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clara.chat.commands import COMMANDS
from clara.chat.turns import Turn
from clara.cli.markdown import MarkdownText
from clara.cli.render import (
    answer_body,
    framed,
    notice_view,
    option_list,
    source_list,
    verdict_line,
    warning_lines,
)
from clara.cli.safe import clean
from clara.cli.wrapping import Prose, plain
from clara.language.messages import NO_MODEL, say
from clara.language.text import search_tokens
from clara.types import Answer, Citation, Passage, one_line

if TYPE_CHECKING:
    from clara.chat.store import Summary

_DOSE = "dose"
_TITLE = 60
"""Most characters of a conversation's title in a list."""
_BESIDE = 100
"""Columns from which on two answers are shown beside each other."""


def reply_view(answer: Answer, *, notice: bool = True, disclaimer: bool = False) -> Group:
    """An answer below its question: notice unless it was shown already, chosen option, text, sources, verdict, warnings.

    That this is no medical device stands below an answer about something urgent or a dose, and where ``disclaimer`` asks
    for it; the chat says it once at its beginning.
    """
    parts: list[RenderableType] = [Text()]
    if answer.notice and notice:
        parts.append(notice_view(answer.notice))
    if answer.question.options:
        parts += [option_list(answer), Text()]
    parts.append(answer_body(answer))
    if answer.citations:
        parts += [Text(), source_list(answer.citations)]
    parts.append(Text())
    verdict = verdict_line(answer)
    if verdict:
        parts.append(verdict)
    hidden = frozenset[str]()
    if not disclaimer:
        hidden = frozenset({NO_MODEL})
    parts += warning_lines(answer, without=hidden)
    if disclaimer or _is_delicate(answer):
        parts.append(Prose(say("not_a_device", answer.language), "dim"))
    return Group(*parts, Text())


def _is_delicate(answer: Answer) -> bool:
    """True for an answer that somebody may act on at once: an emergency, advice for oneself, a dose."""
    question = answer.english_question or answer.question.text
    return bool(answer.notice) or "not_personal_advice" in answer.warnings or _DOSE in search_tokens(question)


def comparison_view(first: tuple[str, Answer], second: tuple[str, Answer], width: int) -> RenderableType:
    """Two answers under the names of their strategies, beside each other where there is room."""
    if width < _BESIDE:
        return Group(*(framed(reply_view(answer), name, "blue") for name, answer in (first, second)))
    table = Table.grid(padding=(0, 3), expand=True)
    for _ in (first, second):
        table.add_column(ratio=1, overflow="fold")
    table.add_row(*(plain(name, "bold blue") for name, _ in (first, second)))
    table.add_row(*(reply_view(answer) for _, answer in (first, second)))
    return table


def source_view(number: int, citation: Citation, passage: Passage | None) -> RenderableType:
    """One source in full: where it stands, and the whole passage, or the quoted words if it is no longer found."""
    head = plain(f"[{number}] {citation.title}", "bold")
    if passage and passage.section:
        head.append(f" · {clean(passage.section)}", "not bold")
    parts: list[RenderableType] = [head]
    if citation.source:
        parts.append(Prose(citation.source, "dim"))
    parts.append(plain(citation.id, "dim"))
    body = passage.text if passage else citation.quote
    return Group(*parts, Text(), MarkdownText(body), Text())


def help_view(language: str) -> RenderableType:
    """The commands and the keys."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for command in COMMANDS.values():
        name = Text(f"/{command.name}", "cyan")
        if command.argument:
            name.append(f" {command.argument}", "dim")
        grid.add_row(name, Prose(say(f"help_{command.name}", language)))
    return Group(
        Prose(say("help_intro", language)), Text(), Padding(grid, (0, 2)), Text(), Prose(say("help_keys", language))
    )


def history_view(turns: Sequence[Turn]) -> RenderableType:
    """The questions of this conversation, numbered, with the verdict on each answer."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for number, turn in enumerate(turns, 1):
        cell: list[RenderableType] = [Prose(one_line(turn.asked, _TITLE))]
        if turn.question != turn.asked.strip() and not (turn.answer and turn.answer.question.options):
            cell.append(Prose(f"= {one_line(turn.question, _TITLE)}", "dim"))
        verdict: Prose | None = Prose(turn.clarification, "dim")
        if turn.answer:
            verdict = verdict_line(turn.answer)
        if verdict:
            cell.append(verdict)
        grid.add_row(Text(f"{number}.", "dim"), Group(*cell))
    return grid


def conversations_view(found: Sequence[Summary], language: str) -> RenderableType:
    """Conversations, newest first: id, time, number of turns, first question."""
    if not found:
        return Prose(say("no_conversations", language), "dim")
    grid = Table.grid(padding=(0, 2))
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for summary in found:
        when = clean(summary.updated)[:16].replace("T", " ")
        grid.add_row(
            plain(summary.id, "cyan"),
            Text(when, "dim"),
            Text(f"{summary.turns}", "dim"),
            Prose(one_line(summary.title, _TITLE)),
        )
    return grid
