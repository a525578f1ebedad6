"""A chat as an object: ask, change the settings of the conversation, look back. The terminal is one of its users.

Importing this module is heavy (LangGraph, Chroma); the terminal does it while the user types.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Self

from langsmith import tracing_context

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.assembly import build_agent, build_backbone
from clara.backbone.base import BackboneInfo
from clara.chat.conversation import ChatEvent, TurnDeps, build_conversation
from clara.chat.store import ConversationStore, Summary, config, new_id, open_store
from clara.chat.turns import Turn
from clara.config import Settings, locale_language
from clara.errors import BackboneRefused, UsageError
from clara.knowledge.base import Query
from clara.language.codes import get_language
from clara.language.detection import detect_language
from clara.language.messages import say
from clara.types import Answer, Citation, Passage

_SEARCHED = 20
"""Passages among which the full text of a citation is looked for."""


class ChatSession:
    """One conversation at a time, with the parts that answer it. An asynchronous context manager.

    Args:
        settings: profile, servers, knowledge bases.
        private: keep the conversation in memory only.
        agent: replaces the one that the settings describe.
    """

    def __init__(self, settings: Settings, *, private: bool = False, agent: Agent | None = None) -> None:
        self.known: list[Summary] = []
        """The earlier conversations as they were listed last."""
        self.settings = settings
        self.private = private
        self.id = new_id()
        self.turns: tuple[Turn, ...] = ()
        self.said = ""
        """The last thing that was asked, answered or not."""
        self._waiting = False
        """True if the last thing that was asked has no turn: stopped, or failed."""
        self.language: str | None = None
        """Fixed language of the questions, or None to follow the user."""
        self.interface = settings.interface_language or locale_language()
        self.strategy: Strategy = get_strategy(settings.strategy)
        self._agent = agent
        self._building = asyncio.Lock()
        self._open = AsyncExitStack()
        self.store: ConversationStore

    async def __aenter__(self) -> Self:
        """Open the conversations; the agent is built when it is needed first.

        Raises:
            DataError: the conversations cannot be kept.
        """
        folder = None if self.private else self.settings.home / "conversations"
        self.store = await self._open.enter_async_context(open_store(folder))
        self._graph = build_conversation(self.store.saver)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._open.aclose()
        if self._agent is not None:
            await self._agent.aclose()

    async def agent(self) -> Agent:
        """The agent, built once in a worker thread.

        Raises:
            StoreError: the knowledge base is not built.
            PromptError, KnowledgeError: a file is not usable.
        """
        async with self._building:
            if self._agent is None:
                self._agent = await asyncio.to_thread(build_agent, self.settings)
            return self._agent

    # --- asking ----------------------------------------------------------------------------------------------------

    async def ask(self, text: str, *, replace: bool = False) -> AsyncGenerator[ChatEvent]:
        """One turn: its events on the way; when it ends, ``turns[-1]`` is the turn.

        ``replace`` puts it in the place of the last turn, which stays until then.

        Closing the iterator stops the answer, cancels the request to the model server, and leaves the earlier turns as
        they were. Nothing of a question that was stopped or failed stays on disk.

        Raises:
            ClaraError: the parts do not work; the earlier turns stay.
        """
        self.said, self._waiting = text, not replace
        queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue()
        agent = await self.agent()
        deps = TurnDeps(agent, self.strategy, self.language, self.interface, queue.put_nowait, replace)
        work = asyncio.create_task(self._turn(text, deps))
        work.add_done_callback(lambda _task: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await work
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait([work])

    async def retry(self) -> AsyncGenerator[ChatEvent]:
        """Ask the last question again; an answer that it had gives way to the new one, sampled with another seed.

        Raises:
            UsageError: nothing has been asked.
        """
        if not self.said:
            raise UsageError(say("nothing_asked", self.interface))
        replace = bool(self.turns) and not self._waiting
        if replace:
            agent = await self.agent()
            fresh = agent.settings.model_copy(update={"seed": agent.settings.seed + 1})
            self._agent = Agent(agent.backbone, agent.retriever, agent.glossary, fresh, agent.sources)
        async with aclosing(self.ask(self.said, replace=replace)) as events:
            async for event in events:
                yield event

    async def compare(self) -> tuple[tuple[str, str], tuple[Answer, Answer]]:
        """The last question answered directly, and with the session's strategy (``clara`` if that is direct too).

        Returns:
            The names of the two strategies and their answers.

        Raises:
            UsageError: nothing has been answered.
        """
        question = self.last.question
        direct = get_strategy("direct")
        other = self.strategy if self.strategy.name != "direct" else get_strategy("clara")
        agent = await self.agent()
        first, second = await asyncio.gather(agent.run(question, direct), agent.run(question, other))
        return (direct.name, other.name), (first, second)

    async def _turn(self, text: str, deps: TurnDeps) -> None:
        async with AsyncExitStack() as failing:
            failing.push_async_callback(self._keep, self.turns)
            with tracing_context(enabled=False):  # the environment may say otherwise
                state = await self._graph.ainvoke({"said": text}, config(self.id), context=deps, durability="exit")
            failing.pop_all()
        self.turns = tuple(Turn.from_json(turn) for turn in state.get("turns", ()))
        self._waiting = False
        await self.store.prune(self.id)

    async def _keep(self, turns: tuple[Turn, ...]) -> None:
        """Leave these turns on disk and nothing else of the conversation: the channels of a turn hold its text too."""
        if not turns:
            await self.store.delete(self.id)
            return
        kept = {"turns": [turn.to_json() for turn in turns], "said": "", "question": {}}
        with tracing_context(enabled=False):
            await self._graph.aupdate_state(config(self.id), kept, as_node="answer")
        await self.store.prune(self.id)

    # --- the conversation ------------------------------------------------------------------------------------------

    @property
    def last(self) -> Answer:
        """The newest answer.

        Raises:
            UsageError: there is none.
        """
        for turn in reversed(self.turns):
            if turn.answer is not None:
                return turn.answer
        raise UsageError(say("nothing_answered", self.interface))

    async def undo(self) -> Turn:
        """Forget the last turn; nothing of it stays on disk.

        Raises:
            UsageError: there is none.
        """
        if not self.turns:
            raise UsageError(say("nothing_asked", self.interface))
        await self._keep(self.turns[:-1])
        dropped, self.turns = self.turns[-1], self.turns[:-1]
        self._waiting = True
        return dropped

    def clear(self) -> None:
        """Begin a new conversation; the old one stays in the list."""
        self.id, self.turns, self.said, self._waiting = new_id(), (), "", False

    async def resume(self, id: str) -> None:  # noqa: A002
        """Go on with an earlier conversation.

        Raises:
            UsageError: there is none of that id; the present conversation stays.
            DataError: it cannot be read; the present conversation stays.
        """
        found = await self.store.find(id)
        turns = await self.store.load(found)
        self.id, self.turns = found, turns
        self.said, self._waiting = (self.turns[-1].asked if self.turns else ""), False

    async def conversations(self, search: str = "") -> list[Summary]:
        """Earlier conversations, newest first."""
        self.known = await self.store.summaries(search)
        return self.known

    # --- settings of the conversation ------------------------------------------------------------------------------

    def fix_language(self, language: str | None) -> None:
        """Take all questions as being in one language; None follows the user again.

        Raises:
            UnknownLanguage: the language is not known.
        """
        self.language = get_language(language).code if language else None

    def choose_strategy(self, name: str) -> None:
        """Answer with another strategy from now on.

        Raises:
            UsageError: there is no such strategy.
        """
        self.strategy = get_strategy(name)

    async def info(self) -> BackboneInfo:
        """Who answers.

        Raises:
            BackboneError: the server cannot be reached or refuses.
        """
        return await (await self.agent()).backbone.info()

    async def choose_model(self, name: str) -> BackboneInfo:
        """Answer with another model of the same servers.

        Raises:
            UsageError: the profile has no model, or the server does not have this one; the old model stays.
            BackboneError: the server cannot be reached.
        """
        if not self.settings.uses_model:
            raise UsageError(say("no_model_to_choose", self.interface))
        settings = self.settings.model_copy(update={"model": name})
        backbone = build_backbone(settings)
        async with AsyncExitStack() as failing:
            failing.push_async_callback(backbone.aclose)
            try:
                info = await backbone.info()
            except BackboneRefused as error:
                raise UsageError(str(error)) from None
            failing.pop_all()
        old = await self.agent()
        self.settings = settings
        self._agent = Agent(backbone, old.retriever, old.glossary, settings, old.sources)
        await old.backbone.aclose()
        return info

    # --- knowledge -------------------------------------------------------------------------------------------------

    async def search(self, text: str, k: int = 5) -> tuple[Passage, ...]:
        """Passages of the knowledge base about a text in any language.

        Raises:
            StoreError: the knowledge base is not built.
        """
        agent = await self.agent()
        code = self.language or detect_language(text).code
        terms = " ".join(term.english for term in agent.glossary.lookup(text, code))
        texts = tuple(dict.fromkeys(wording for wording in (text, terms) if wording))
        return await agent.retriever.search(Query(texts, kinds=self.settings.kind_weights), k=k)

    async def passage(self, citation: Citation) -> Passage | None:
        """The whole passage that a citation quotes, or None if the knowledge base no longer finds it."""
        agent = await self.agent()
        texts = tuple(dict.fromkeys(text for text in (citation.quote, citation.title) if text))
        found = await agent.retriever.search(Query(texts), k=_SEARCHED) if texts else ()
        return next((passage for passage in found if passage.id == citation.id), None)
