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
    while rule := _RULE.search(text):
        columns = rule.group().count("|") - 1
        row = rf"\|(?:[^|\n]*\|){{{columns}}}"
        head = re.search(rf"{row}\s*$", text[: rule.start()])
        if head is None:
            lines.append(text[: rule.end()])
            text = text[rule.end() :]
            continue
        lines += [text[: head.start()].strip(), head.group().strip()]
        text = text[rule.end() :].lstrip()
        while body := re.match(row, text):
            lines.append(body.group())
            text = text[body.end() :].lstrip()
    return "\n".join(line for line in (*lines, text) if line)


def _items(text: str) -> str:
    found = list(_ITEM.finditer(text))
    breaks: list[int] = []
    for at, first in enumerate(found):
        if first[1] != "1":
            continue
        run = [first]
        for later in found[at + 1 :]:
            if later[1] == str(len(run) + 1):
                run.append(later)
        if len(run) > 1:
            breaks += [item.start(1) for item in run if item.start(1) not in breaks]
    edges = [0, *sorted(breaks), len(text)]
    return "\n".join(part for a, b in pairwise(edges) if (part := text[a:b].strip()))
