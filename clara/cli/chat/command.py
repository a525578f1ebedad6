"""``clara chat``: a conversation in the terminal, or over a pipe."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from clara.errors import DataError, UsageError

if TYPE_CHECKING:
    from clara.cli.chat.loop import Chat
    from clara.cli.chat.screen import Screen
    from clara.config import Settings

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
    from clara.language.codes import get_language

    code = get_language(language).code if language else None
    if search and not listing:
        raise UsageError("--search TEXT narrows --list: give both")
    if as_json and not listing:
        raise UsageError("--json goes with --list only; clara ask --json answers one question")
    if listing:
        asyncio.run(_list(settings, search, as_json=as_json))
    elif delete:
        asyncio.run(_delete(settings, delete))
    elif export:
        if not resume:
            raise UsageError("--export FILE needs the conversation: give it with --resume ID")
        asyncio.run(_export(settings, resume, export))
    else:
        from clara.agent.strategies import get_strategy

        get_strategy(settings.strategy)
        if sys.stdin.isatty() and sys.stdout.isatty():
            chosen = any((profile, config, backbone, model, kb))
            _interactive(settings, private=private, resume=resume, language=code, offer=not chosen)
        else:
            _piped(settings, private=private, resume=resume, language=code)


# --- conversations on disk ---------------------------------------------------------------------------------------------


async def _list(settings: Settings, search: str, *, as_json: bool) -> None:
    from clara.chat.store import open_store
    from clara.cli.output import print_json, show

    async with open_store(settings.home / "conversations") as store:
        found = await store.summaries(search)
    if as_json:
        entries = [{"id": it.id, "title": it.title, "turns": it.turns, "updated": it.updated} for it in found]
        print_json({"conversations": entries})
        return
    from clara.cli.chat.views import conversations_view
    from clara.config import locale_language

    show(conversations_view(found, settings.interface_language or locale_language()))


async def _delete(settings: Settings, name: str) -> None:
    from clara.chat.store import open_store
    from clara.cli.output import show
    from clara.cli.wrapping import plain

    async with open_store(settings.home / "conversations") as store:
        found = await store.find(name)
        await store.delete(found)
    show(plain(f"deleted {found}"))


async def _export(settings: Settings, name: str, path: Path) -> None:
    from clara.chat.export import save
    from clara.chat.store import open_store
    from clara.config import locale_language

    async with open_store(settings.home / "conversations") as store:
        found = await store.find(name)
        save(path, found, await store.load(found), language=settings.interface_language or locale_language())


# --- talking -----------------------------------------------------------------------------------------------------------


def _screen(settings: Settings) -> Screen:
    from clara.cli.chat.screen import Screen
    from clara.config import locale_language

    return Screen(settings.interface_language or locale_language())


def _piped(settings: Settings, *, private: bool, resume: str | None, language: str | None) -> None:
    """Answer what standard input holds; the exit code is that of the worst error."""
    from clara.chat.commands import split_questions
    from clara.cli.chat.handlers import HANDLERS
    from clara.cli.chat.loop import Chat
    from clara.cli.wrapping import Prose

    try:
        questions = split_questions(sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DataError("standard input is not UTF-8 text") from None

    async def run() -> int:
        async with Chat(settings, _screen(settings), HANDLERS, private=private, resume=resume, language=language) as chat:
            if resume:
                await chat.session()
            for text in questions:
                chat.screen.show(Prose(f"› {text}", "bold"))
                await chat.handle(text)
                if not chat.open:
                    break
            return chat.exit_code

    if code := asyncio.run(run()):
        raise typer.Exit(code)


def _interactive(settings: Settings, *, private: bool, resume: str | None, language: str | None, offer: bool) -> None:
    """Prompt, answer, and again, until Ctrl-D or /quit."""
    first = ""
    if offer and not private:
        from clara.cli.init import offer_setup

        settings, first = offer_setup(settings)
    from clara.cli.chat.handlers import HANDLERS, choices
    from clara.cli.chat.loop import Chat
    from clara.cli.chat.prompt import Prompt

    screen = _screen(settings)

    async def run() -> None:
        async with Chat(settings, screen, HANDLERS, private=private, resume=resume, language=language) as chat:
            if resume:
                await chat.session()
            history = None if private else settings.home / "chat_history"
            prompt = Prompt(history, lambda name: choices(chat, name), lambda: _toolbar(chat), screen.interface)
            _greet(chat)
            if first:
                await chat.handle(first)
            while chat.open:
                try:
                    text = await prompt.read(chat.load)
                except EOFError:
                    break
                except KeyboardInterrupt:
                    screen.say("leave_hint", "dim")
                    continue
                if text.strip():
                    await chat.handle(text)
            screen.say("goodbye", "dim")

    asyncio.run(run())


def _greet(chat: Chat) -> None:
    from clara.cli.wrapping import Prose
    from clara.resources import version

    screen, settings = chat.screen, chat.settings
    by = ", ".join(settings.backbone) if settings.uses_model else "embedded"
    screen.show(Prose(f"CLARA {version()} · {by}", "bold cyan"))
    screen.say("not_a_device", "dim")
    if not settings.uses_model:
        screen.say("no_model", "dim")
    if chat.private:
        screen.say("private_on", "dim")
    screen.say("greeting")
    screen.show("")


def _toolbar(chat: Chat) -> str:
    """Who answers, how, in which language; it never waits for what is still loading."""
    session, settings = chat.loaded, chat.settings
    parts = [chat.answered_by, session.strategy.name if session else settings.strategy]
    parts.append(session.language if session and session.language else "auto")
    if chat.private:
        parts.append("private")
    from clara.language.messages import say

    return " · ".join((*parts, say("toolbar", chat.screen.interface)))
