"""From values to what a terminal shows: pure functions, and nothing in the data is ever read as markup or control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import Box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from clara.backbone.base import BackboneInfo
from clara.cli.markdown import MarkdownText
from clara.cli.safe import clean
from clara.cli.wrapping import Prose, plain
from clara.config import masked
from clara.language.codes import LANGUAGES
from clara.language.messages import catalogue, is_search, say, verdict_key
from clara.types import Answer, Citation, Passage, TraceStep, one_line

_FRAME = Box("╭── \n│   \n│ │ \n│   \n│   \n│   \n│   \n╰── \n")
"""Open at the right: terminals disagree on the width of Indic vowel signs, and a right border would show it."""
_FACT = 160
"""Most characters of one fact in a trace."""


def framed(body: RenderableType, title: str, color: str) -> Panel:
    """A box that is open at the right, with a title if there is one."""
    heading: Text | None = None
    if title:
        heading = plain(title)
    return Panel(body, title=heading, title_align="left", border_style=color, box=_FRAME)


def _grid() -> Table:
    """Two columns, a mark or number and a text of any length, nothing ever cut off."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def native_name(code: str) -> str:
    """The language in its own words, with its code."""
    if code not in LANGUAGES:
        return code
    return f"{LANGUAGES[code].native} ({code})"


def answer_view(answer: Answer, *, who: str = "", trace: bool = False, notice: bool = True) -> Group:
    """All that a reader of one answer sees: what is urgent first unless it was shown already, then who answers."""
    language = answer.language
    parts: list[RenderableType] = []
    if answer.notice and notice:
        parts.append(notice_view(answer.notice))
    if who:
        parts.append(Prose(who, "dim"))
    title = say("results" if is_search(answer) else "answer", language)
    parts += [_question(answer), framed(answer_body(answer), title, "green")]
    if answer.citations:
        heading = plain(say("sources", language), "bold underline")
        sources = source_list(answer.citations, quotes=not is_search(answer))
        parts.append(Padding(Group(heading, sources), (1, 2, 0, 2)))
    verdict = verdict_line(answer)
    if verdict:
        parts.append(Padding(verdict, (1, 2, 0, 2)))
    parts.extend(Padding(line, (0, 2)) for line in warning_lines(answer))
    parts.append(Padding(Prose(say("not_a_device", language), "dim"), (0, 2)))
    if trace:
        parts.append(trace_tree(answer))
    return Group(*parts)


def who_answers(info: BackboneInfo, addresses: Sequence[str], language: str) -> str:
    """One line: the model and its addresses, or that this is a search."""
    if not info.uses_model:
        return say("search_only", language)
    return say("who_answers", language, model=info.model, server=", ".join(masked(url) for url in addresses))


def notice_view(notice: str) -> RenderableType:
    """What must be read before the answer: urgent care."""
    return framed(Prose(notice, "bold"), "", "red")


def answer_body(answer: Answer) -> RenderableType:
    """The answer's text as Markdown, or why there is none; the English original where the wording may differ from it."""
    if answer.answer:
        body: RenderableType = MarkdownText(answer.answer)
    else:
        body = Prose(say("abstained" if answer.abstained else "no_usable_reply", answer.language))
    if "localisation_doubtful" in answer.warnings and answer.answer_english:
        body = Group(body, Text(), plain(f"English: {answer.answer_english}", "dim"))
    return body


def option_list(answer: Answer) -> Table:
    """The options, the chosen one marked; a guess of a search is none."""
    grid = _grid()
    for option in answer.question.options:
        mark, style = " ", ""
        if option.label == answer.label and not is_search(answer):
            mark, style = ">", "bold green"
        grid.add_row(plain(f"{mark} {option.label}", style), Prose(option.text, style))
    return grid


def _question(answer: Answer) -> Panel:
    body: RenderableType = Prose(answer.question.text)
    if answer.question.options:
        body = Group(body, Text(), option_list(answer))
    return framed(body, f"{say('question', answer.language)} · {native_name(answer.language)}", "blue")


def source_list(citations: Iterable[Citation], *, quotes: bool = False) -> Table:
    """Each source once, under the numbers of its citations: title and source, and the quoted words if asked."""
    numbered: dict[tuple[str, str], list[tuple[int, Citation]]] = {}
    for number, citation in enumerate(citations, 1):
        numbered.setdefault((citation.title, citation.source), []).append((number, citation))
    grid = _grid()
    for (title, source), same in numbered.items():
        cell = plain(title, "bold")
        if source:
            cell.append(f"\n{clean(source)}" if quotes else f"  {clean(source)}", "not bold dim")
        for number, citation in same:
            if citation.quote and quotes:
                mark = f"[{number}] " if len(same) > 1 else ""
                cell.append(f"\n{mark}“{clean(citation.quote)}”", "not bold italic")
        grid.add_row(Text(" ".join(f"[{number}]" for number, _ in same)), cell)
    return grid


_VERDICT_STYLES = {"verdict_capped": "yellow", "verdict_unsure": "yellow", "verdict_grounded": "green"}


def verdict_line(answer: Answer) -> Prose | None:
    """What the verification found, in one line of the reader's language; None where there is no answer to judge."""
    key = verdict_key(answer)
    if key is None:
        return None
    return Prose(say(key, answer.language), _VERDICT_STYLES.get(key, "dim"))


def warning_lines(answer: Answer, *, without: frozenset[str] = frozenset()) -> list[Prose]:
    """Each warning in the reader's language; a code that the catalogue does not know stays as it is."""
    known = catalogue(answer.language)
    lines: list[Prose] = []
    for code in answer.warnings:
        if code not in without:
            lines.append(Prose(f"! {known.get(code, code)}", "yellow"))
    return lines


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
    rows: list[tuple[str, str]] = []
    for name, value in step.detail.items():
        text = one_line(_fact(value), _FACT)
        if text:
            rows.append((name, text))
    return rows


def _fact(value: Any) -> str:
    if isinstance(value, Mapping):
        return _entry(value)
    if isinstance(value, list | tuple):
        return "; ".join(_fact(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if value is None:
        return ""
    return str(value)


def _entry(value: Mapping[str, Any]) -> str:
    """A passage by its id, a term by its words, anything else by name and value."""
    if "id" in value:
        return str(value["id"])
    if "english" in value:
        return " = ".join(dict.fromkeys(str(value[key]) for key in ("source", "english") if value.get(key)))
    return "; ".join(f"{key}) {_fact(item)}" for key, item in value.items())


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
