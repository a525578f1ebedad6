"""``clara ask``: one question, one answer."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clara.agent.strategies import Strategy, get_strategy
from clara.backbone.base import BackboneInfo
from clara.cli.options import (
    NOTHING_GIVEN,
    CommonOptions,
    JsonOption,
    LanguageOption,
    NoCacheOption,
    PermuteOption,
    QuietOption,
    SamplesOption,
    grouped,
    interface_of,
    without_cache,
)
from clara.cli.output import print_json, progress_console, show
from clara.cli.render import answer_view, notice_view, who_answers
from clara.config import Settings, masked
from clara.errors import BackboneError, ClaraError, DataError, EmptyQuestion, UsageError
from clara.events import Final, Notice, StepStarted
from clara.types import Answer, Question

if TYPE_CHECKING:
    from clara.api import Clara

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
@grouped
def ask(
    text: Annotated[
        str | None, typer.Argument(help="The question; - or nothing reads standard input.", show_default=False)
    ] = None,
    language: LanguageOption = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy", "-s", help="direct, translate, rag, translate_rag, react, clara or clara_vote.", show_default=False
        ),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="A=TEXT", help="One choice; repeat it.", show_default=False)
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="STEP", help="Leave a step out; repeatable.", show_default=False)
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the question from a file.", show_default=False)] = None,
    samples: SamplesOption = None,
    permute_options: PermuteOption = None,
    no_cache: NoCacheOption = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show the path that led to the answer.")] = False,
    common: CommonOptions = NOTHING_GIVEN,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer one clinical question, in its own language; options may stand in the text as a) ... b) ..."""
    from clara.api import make_question

    question = make_question(read_text(text, file), options=parse_options(option or []), language=language)
    settings = common.settings(samples=samples, permute_options=permute_options, cache=without_cache(no_cache))
    # a phrase that several languages share is in that of the interface
    settings = settings.model_copy(update={"interface_language": interface_of(settings)})
    steps = get_strategy(strategy or settings.strategy).without(*(without or []))
    reply = asyncio.run(_answer(settings, question, steps, quiet=quiet, as_json=as_json))
    answer, info = reply.answer, reply.info
    if as_json:
        addresses = [masked(url) for url in settings.backbone] if info.uses_model else []
        print_json(answer.to_json() | {"answered_by": {"model": info.model, "addresses": addresses}})
        return
    who = who_answers(info, settings.backbone, interface_of(settings))
    show(answer_view(answer, who=who, trace=trace, notice=answer.notice not in reply.notices))


@dataclass(frozen=True, slots=True)
class _Reply:
    answer: Answer
    info: BackboneInfo
    """Who answered."""
    notices: list[str]
    """The lines about urgent care that were shown already."""


async def _answer(settings: Settings, question: Question, strategy: Strategy, *, quiet: bool, as_json: bool) -> _Reply:
    """Ask while a line on standard error names the step at work; what is urgent is shown at once."""
    notices: list[str] = []
    with progress_console(quiet=quiet or as_json).status("starting") as status:
        from clara.api import Clara

        async with Clara(settings) as clara, aclosing(clara.astream(question, strategy=strategy)) as events:
            async for event in events:
                if isinstance(event, StepStarted):
                    status.update(event.step if event.round < 2 else f"{event.step} (round {event.round})")
                elif isinstance(event, Notice) and not as_json:
                    notices.append(event.text)
                    show(notice_view(event.text))
                elif isinstance(event, Final):
                    return _Reply(event.answer, await _who(clara), notices)
    raise ClaraError("the agent ended without an answer; please report this with --debug output")


async def _who(clara: Clara) -> BackboneInfo:
    """Who answered; a server that is down has said nothing of itself."""
    try:
        return await clara.info()
    except BackboneError:
        return BackboneInfo(kind="openai", model=clara.settings.model or "no model", uses_model=True)


def read_text(text: str | None, file: Path | None) -> str:
    """The question's text from the argument, a file, or standard input."""
    if file is not None:
        if text is not None:
            raise UsageError("give the question as TEXT or with --file, not both")
        try:
            return file.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise DataError(f"{file} is not UTF-8 text") from None
    if text is None and sys.stdin.isatty():
        raise EmptyQuestion("there is no question: give it as TEXT, with --file, or on standard input")
    if text is None or text == "-":
        try:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise DataError("standard input is not UTF-8 text") from None
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError("the question is not UTF-8 text; check the terminal's encoding")
    return text


def parse_options(given: list[str]) -> dict[str, str]:
    """Letter to text of ``--option A=...``."""
    options: dict[str, str] = {}
    for item in given:
        label, equals, text = item.partition("=")
        label = label.strip().upper()
        if not equals:
            raise UsageError(f"--option {item!r} has no letter: write it as A=TEXT")
        if label in options:
            raise UsageError(f"option {label} is given twice")
        options[label] = text
    return options
