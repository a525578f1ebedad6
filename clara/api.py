"""The Python API: asynchronous at its core, with a synchronous wrapper for scripts and notebooks.

>>> from clara import Clara
>>> with Clara() as clara:                                  # doctest: +SKIP
...     print(clara.ask("¿Cuál es el síntoma de la catarata?").answer)
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, aclosing
from typing import Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.backbone.base import Backbone, BackboneInfo
from clara.config import Settings, load_settings
from clara.errors import ClaraError, EmptyQuestion, UsageError
from clara.events import Event
from clara.knowledge.base import Retriever
from clara.language.codes import get_language
from clara.language.display import show_in_notebooks
from clara.language.questions import parse_question
from clara.runtime.forking import never_free
from clara.types import Answer, Option, Question

T = TypeVar("T")


class Clara:
    """Answers clinical questions in many languages.

    An asynchronous context manager whose ``aask``, ``astream`` and ``abatch`` are coroutines, and a synchronous one whose
    ``ask``, ``stream`` and ``batch`` work in scripts and in notebooks alike, where an event loop already runs. Both kinds of
    call may be mixed on one object: the synchronous calls have an event loop of their own, and each loop has its agent.

    Args:
        settings: see :class:`clara.config.Settings`; None reads the environment and the settings file.
        backbone: replaces the one that the settings name.
        retriever: replaces the one that the settings name.

    Raises:
        SettingsError: the settings do not fit together.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        backbone: Backbone | None = None,
        retriever: Retriever | None = None,
    ) -> None:
        show_in_notebooks()
        self.settings = settings or load_settings()
        self._backbone = backbone
        self._retriever = retriever
        self._agents: dict[asyncio.AbstractEventLoop, Agent] = {}
        """For each event loop the agent whose connections belong to it."""
        self._portal: BlockingPortal | None = None
        """Leads into the event loop of the synchronous calls, while it runs."""
        self._thread = ExitStack()
        self._starting = threading.Lock()
        self._streams: set[AsyncGenerator[Event]] = set()
        """What :meth:`stream` has begun and not ended."""
        self._at_exit: weakref.finalize[[], Clara] | None = None
        """Ends the thread of the synchronous calls with the interpreter."""
        _objects.add(self)

    # --- asynchronous core -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Release connections, the knowledge base and the wrapper's thread; a later question opens them again."""
        await self._close_agent()
        if self._portal is not None:
            await asyncio.to_thread(self.close)

    async def _close_agent(self) -> None:
        """Close the agent of the running event loop."""
        agent = self._agents.pop(asyncio.get_running_loop(), None)
        if agent is not None:
            await agent.aclose()

    async def info(self) -> BackboneInfo:
        """Who answers.

        Raises:
            BackboneError: the server cannot be reached or refuses.
        """
        return await self._parts().backbone.info()

    async def aask(
        self,
        question: str | Question,
        *,
        options: Mapping[str, str] | None = None,
        language: str | None = None,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
    ) -> Answer:
        """Answer one question.

        Args:
            question: the text; options may stand in it as ``a) ... b) ...``.
            options: letter to text, if they are not in the text.
            language: code or English name; None detects it.
            strategy: name of a strategy; None takes the settings'.
            without: steps to leave out.

        Raises:
            EmptyQuestion: there is no text.
            UnknownLanguage, UsageError: an argument names nothing.
            UnsupportedLanguage: the embedded profile does not cover the language.
            BackboneError, StoreError: the parts do not work.
        """
        asked = make_question(question, options=options, language=language)
        return await self._parts().run(asked, self._strategy(strategy).without(*without))

    async def astream(
        self,
        question: str | Question,
        *,
        options: Mapping[str, str] | None = None,
        language: str | None = None,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
    ) -> AsyncGenerator[Event]:
        """Answer one question and yield typed events on the way; the last is :class:`clara.events.Final`.

        Closing the iterator (``contextlib.aclosing``) ends the work.
        """
        asked = make_question(question, options=options, language=language)
        async with aclosing(self._parts().stream(asked, self._strategy(strategy).without(*without))) as events:
            async for event in events:
                yield event

    async def abatch(
        self,
        questions: Iterable[str | Question],
        *,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
        concurrency: int | None = None,
    ) -> list[Answer | ClaraError]:
        """Answer many questions at once; order is kept, and a question that fails gives its error in its place.

        Args:
            questions: texts or questions.
            strategy, without: as for :meth:`aask`.
            concurrency: most questions in flight; None takes the settings' or 32.
        """
        gate = asyncio.Semaphore(concurrency or self.settings.concurrency or 32)

        async def one(question: str | Question) -> Answer | ClaraError:
            async with gate:
                try:
                    return await self.aask(question, strategy=strategy, without=without)
                except ClaraError as error:
                    return error

        return list(await asyncio.gather(*(one(question) for question in questions)))

    # --- synchronous wrapper ---------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the connections of the synchronous calls and their thread."""
        if self._portal is not None:
            self._run(self._close_agent)
            self._portal = None
            self._thread.close()

    def ask(
        self,
        question: str | Question,
        *,
        options: Mapping[str, str] | None = None,
        language: str | None = None,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
    ) -> Answer:
        """:meth:`aask`, blocking."""
        return self._run(lambda: self.aask(question, options=options, language=language, strategy=strategy, without=without))

    def batch(
        self,
        questions: Iterable[str | Question],
        *,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
        concurrency: int | None = None,
    ) -> list[Answer | ClaraError]:
        """:meth:`abatch`, blocking."""
        return self._run(lambda: self.abatch(questions, strategy=strategy, without=without, concurrency=concurrency))

    def stream(
        self,
        question: str | Question,
        *,
        options: Mapping[str, str] | None = None,
        language: str | None = None,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
    ) -> Iterator[Event]:
        """:meth:`astream` as an ordinary iterator; leaving it half-way ends the work.

        Raises:
            UsageError: it began before this process was forked.
        """
        events = self.astream(question, options=options, language=language, strategy=strategy, without=without)
        process = os.getpid()
        self._streams.add(events)
        try:
            event = self._run(lambda: anext(events, None))
            while event is not None:
                yield event
                if os.getpid() != process:
                    raise UsageError("this stream began in another process: ask again in this one")
                event = self._run(lambda: anext(events, None))
        finally:
            if os.getpid() != process:
                never_free(events)
            elif events in self._streams:
                self._streams.discard(events)
                self._run(events.aclose)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _parts(self) -> Agent:
        """The agent of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._agents:
            from clara.assembly import build_agent

            for ended in [other for other in self._agents if other.is_closed()]:
                del self._agents[ended]
            self._agents[loop] = build_agent(self.settings, backbone=self._backbone, retriever=self._retriever)
        return self._agents[loop]

    def start_over_after_fork(self) -> None:
        """In a forked process neither the wrapper's thread nor its connections live; it goes on with new ones.

        The old ones are not closed: closing would take the parent's sockets out of an epoll set that both processes share.
        """
        if self._at_exit is not None:
            self._at_exit.detach()
        never_free((self._agents, self._portal, self._thread, self._streams))
        self._agents, self._portal, self._streams = {}, None, set()
        self._thread, self._starting = ExitStack(), threading.Lock()

    def _strategy(self, strategy: str | Strategy | None) -> Strategy:
        if isinstance(strategy, Strategy):
            return strategy
        return get_strategy(strategy or self.settings.strategy)

    def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run to the end in the thread's event loop; Ctrl-C cancels the work and waits until it has ended."""
        with self._starting:
            if self._portal is None:
                self._portal = self._thread.enter_context(start_blocking_portal(name="clara"))
                self._thread.callback(self._portal.call, _close_all, self._streams)
                # a script that never closes must end too: later its thread no longer answers
                self._at_exit = weakref.finalize(self, self._thread.close)
        tasks: list[asyncio.Task[T]] = []

        async def started() -> T:
            tasks.append(asyncio.create_task(_awaited(work)))
            return await tasks[0]

        future = self._portal.start_task_soon(started)
        try:
            return future.result()
        except KeyboardInterrupt:
            # anyio would cancel again at each await of the clean-up, so the task is cancelled once, and waited for
            self._portal.call(_end, tasks)
            raise


