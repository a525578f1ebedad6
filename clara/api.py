"""The Python API. Only this module assembles concrete parts.

>>> from clara import Clara
>>> with Clara() as clara:                                  # doctest: +SKIP
...     print(clara.ask("¿Cuál es el síntoma de la catarata?").answer)
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Self, TypeVar

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.backbone.base import Backbone, BackboneInfo
from clara.config import Settings, load_settings
from clara.errors import ClaraError, EmptyQuestion, UsageError
from clara.events import Event
from clara.knowledge.base import Retriever
from clara.language.codes import get_language
from clara.language.questions import parse_question
from clara.types import Answer, Option, Question

T = TypeVar("T")


class Clara:
    """Answers clinical questions in many languages.

    An asynchronous context manager whose ``aask``, ``astream`` and ``abatch`` are coroutines, and a synchronous one whose
    ``ask``, ``stream`` and ``batch`` work in scripts and in notebooks alike, where an event loop already runs.

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
        self.settings = settings or load_settings()
        self._backbone = backbone
        self._retriever = retriever
        self._agent: Agent | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """The one that the agent's connections belong to."""
        self._thread: _LoopThread | None = None

    # --- asynchronous core -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Release connections and the knowledge base; a later question opens them again."""
        if self._agent is None:
            return
        if self._loop is asyncio.get_running_loop():
            agent, self._agent = self._agent, None
            await agent.aclose()
        elif self._thread is not None and self._thread.loop is self._loop:
            await asyncio.to_thread(self.close)

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
        """Release connections and the wrapper's thread."""
        if self._thread is not None:
            self._run(self.aclose())
            self._thread.stop()
            self._thread = None

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
        return self._run(self.aask(question, options=options, language=language, strategy=strategy, without=without))

    def batch(
        self,
        questions: Iterable[str | Question],
        *,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
        concurrency: int | None = None,
    ) -> list[Answer | ClaraError]:
        """:meth:`abatch`, blocking."""
        return self._run(self.abatch(questions, strategy=strategy, without=without, concurrency=concurrency))

    def stream(
        self,
        question: str | Question,
        *,
        options: Mapping[str, str] | None = None,
        language: str | None = None,
        strategy: str | Strategy | None = None,
        without: Iterable[str] = (),
    ) -> Iterator[Event]:
        """:meth:`astream` as an ordinary iterator; leaving it half-way ends the work."""
        events = self.astream(question, options=options, language=language, strategy=strategy, without=without)
        try:
            while True:
                try:
                    yield self._run(anext(events))
                except StopAsyncIteration:
                    return
        finally:
            if self._thread is not None:
                self._run(events.aclose())

    # --- parts -----------------------------------------------------------------------------------------------------

    def _parts(self) -> Agent:
        """The agent of the running event loop; new once the loop of the last one is closed."""
        loop = asyncio.get_running_loop()
        if self._agent is not None and self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise UsageError("this Clara works in another event loop: use one for each loop, or close it there first")
            self._agent = None
        if self._agent is None:
            from clara.assembly import build_agent

            self._loop = loop
            self._agent = build_agent(self.settings, backbone=self._backbone, retriever=self._retriever)
        return self._agent

    def _strategy(self, strategy: str | Strategy | None) -> Strategy:
        if isinstance(strategy, Strategy):
            return strategy
        return get_strategy(strategy or self.settings.strategy)

    def _run(self, work: Any) -> Any:
        if self._thread is None:
            self._thread = _LoopThread()
        return self._thread.run(work)


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
        if any(len(label) != 1 or not "A" <= label <= "J" for label in labels):
            raise UsageError("option letters go from A to J, for example --option A=Cornea")
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


class _LoopThread:
    """An event loop in a thread of its own, so that the synchronous wrapper works where a loop already runs."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._worker = threading.Thread(target=self.loop.run_forever, name="clara", daemon=True)
        self._worker.start()

    def run(self, work: Awaitable[T]) -> T:
        """Run to the end and return the result; Ctrl-C cancels the work and waits until it has ended."""
        tasks: list[asyncio.Task[T]] = []

        async def awaited() -> T:
            return await work

        async def started() -> T:
            tasks.append(asyncio.create_task(awaited()))
            return await tasks[0]

        try:
            return asyncio.run_coroutine_threadsafe(started(), self.loop).result()
        except KeyboardInterrupt:
            asyncio.run_coroutine_threadsafe(_ended(tasks), self.loop).result()
            raise

    def stop(self) -> None:
        """End all work, the loop and the thread."""
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._worker.join()
        self.loop.close()

    async def _finish(self) -> None:
        await _ended([task for task in asyncio.all_tasks() if task is not asyncio.current_task()])
        await self.loop.shutdown_asyncgens()


async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, however they do."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
