"""The lines of a passage, for a prompt: chunks are stored without line breaks, which runs lists and tables together."""

from __future__ import annotations

import re
from itertools import pairwise

_RULE = re.compile(r"\|(?:[ \t]*:?-{3,}:?[ \t]*\|)+")
"""The line under the head of a Markdown table."""
_ITEM = re.compile(r"(?:^|(?<=[.:;!?])\s+)(\d{1,2})\.\s+(?=\S)")
"""What may be the number of a list's item: at the start, or behind the end of a sentence."""


def laid_out(text: str) -> str:
    """The text with a line for each row of a table and each item of a numbered list, and without marks of bold type.

    A table is known by the line under its head, a list by the numbers 1, 2, and so on. Words are never changed.
    """
    return _items(_rows(text.replace("**", "")))


def _rows(text: str) -> str:
    lines: list[str] = []
    rule = _RULE.search(text)
    while rule is not None:
        columns = rule.group().count("|") - 1
        row = rf"\|(?:[^|\n]*\|){{{columns}}}"
        head = re.search(rf"{row}\s*$", text[: rule.start()])
        if head is None:
            lines.append(text[: rule.end()])
            text = text[rule.end() :]
        else:
            lines += [text[: head.start()].strip(), head.group().strip()]
            body, text = _leading_rows(re.compile(row), text[rule.end() :].lstrip())
            lines += body
        rule = _RULE.search(text)
    return "\n".join(filter(None, (*lines, text)))


def _leading_rows(row: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """The rows that a text begins with, and what comes behind them."""
    rows: list[str] = []
    match = row.match(text)
    while match is not None:
        rows.append(match.group())
        text = text[match.end() :].lstrip()
        match = row.match(text)
    return rows, text


def _items(text: str) -> str:
    items = list(_ITEM.finditer(text))
    breaks: set[int] = set()
    for at, first in enumerate(items):
        if first[1] != "1":
            continue
        run = [first]
        for later in items[at + 1 :]:
            if later[1] == str(len(run) + 1):
                run.append(later)
        if len(run) > 1:
            breaks.update(item.start(1) for item in run)
    edges = [0, *sorted(breaks), len(text)]
    parts = [text[start:end].strip() for start, end in pairwise(edges)]
    return "\n".join(filter(None, parts))
