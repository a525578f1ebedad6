"""The chat's loop: read, answer or obey, show; stop an answer without leaving, leave without losing a turn."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import AsyncExitStack, aclosing, contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from clara.chat.commands import nearest, parse_command
from clara.chat.turns import Condensed
from clara.cli.chat.screen import LiveAnswer, Screen
from clara.cli.render import notice_view
from clara.cli.wrapping import Prose
from clara.config import Settings
from clara.errors import ClaraError
from clara.events import Notice, Retry, StepStarted, Token
from clara.language.messages import say

if TYPE_CHECKING:
    from clara.chat.session import ChatEvent, ChatSession
    from clara.chat.turns import Turn

Handler = Callable[["Chat", str], Awaitable[None]]
"""What a command does, given the chat and the words after the command's name."""
_SETTLE = 0.05
"""Seconds between the first prompt and the loading of the heavy parts behind it."""


class Chat:
    """One chat on one screen; an asynchronous context manager.

    Args:
        settings: profile, servers, knowledge bases.
        screen: where to show things.
        handlers: command name to what it does.
        private: keep nothing on disk.
        resume: id of a conversation to go on with.
        language: fixed language of the questions, or None.
    """

    def __init__(
        self,
        settings: Settings,
        screen: Screen,
        handlers: Mapping[str, Handler],
        *,
        private: bool = False,
        resume: str | None = None,
        language: str | None = None,
    ) -> None:
        self.settings = settings
        self.screen = screen
        self.private = private
        self.open = True
        """False once the user has asked to leave."""
        self.exit_code = 0
        """The highest exit code of an error that was shown."""
        self.answered_by = settings.model or settings.profile
        """The model, once it is known, else the profile."""
        self._handlers = handlers
        self.resumes = resume
        """Id of the conversation to go on with, or None."""
        self._language = language
        self._loading: asyncio.Task[ChatSession] | None = None
        self._stack = AsyncExitStack()
        self._hinted = False
        self.disclaimed = False
        """True once it has been said that this is no medical device."""

    async def __aenter__(self) -> Chat:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._loading and not self._loading.done():
            self._loading.cancel()
            with suppress(asyncio.CancelledError, ClaraError):
                await self._loading
        await self._stack.aclose()

    # --- the session behind the prompt -----------------------------------------------------------------------------

    def load(self) -> None:
        """Begin to load what answers, a moment after the prompt is there."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(self._load(_SETTLE))

    async def session(self) -> ChatSession:
        """The session, once it is loaded.

        Raises:
            ClaraError: the conversations cannot be kept, or the one to resume does not exist.
        """
        if self._loading is None or (self._loading.done() and self._loading.exception()):
            self._loading = asyncio.get_running_loop().create_task(self._load(0))
        return await asyncio.shield(self._loading)

    @property
    def loaded(self) -> ChatSession | None:
        """The session if it is there already."""
        loading = self._loading
        if loading is None or not loading.done() or loading.cancelled():
            return None
        if loading.exception() is not None:
            return None
        return loading.result()

    async def _load(self, settle: float) -> ChatSession:
        await asyncio.sleep(settle)
        module = await asyncio.to_thread(import_module, "clara.chat.session")
        session: ChatSession = module.ChatSession(self.settings, private=self.private)
        session.fix_language(self._language)
        await self._stack.enter_async_context(session)
        if self.resumes:
            session.resume(self.resumes)
        with suppress(ClaraError):  # reported when a question needs the agent
            await session.agent()
        return session

    # --- one input -------------------------------------------------------------------------------------------------

    async def handle(self, text: str) -> None:
        """Obey a command or answer a question; an error is shown, and the chat goes on."""
        command = parse_command(text)
        work = self.answer(text) if command is None else self._obey(*command)
        try:
            await self._interruptible(work)
        except ClaraError as error:
            self.screen.error(error)
            self.exit_code = max(self.exit_code, error.exit_code)

    async def answer(self, text: str | None) -> None:
        """Ask a question, or the last one again if ``text`` is None, and show the answer."""
        from clara.cli.chat.views import reply_view

        noticed: list[str] = []
        with self.screen.progress() as progress:
            session = await self.session()
            events: AsyncGenerator[ChatEvent] = session.retry() if text is None else session.ask(text)
            async with aclosing(events) as stream:
                async for event in stream:
                    self._follow(event, progress, noticed)
            if session.settings.uses_model:
                self.answered_by = (await session.info()).model
        turn: Turn = session.turns[-1]
        if turn.answer is None:
            self.screen.show("", Prose(turn.clarification, "yellow"), "")
            return
        is_noticed = turn.answer.notice in noticed
        self.screen.show(reply_view(turn.answer, notice=not is_noticed, disclaimer=not self.disclaimed))
        self.disclaimed = True
        if turn.answer.citations and not self._hinted:
            self._hinted = True
            self.screen.say("source_hint", "dim")
            self.screen.show("")

    def _follow(self, event: ChatEvent, progress: LiveAnswer, noticed: list[str]) -> None:
        if isinstance(event, Token):
            progress.token(event.text)
        elif isinstance(event, StepStarted):
            progress.step(event.step, event.round)
        elif isinstance(event, Retry):
            progress.discard()
        elif isinstance(event, Notice):
            noticed.append(event.text)
            self.screen.show(notice_view(event.text))
        elif isinstance(event, Condensed):
            self.screen.show(Prose(say("understood_as", self.screen.interface, question=event.question), "dim"))

    async def _obey(self, name: str, argument: str) -> None:
        handler = self._handlers.get(name)
        if handler is not None:
            await handler(self, argument)
            return
        near = nearest(name)
        key = "unknown_command_near" if near else "unknown_command"
        self.screen.say(key, "yellow", name=f"/{name}", near=f"/{near}")
        self.exit_code = max(self.exit_code, 2)

    async def _interruptible(self, work: Coroutine[Any, Any, None]) -> None:
        """Run until done; in a terminal Ctrl-C stops the work and nothing else."""
        if not (self.screen.console.is_terminal and sys.stdin.isatty()):
            await work
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(work)
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        try:
            with _silent_keys():
                await asyncio.wait([task])
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            if not task.done():
                task.cancel()
        if task.cancelled():
            self.screen.say("stopped", "yellow")
        else:
            task.result()


@contextmanager
def _silent_keys() -> Generator[None]:
    """What is typed while an answer runs is kept for the next prompt and not echoed into the answer."""
    import termios

    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(file, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSANOW, before)
