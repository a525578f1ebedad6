"""Markdown of an answer for a terminal: no links that hide their address, no HTML, and lines that fit in every script."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown
from rich.segment import Segment

from clara.cli.safe import clean
from clara.cli.wrapping import width_of

_BREAK = re.compile(r"(?<=\S)\n(?=\S)")
_NARROWEST = 20
"""Columns; below that a line may be too long rather than a letter wide."""
WIDEST = 100
"""Columns; longer lines are hard to read."""


class MarkdownText:
    """An answer as Markdown, wrapped by :func:`clara.cli.wrapping.width_of`; a line break in it stays one."""

    def __init__(self, text: str) -> None:
        self.text = clean(text)
        self._markdown = Markdown(_BREAK.sub("  \n", self.text), hyperlinks=False)
        parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
        self._markdown.parsed = parser.parse(self._markdown.markup)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        goal = min(options.max_width, WIDEST)
        width = goal
        while True:
            lines = console.render_lines(self._markdown, options.update(width=width), pad=False)
            excess = max((width_of("".join(part.text for part in line).rstrip()) for line in lines), default=0) - goal
            if excess <= 0 or width - excess < _NARROWEST:
                break
            width -= excess
        for line in lines:
            yield from line
            yield Segment.line()
