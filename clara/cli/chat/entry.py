"""``clara chat``: a conversation in the terminal, or over a pipe."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AbstractContextManager, aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from clara.agent.strategies import get_strategy
from clara.backbone.base import BackboneInfo
from clara.chat.commands import split_questions
from clara.chat.export import save
from clara.chat.store import ConversationStore, open_store
from clara.cli.chat.handlers import HANDLERS, choices
from clara.cli.chat.input_line import InputLine
from clara.cli.chat.loop import Chat
from clara.cli.chat.screen import Screen
from clara.cli.chat.views import conversations_view
from clara.cli.init import offer_setup
from clara.cli.options import NOTHING_GIVEN, CommonOptions, JsonOption, LanguageOption, grouped, interface_of, without_cache
from clara.cli.output import print_json, show
from clara.cli.render import who_answers
from clara.cli.wrapping import Prose, plain
from clara.config import Settings
from clara.errors import BackboneError, DataError, UsageError
from clara.language.codes import get_language
from clara.language.messages import say
from clara.resources import version

_INTRODUCTION = 2.0
"""Seconds that a server has to name its model before the first prompt."""

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
@grouped
def chat(
    language: LanguageOption = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", "-s", help="How to answer; /strategy lists them.", show_default=False)
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="ID", help="Go on with a conversation.", show_default=False)
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the conversations and exit.")] = False,
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="With --list: those that hold TEXT.", show_default=False)
    ] = "",
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="With --resume: write it as .md or .json.", show_default=False),
    ] = None,
    delete: Annotated[
        str | None, typer.Option("--delete", metavar="ID", help="Delete a conversation and exit.", show_default=False)
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Keep nothing on disk.")] = False,
    common: CommonOptions = NOTHING_GIVEN,
    as_json: JsonOption = False,
) -> None:
    """Talk with CLARA; /help in the chat shows what it can do. Without a terminal it answers what is piped in."""
    settings = common.settings(strategy=strategy, cache=without_cache(private))
    code = get_language(language).code if language else None
    if not listing:
        _refuse_without_list(search, as_json=as_json)
    if export and not resume:
        raise UsageError("--export FILE needs the conversation: give it with --resume ID")
    if listing:
        return _list(settings, search, as_json=as_json)
    if delete:
        return _delete(settings, delete)
    if export and resume:
        return _export(settings, resume, export)
    get_strategy(settings.strategy)
    screen = Screen(interface_of(settings))
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    first = ""
    if is_terminal and not private and not common.given() and common.config is None:
        settings, first = offer_setup(settings)
    talk = Chat(settings, screen, HANDLERS, private=private, resume=resume, language=code)
    if is_terminal:
        asyncio.run(_interactive(talk, first))
        return None
    raise typer.Exit(asyncio.run(_piped(talk, _read_questions())))


def _refuse_without_list(search: str, *, as_json: bool) -> None:
    if search:
        raise UsageError("--search TEXT narrows --list: give both")
    if as_json:
        raise UsageError("--json goes with --list only; clara ask --json answers one question")


def _store(settings: Settings) -> AbstractContextManager[ConversationStore]:
    return open_store(settings.home / "conversations")


def _list(settings: Settings, search: str, *, as_json: bool) -> None:
    with _store(settings) as store:
        summaries = store.summaries(search)
    if as_json:
        print_json({"conversations": [asdict(summary) for summary in summaries]})
    else:
        show(conversations_view(summaries, interface_of(settings)))


def _delete(settings: Settings, name: str) -> None:
    with _store(settings) as store:
        conversation = store.find(name)
        store.delete(conversation)
    show(plain(f"deleted {conversation}"))


def _export(settings: Settings, name: str, file: Path) -> None:
    with _store(settings) as store:
        conversation = store.find(name)
        save(file, conversation, store.load(conversation), language=interface_of(settings))


def _read_questions() -> list[str]:
    try:
        return split_questions(sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError("standard input is not UTF-8 text") from None


async def _piped(talk: Chat, questions: list[str]) -> int:
    """Answer one question after the other; the exit code is that of the worst error."""
    async with talk:
        await _introduce(talk)
        if talk.resumes:
            await talk.session()
        for text in questions:
            talk.screen.show(Prose(f"› {text}", "bold"))
            await talk.handle(text)
            if not talk.open:
                break
    return talk.exit_code


async def _interactive(talk: Chat, first: str) -> None:
    """Prompt, answer, and again, until Ctrl-D or /quit."""
    screen = talk.screen
    async with talk:
        if talk.resumes:
            await talk.session()
        history = None if talk.private else talk.settings.home / "chat_history"
        line = InputLine(history, lambda name: choices(talk, name), lambda: _toolbar(talk), screen.interface)
        await _greet(talk)
        if first:
            await talk.handle(first)
        while talk.open:
            try:
                text = await line.read(talk.load)
            except EOFError:
                break
            except KeyboardInterrupt:
                screen.say("leave_hint", "dim")
                continue
            if text.strip():
                await talk.handle(text)
        screen.say("goodbye", "dim")


async def _introduce(talk: Chat) -> None:
    """The first line: who answers."""
    who = who_answers(await _who(talk.settings), talk.settings.backbone, talk.screen.interface)
    talk.screen.show(Prose(f"CLARA {version()} · {who}", "bold cyan"))


async def _who(settings: Settings) -> BackboneInfo:
    """Who will answer; a server that does not say within two seconds keeps nobody from typing."""
    if not settings.uses_model:
        return BackboneInfo(kind="extractive", model="none", uses_model=False)
    if settings.model:
        return BackboneInfo(kind="openai", model=settings.model, uses_model=True)
    from clara.backbone.openai.backbone import OpenAIBackbone

    async with aclosing(OpenAIBackbone.from_settings(settings)) as backbone:
        try:
            return await asyncio.wait_for(backbone.info(), _INTRODUCTION)
        except (BackboneError, TimeoutError):
            unknown = say("model_unknown", interface_of(settings))
            return BackboneInfo(kind="openai", model=unknown, uses_model=True)


async def _greet(talk: Chat) -> None:
    screen, settings = talk.screen, talk.settings
    await _introduce(talk)
    screen.say("not_a_device", "dim")
    talk.disclaimed = True
    if not settings.uses_model:
        screen.say("no_model", "dim")
    if talk.private:
        screen.say("private_on", "dim")
    screen.say("greeting")
    screen.show("")


def _toolbar(talk: Chat) -> str:
    """Who answers, how, in which language; it never waits for what is still loading."""
    session = talk.loaded
    strategy, language = talk.settings.strategy, "auto"
    if session:
        strategy, language = session.strategy.name, session.language or "auto"
    parts = [talk.answered_by, strategy, language]
    if talk.private:
        parts.append("private")
    return " · ".join((*parts, say("toolbar", talk.screen.interface)))