_objects: weakref.WeakSet[Clara] = weakref.WeakSet()
"""All that live in this process."""


def _after_fork() -> None:
    for clara in list(_objects):
        clara.start_over_after_fork()


os.register_at_fork(after_in_child=_after_fork)


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


async def _close_all(streams: set[AsyncGenerator[Event]]) -> None:
    """End what an iterator was left with half-way, one after the other, before its event loop ends."""
    while streams:
        await streams.pop().aclose()


async def _end(tasks: list[asyncio.Task[T]]) -> None:
    """Cancel tasks and wait until they have ended, however they do."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def make_question(
    question: str | Question, *, options: Mapping[str, str] | None = None, language: str | None = None
) -> Question:
    """A checked :class:`Question` from what a caller gave.

    Raises:
        EmptyQuestion: there is no text.
        UsageError: fewer than two options, or a letter that is none.
        UnknownLanguage: the language is not known.
    """
    asked = question if isinstance(question, Question) else parse_question(question)
    if options:
        labels = [label.strip().upper() for label in options]
        if len(labels) < 2 or len(set(labels)) < len(labels):
            raise UsageError("a multiple-choice question needs at least two options with different letters")
        if any(len(label) != 1 or not "A" <= label <= "Z" for label in labels):
            raise UsageError("option letters go from A to Z, for example --option A=Cornea")
        given = tuple(Option(label, text.strip()) for label, text in zip(labels, options.values(), strict=True))
        asked = Question(asked.text, given, asked.language, asked.id)
    code = language or asked.language
    if code:
        asked = Question(asked.text, asked.options, get_language(code).code, asked.id)
    if not asked.text.strip():
        raise EmptyQuestion("the question is empty: give the text to answer")
    if blank := [option.label for option in asked.options if not option.text.strip()]:
        raise UsageError(f"option {blank[0]} is empty")
    return asked
