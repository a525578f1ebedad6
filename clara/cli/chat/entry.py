"""``clara chat``: a conversation in the terminal, or over a pipe."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from clara.agent.strategies import get_strategy
from clara.chat.commands import split_questions
from clara.chat.export import save
from clara.chat.store import ConversationStore, open_store
from clara.cli.chat.handlers import HANDLERS, choices
from clara.cli.chat.input_line import InputLine
from clara.cli.chat.loop import Chat
from clara.cli.chat.screen import Screen
from clara.cli.chat.views import conversations_view
from clara.cli.init import offer_setup
from clara.cli.options import (
    BackboneOption,
    ConfigOption,
    JsonOption,
    KbOption,
    LanguageOption,
    ModelOption,
    ProfileOption,
    settings_of,
)
from clara.cli.output import print_json, show
from clara.cli.wrapping import Prose, plain
from clara.config import Settings, locale_language
from clara.errors import DataError, UsageError
from clara.language.codes import get_language
from clara.language.messages import say
from clara.resources import version

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
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
    profile: ProfileOption = None,
    config: ConfigOption = None,
    backbone: BackboneOption = None,
    model: ModelOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Talk with CLARA; /help in the chat shows what it can do. Without a terminal it answers what is piped in."""
    settings = settings_of(profile, config, backbone, model, kb, strategy=strategy, cache=False if private else None)
    code = get_language(language).code if language else None
    if search and not listing:
        raise UsageError("--search TEXT narrows --list: give both")
    if as_json and not listing:
        raise UsageError("--json goes with --list only; clara ask --json answers one question")
    if export and not resume:
        raise UsageError("--export FILE needs the conversation: give it with --resume ID")
    if listing or delete or export:
        with open_store(settings.home / "conversations") as store:
            if listing:
                _list(store, search, _interface(settings), as_json=as_json)
            elif delete:
                conversation = store.find(delete)
                store.delete(conversation)
                show(plain(f"deleted {conversation}"))
            elif export and resume:
                conversation = store.find(resume)
                save(export, conversation, store.load(conversation), language=_interface(settings))
        return
    get_strategy(settings.strategy)
    screen = Screen(_interface(settings))
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    first = ""
    if is_terminal and not private and not any((profile, config, backbone, model, kb)):
        settings, first = offer_setup(settings)
    talk = Chat(settings, screen, HANDLERS, private=private, resume=resume, language=code)
    if is_terminal:
        asyncio.run(_interactive(talk, first))
    elif exit_code := asyncio.run(_piped(talk, _read_questions())):
        raise typer.Exit(exit_code)


def _interface(settings: Settings) -> str:
    return settings.interface_language or locale_language()


def _list(store: ConversationStore, search: str, interface: str, *, as_json: bool) -> None:
    summaries = store.summaries(search)
    if as_json:
        print_json({"conversations": [asdict(summary) for summary in summaries]})
    else:
        show(conversations_view(summaries, interface))


def _read_questions() -> list[str]:
    try:
        return split_questions(sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError("standard input is not UTF-8 text") from None


async def _piped(talk: Chat, questions: list[str]) -> int:
    """Answer one question after the other; the exit code is that of the worst error."""
    async with talk:
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
        _greet(talk)
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


def _greet(talk: Chat) -> None:
    screen, settings = talk.screen, talk.settings
    who = ", ".join(settings.backbone) if settings.uses_model else "embedded"
    screen.show(Prose(f"CLARA {version()} · {who}", "bold cyan"))
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
