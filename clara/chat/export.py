"""A conversation as Markdown or JSON, with its citations."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from clara.chat.turns import Turn
from clara.errors import DataError, UsageError
from clara.files import open_new
from clara.language.codes import LANGUAGES
from clara.language.messages import say, verdict_key
from clara.types import Answer

SUFFIXES = (".md", ".json")


def save(path: Path, id: str, turns: Sequence[Turn], *, language: str) -> None:  # noqa: A002
    """Write the conversation to a new file that only its owner may read.

    ``language`` is that of the errors.

    Raises:
        UsageError: there is nothing to save, the name ends in neither .md nor .json, or the file exists.
        DataError: the file cannot be written.
    """
    if not turns:
        raise UsageError(say("nothing_asked", language))
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(say("save_suffix", language, path=path))
    text = as_json(id, turns) if path.suffix.lower() == ".json" else as_markdown(id, turns)
    try:
        with os.fdopen(open_new(path), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(say("save_exists", language, path=path)) from None
    except OSError as error:
        raise DataError(say("save_failed", language, path=path, reason=error.strerror)) from None
    except ValueError as error:  # a NUL in the name
        raise DataError(say("save_failed", language, path=path, reason=error)) from None


def as_json(id: str, turns: Sequence[Turn]) -> str:  # noqa: A002
    """One JSON document: ``{"id", "turns": [...]}``; each answer has the shape of ``ask --json``."""
    return json.dumps({"id": id, "turns": [turn.to_json() for turn in turns]}, ensure_ascii=False, indent=2) + "\n"


def as_markdown(id: str, turns: Sequence[Turn]) -> str:  # noqa: A002
    """Questions as headings, answers, verdicts and numbered sources below."""
    lines = [f"# CLARA {id}", ""]
    for turn in turns:
        lines += [f"## {' '.join(turn.question.split())}", ""]
        lines += [f"*{LANGUAGES[turn.language].native if turn.language in LANGUAGES else turn.language}, {turn.at}*", ""]
        if turn.question != turn.asked.strip():
            lines += [*(f"> {line}" for line in turn.asked.strip().splitlines()), ""]
        lines += answer_lines(turn.answer) if turn.answer else [turn.clarification, ""]
    lines.append(f"*{say('not_a_device', turns[-1].language)}*" if turns else "")
    return "\n".join(lines) + "\n"


def answer_lines(answer: Answer, *, notice: bool = True) -> list[str]:
    """One answer as lines of Markdown: what is urgent (unless ``notice`` is False), options, answer, verdict, sources."""
    language, lines = answer.language, list[str]()
    if answer.notice and notice:
        lines += [f"**{answer.notice}**", ""]
    for option in answer.question.options:
        mark = "**" if option.label == answer.label else ""
        lines.append(f"- {mark}{option.label}) {option.text}{mark}")
    if answer.question.options:
        lines.append("")
    lines += [answer.answer or say("abstained" if answer.abstained else "no_usable_reply", language), ""]
    if key := verdict_key(answer):
        lines += [f"*{say(key, language)}*", ""]
    if answer.citations:
        lines += [f"### {say('sources', language)}", ""]
        for number, citation in enumerate(answer.citations, 1):
            lines.append(f"{number}. {citation.title}. {citation.source} (`{citation.id}`)")
            if citation.quote:
                lines.append(f"   > {' '.join(citation.quote.split())}")
        lines.append("")
    return lines
