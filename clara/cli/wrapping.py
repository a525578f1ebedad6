"""How a text is laid out in a terminal: what is counted as its width, where it wraps, and what is cut at the right."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from clara.cli.safe import clean


def plain(text: str, style: str = "") -> Text:
    """A cleaned text that is never read as markup."""
    return Text(clean(text), style=style)


def width_of(text: str) -> int:
    """Cells that a text may take: rich counts spacing vowel signs as nothing, most terminals as one."""
    return cell_len(text) + sum(unicodedata.category(char) == "Mc" for char in text)


class Prose:
    """A text that wraps at words by :func:`width_of`, so that no line is longer than the terminal."""

    def __init__(self, text: str, style: str = "") -> None:
        self.text = clean(text)
        self.style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(self._lines(options.max_width)), style=self.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max((width_of(line) for line in self.text.split("\n")), default=0)
        return Measurement(min(12, longest), max(1, longest)).clamp(1, options.max_width)

    def _lines(self, width: int) -> list[str]:
        """Paragraphs without spacing signs stay whole: rich wraps them right, Chinese too."""
        lines: list[str] = []
        for paragraph in self.text.split("\n"):
            if width_of(paragraph) == cell_len(paragraph):
                lines.append(paragraph)
                continue
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if line and width_of(longer) > width:
                    lines.append(line)
                    line = word
                else:
                    line = longer
            lines.append(line)
        return lines


class Ragged:
    """A view without the blanks that rich adds at the right, and with frames cut to :func:`width_of`."""

    def __init__(self, view: RenderableType) -> None:
        self.view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in console.render_lines(self.view, options, pad=False):
            yield from _fitted(line, options.max_width)
            yield Segment.line()


def _fitted(line: list[Segment], width: int) -> list[Segment]:
    """A line without its blanks at the right, and with so much less of a frame there as it is too long."""
    segments = list(line)
    while segments and not segments[-1].text.strip():
        segments.pop()
    if not segments:
        return segments
    segments[-1] = Segment(segments[-1].text.rstrip(), segments[-1].style)
    excess = sum(width_of(segment.text) for segment in segments) - width
    while excess > 0 and segments and segments[-1].text.endswith("─"):
        text, style, _ = segments.pop()
        frame = len(text) - len(text.rstrip("─"))
        cut = min(frame, excess)
        excess -= cut
        if len(text) > cut:
            segments.append(Segment(text[: len(text) - cut], style))
    return segments
