"""What each command of the chat does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clara.agent.strategies import STRATEGIES
from clara.cli.chat import views
from clara.cli.render import facts_table, native_name, passages_view, source_list, trace_tree
from clara.errors import UsageError
from clara.language.codes import SEVEN
from clara.language.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clara.cli.chat.loop import Chat, Handler


async def show_help(chat: Chat, _argument: str) -> None:
    """List the commands and the keys."""
    chat.screen.show("", views.help_view(chat.screen.interface), "")


async def language(chat: Chat, argument: str) -> None:
    """Fix the language of the questions, or follow the user again."""
    session = await chat.session()
    if argument:
        session.fix_language(None if argument.lower() == "auto" else argument)
    if session.language is None:
        chat.screen.say("language_auto")
    else:
        chat.screen.say("language_fixed", language=native_name(session.language))


async def strategy(chat: Chat, argument: str) -> None:
    """Show the strategies, or choose one."""
    session = await chat.session()
    if argument:
        session.choose_strategy(argument)
        chat.screen.say("strategy_chosen", name=session.strategy.name)
        return
    marked = [(f"{'>' if name == session.strategy.name else ' '} {name}", it.summary) for name, it in STRATEGIES.items()]
    chat.screen.show(facts_table(marked))


async def trace(chat: Chat, _argument: str) -> None:
    """The whole path of the last answer."""
    chat.screen.show("", trace_tree((await chat.session()).last), "")


async def sources(chat: Chat, _argument: str) -> None:
    """All sources of the last answer with the quoted words."""
    citations = (await chat.session()).last.citations
    if not citations:
        raise UsageError(say("no_sources", chat.screen.interface))
    chat.screen.show("", source_list(citations, quotes=True), "")


async def source(chat: Chat, argument: str) -> None:
    """One source in full."""
    session = await chat.session()
    citations = session.last.citations
    if not citations:
        raise UsageError(say("no_sources", chat.screen.interface))
    if not argument.isdecimal() or not 1 <= int(argument) <= len(citations):
        raise UsageError(say("source_number", chat.screen.interface, last=len(citations)))
    number = int(argument)
    citation = citations[number - 1]
    chat.screen.show("", views.source_view(number, citation, await session.passage(citation)))


async def compare(chat: Chat, _argument: str) -> None:
    """The last question answered directly, beside the session's strategy."""
    session = await chat.session()
    with chat.screen.progress() as progress:
        progress.step("compare")
        names, answers = await session.compare()
    pairs = [(name, replace(answer, notice="")) for name, answer in zip(names, answers, strict=True)]
    chat.screen.show("", views.comparison_view(pairs[0], pairs[1], chat.screen.console.width))


async def kb(chat: Chat, argument: str) -> None:
    """Search the knowledge base."""
    if not argument:
        raise UsageError(say("kb_text", chat.screen.interface))
    session = await chat.session()
    with chat.screen.progress() as progress:
        progress.step("retrieve")
        found = await session.search(argument)
    chat.screen.show("", passages_view(found), "")


async def model(chat: Chat, argument: str) -> None:
    """Who answers; or another model of the same server."""
    session = await chat.session()
    with chat.screen.progress() as progress:
        progress.step("connect")
        info = await (session.choose_model(argument) if argument else session.info())
    if info.uses_model:
        chat.answered_by = info.model
    rows = [("profile", session.settings.profile), ("model", info.model), ("server", info.server)]
    rows += [("address", url) for url in session.settings.backbone if info.uses_model]
    if info.context_length:
        rows.append(("context", f"{info.context_length} tokens"))
    chat.screen.show(facts_table((name, value) for name, value in rows if value))


async def save(chat: Chat, argument: str) -> None:
    """Write the conversation to a file."""
    from clara.chat.export import save as write

    session = await chat.session()
    path = _file(argument)
    write(path, session.id, session.turns, language=chat.screen.interface)
    chat.screen.say("saved", path=path)


def _file(argument: str) -> Path:
    try:
        return Path(argument).expanduser()
    except RuntimeError:  # there is no such user: as in a shell, the name stays as it is
        return Path(argument)


async def history(chat: Chat, _argument: str) -> None:
    """The questions of this conversation."""
    session = await chat.session()
    if not session.turns:
        raise UsageError(say("nothing_asked", chat.screen.interface))
    chat.screen.show("", views.history_view(session.turns), "")


async def resume(chat: Chat, argument: str) -> None:
    """List the earlier conversations, or go on with one."""
    session = await chat.session()
    if not argument:
        chat.screen.show("", views.conversations_view(session.conversations(), chat.screen.interface), "")
        return
    session.resume(argument)
    chat.screen.show("", views.history_view(session.turns), "")
    chat.screen.say("resumed", id=session.id)


async def undo(chat: Chat, _argument: str) -> None:
    """Forget the last question and its answer."""
    dropped = (await chat.session()).undo()
    chat.screen.say("undone", question=" ".join(dropped.asked.split())[:60])


async def retry(chat: Chat, _argument: str) -> None:
    """Ask the last question again."""
    await chat.answer(None)


async def clear(chat: Chat, _argument: str) -> None:
    """Begin again."""
    (await chat.session()).clear()
    chat.screen.clear()
    chat.screen.say("cleared", "dim")


async def leave(chat: Chat, _argument: str) -> None:
    """End the chat."""
    chat.open = False


HANDLERS: dict[str, Handler] = {
    "help": show_help,
    "language": language,
    "strategy": strategy,
    "trace": trace,
    "sources": sources,
    "source": source,
    "compare": compare,
    "kb": kb,
    "model": model,
    "save": save,
    "history": history,
    "resume": resume,
    "undo": undo,
    "retry": retry,
    "clear": clear,
    "quit": leave,
}
"""Command name to what it does; exactly the commands of :data:`clara.chat.commands.COMMANDS`."""


def choices(chat: Chat, name: str) -> Iterable[tuple[str, str]]:
    """What may follow a command, for completion: value and meaning."""
    if name == "language":
        yield "auto", say("language_auto", chat.screen.interface)
        yield from ((code, native_name(code)) for code in SEVEN)
    elif name == "strategy":
        yield from ((name, it.summary) for name, it in STRATEGIES.items())
    elif name == "source" and (session := chat.loaded) and session.turns and (answer := session.turns[-1].answer):
        yield from ((str(number), citation.title) for number, citation in enumerate(answer.citations, 1))
    elif name == "resume" and (session := chat.loaded):
        yield from ((summary.id, summary.title) for summary in session.known)
