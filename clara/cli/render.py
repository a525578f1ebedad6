"""From values to what a terminal shows: pure functions, and nothing in the data is ever read as markup or control."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from clara.languages import LANGUAGES
from clara.messages import catalogue, say
from clara.types import Answer, Citation, Passage, TraceStep

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Characters that steer a terminal or hide text: C0 but newline and tab, C1, direction overrides, zero-width space."""

_FRAME = Box("╭── \n│   \n│ │ \n│   \n│   \n│   \n│   \n╰── \n")
"""Open at the right: terminals disagree on the width of Indic vowel signs, and a right border would show it."""
_FACT = 160
"""Most characters of one fact in a trace."""


def clean(text: str) -> str:
    """The text without characters that steer a terminal."""
    return UNSAFE.sub("", text.replace("\r\n", "\n"))


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
            segments = list(line)
            while segments and not segments[-1].text.strip():
                segments.pop()
            if segments:
                text, style, _ = segments.pop()
                text = text.rstrip()
                excess = sum(width_of(segment.text) for segment in segments) + width_of(text) - options.max_width
                if excess > 0:
                    text = text.removesuffix("─" * excess)
                yield from (*segments, Segment(text, style))
            yield Segment.line()


def _framed(body: RenderableType, title: str, color: str) -> Panel:
    return Panel(body, title=plain(title) if title else None, title_align="left", border_style=color, box=_FRAME)


def _grid() -> Table:
    """Two columns, a mark or number and a text of any length, nothing ever cut off."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def language_name(code: str) -> str:
    """The language in its own words, with its code."""
    return f"{LANGUAGES[code].native} ({code})" if code in LANGUAGES else code


def answer_view(answer: Answer, *, trace: bool = False) -> Group:
    """All that a reader of one answer sees."""
    language = answer.language
    parts: list[RenderableType] = [_question(answer)]
    if answer.notice:
        parts.append(_framed(Prose(answer.notice, "bold"), "", "red"))
    if text := answer.answer or (say("abstained", language) if answer.abstained else ""):
        parts.append(_framed(Prose(text), say("answer", language), "green"))
    if "localisation_doubtful" in answer.warnings and answer.answer_english:
        parts.append(Padding(plain(f"English: {answer.answer_english}", "dim"), (0, 2)))
    if answer.citations:
        parts.append(_citations(answer.citations, language))
    if verdict := verdict_line(answer):
        parts.append(Padding(verdict, (1, 2, 0, 2)))
    parts.extend(Padding(line, (0, 2)) for line in warning_lines(answer))
    parts.append(Padding(Prose(say("not_a_device", language), "dim"), (0, 2)))
    if trace:
        parts.append(trace_tree(answer))
    return Group(*parts)


def _question(answer: Answer) -> Panel:
    body: RenderableType = Prose(answer.question.text)
    if answer.question.options:
        grid = _grid()
        for option in answer.question.options:
            chosen = option.label == answer.label
            style = "bold green" if chosen else ""
            grid.add_row(plain(f"{'>' if chosen else ' '} {option.label}", style), Prose(option.text, style))
        body = Group(body, Text(), grid)
    title = f"{say('question', answer.language)} · {language_name(answer.language)}"
    return _framed(body, title, "blue")


def _citations(citations: Iterable[Citation], language: str) -> RenderableType:
    grid = _grid()
    for number, citation in enumerate(citations, 1):
        cell = plain(citation.title, "bold")
        if citation.source:
            cell.append(f"\n{clean(citation.source)}", "not bold dim")
        if citation.quote:
            cell.append(f"\n“{clean(citation.quote)}”", "not bold italic")
        grid.add_row(Text(f"[{number}]"), cell)
    return Padding(Group(plain(say("sources", language), "bold underline"), grid), (1, 2, 0, 2))


def verdict_line(answer: Answer) -> Prose | None:
    """What the verification found, in one line of the reader's language; None where there is no answer to judge."""
    if answer.failure or answer.abstained:
        return None
    verdict = answer.verdict
    if answer.capped:
        key, style = "verdict_capped", "yellow"
    elif verdict.grounded is None and verdict.answers_question is None:
        key, style = "verdict_unchecked", "dim"
    elif verdict.grounded and verdict.answers_question is None:
        key, style = "verdict_quoted", "dim"
    elif verdict.grounded and verdict.answers_question is not False:
        key, style = "verdict_grounded", "green"
    else:
        key, style = "verdict_unsure", "yellow"
    return Prose(say(key, answer.language), style)


def warning_lines(answer: Answer) -> list[Prose]:
    """Each warning in the reader's language; a code that the catalogue does not know stays as it is."""
    known = catalogue(answer.language)
    return [Prose(f"! {known.get(code, code)}", "yellow") for code in answer.warnings]


def trace_tree(answer: Answer) -> Tree:
    """The path: each step with its seconds and what came out."""
    usage = answer.usage
    head = f"{answer.rounds} round(s), {usage.seconds:.2f} s, {usage.calls} model call(s)"
    if answer.confidence is not None:
        head += f", confidence {answer.confidence:.2f}"
    tree = Tree(plain(head, "bold"), guide_style="dim")
    for step in answer.trace:
        label = plain(step.step, "bold cyan")
        label.append(f"  {step.seconds:.3f} s", "not bold dim")
        branch = tree.add(label)
        for name, fact in facts(step):
            branch.add(Prose(f"{name}: {fact}"))
    return tree


def facts(step: TraceStep) -> list[tuple[str, str]]:
    """The facts of a step that say something, each in one short line."""
    return [(name, text) for name, value in step.detail.items() if (text := _short(_fact(value)))]


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return _entry(value)
    if isinstance(value, list | tuple):
        return "; ".join(_fact(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return "" if value is None else str(value)


def _entry(value: Mapping[str, Any]) -> str:
    """A passage by its id, a term by its words, anything else by name and value."""
    if "id" in value:
        return str(value["id"])
    if "english" in value:
        return " = ".join(dict.fromkeys(str(value[key]) for key in ("source", "english") if value.get(key)))
    return "; ".join(f"{key}) {_fact(item)}" for key, item in value.items())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _FACT else f"{line[: _FACT - 1]}…"


def passages_view(passages: Sequence[Passage]) -> RenderableType:
    """Search results, best first."""
    if not passages:
        return Text("nothing found", "dim")
    grid = _grid()
    for number, passage in enumerate(passages, 1):
        cell = plain(passage.title, "bold")
        cell.append(f"  {clean(passage.id)}  {clean(passage.kind)}  {passage.score:.4f}", "not bold dim")
        cell.append(f"\n{' '.join(clean(passage.text).split())}", "not bold")
        if passage.source:
            cell.append(f"\n{clean(passage.source)}", "not bold dim")
        grid.add_row(Text(f"{number}."), cell)
    return grid


def facts_table(rows: Iterable[tuple[str, str]]) -> Table:
    """Names and values in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(plain(name, "dim"), plain(value))
    return table
