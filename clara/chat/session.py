"""A chat as an object: ask, change the settings of the conversation, look back. The terminal is one of its users.

Importing this module is heavy (LangGraph, Chroma); the terminal does it while the user types.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace as changed
from typing import Self

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.assembly import build_agent, build_backbone
from clara.backbone.base import BackboneInfo
from clara.chat.store import ConversationStore, Summary, new_id, open_store
from clara.chat.turns import Condensed, Turn, now
from clara.chat.understanding import spoken, understand
from clara.config import Settings, locale_language
from clara.errors import BackboneRefused, ClaraError, UnsupportedLanguage, UsageError
from clara.events import Event, Final, Notice, StepFinished, StepStarted
from clara.knowledge.base import Query
from clara.language.codes import LANGUAGES, SEVEN, get_language
from clara.language.detection import detect_language
from clara.language.messages import say
from clara.language.questions import parse_question
from clara.safety import urgent_notice
from clara.types import Answer, Citation, Passage, Question

ChatEvent = Event | Condensed
"""What happens during a turn: the agent's events, and how a follow-up was understood."""
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
        self.typed = ""
        """The last thing that was asked, answered or not."""
        self._is_unanswered = False
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
        self.store = self._open.enter_context(open_store(folder))
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
        they were. Nothing of a question that was stopped or failed reaches the disk.

        Raises:
            ClaraError: the parts do not work; the earlier turns stay.
        """
        self.typed, self._is_unanswered = text, not replace
        earlier = self.turns[:-1] if replace else self.turns
        typed = self._as_typed(text, earlier)
        notice = urgent_notice(typed)
        if notice:  # from the words as typed, before any part can rewrite them, ask back or fail
            yield Notice(notice)
        agent = await self.agent()
        yield StepStarted("understand", 0)
        clock = asyncio.get_running_loop().time
        begin = clock()
        understood = await understand(text, earlier, agent.backbone, language=self.language, interface=self.interface)
        question = understood.question
        yield StepFinished("understand", 0, clock() - begin, {"question": question.text})
        turn = Turn(text, question.text, question.language or "", self.strategy.name, now(), None, understood.clarification)
        if not turn.clarification:
            if not question.options and question.text != text.strip():
                yield Condensed(question.text)
            async with aclosing(agent.stream(question, self.strategy, typed=typed)) as events:
                async for event in events:
                    if isinstance(event, Final):
                        turn = changed(turn, answer=event.answer)
                    elif not isinstance(event, Notice):
                        yield event
            if turn.answer is None:  # a stream always ends with Final or raises
                raise ClaraError("the agent ended without an answer; please report this with --debug output")
        self._keep(turn, replace=replace)

    def _as_typed(self, text: str, earlier: Sequence[Turn]) -> Question:
        question = parse_question(text)
        return changed(question, language=self.language or spoken(question, earlier, self.interface))

    def _keep(self, turn: Turn, *, replace: bool) -> None:
        """Write a turn that has ended, behind the others or in the place of the last."""
        if replace:
            row = self.turns[-1].row
            self.store.replace(row, turn)
            self.turns = (*self.turns[:-1], changed(turn, row=row))
        else:
            row = self.store.add(self.id, turn)
            self.turns = (*self.turns, changed(turn, row=row))
        self._is_unanswered = False

    async def retry(self) -> AsyncGenerator[ChatEvent]:
        """Ask the last question again; an answer that it had gives way to the new one, sampled with another seed.

        Raises:
            UsageError: nothing has been asked.
        """
        if not self.typed:
            raise UsageError(say("nothing_asked", self.interface))
        replace = bool(self.turns) and not self._is_unanswered
        if replace:
            agent = await self.agent()
            fresh = agent.settings.model_copy(update={"seed": agent.settings.seed + 1})
            self._agent = Agent(agent.backbone, agent.retriever, agent.glossary, fresh, agent.sources)
        async with aclosing(self.ask(self.typed, replace=replace)) as events:
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

    def undo(self) -> Turn:
        """Forget the last turn; nothing of it stays on disk.

        Raises:
            UsageError: there is none.
        """
        if not self.turns:
            raise UsageError(say("nothing_asked", self.interface))
        dropped = self.turns[-1]
        self.store.forget(dropped.row)
        self.turns = self.turns[:-1]
        self._is_unanswered = True
        return dropped

    def clear(self) -> None:
        """Begin a new conversation; the old one stays in the list."""
        self.id, self.turns, self.typed, self._is_unanswered = new_id(), (), "", False

    def resume(self, id: str) -> None:  # noqa: A002
        """Go on with an earlier conversation.

        Raises:
            UsageError: there is none of that id; the present conversation stays.
            DataError: it cannot be read; the present conversation stays.
        """
        found = self.store.find(id)
        turns = self.store.load(found)
        self.id, self.turns, self._is_unanswered = found, turns, False
        self.typed = turns[-1].asked if turns else ""

    def conversations(self, search: str = "") -> list[Summary]:
        """Earlier conversations, newest first."""
        self.known = self.store.summaries(search)
        return self.known

    # --- settings of the conversation ------------------------------------------------------------------------------

    def fix_language(self, language: str | None) -> None:
        """Take all questions as being in one language; None follows the user again.

        Raises:
            UnknownLanguage: the language is not known.
            UnsupportedLanguage: nothing here covers it without a language model.
        """
        code = get_language(language).code if language else None
        if code is not None and code not in SEVEN and not self.settings.uses_model:
            covered = ", ".join(LANGUAGES[known].native for known in SEVEN)
            message = say("language_uncovered", self.interface, covered=covered, language=LANGUAGES[code].native)
            raise UnsupportedLanguage(message, language=code)
        self.language = code

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
        code = self.language or detect_language(text, self.interface).code
        terms = " ".join(term.english for term in agent.glossary.lookup(text, code))
        texts = tuple(dict.fromkeys(wording for wording in (text, terms) if wording))
        return await agent.retriever.search(Query(texts, kinds=self.settings.kind_weights), k=k)

    async def passage(self, citation: Citation) -> Passage | None:
        """The whole passage that a citation quotes, or None if the knowledge base no longer finds it."""
        agent = await self.agent()
        texts = tuple(dict.fromkeys(text for text in (citation.quote, citation.title) if text))
        found = await agent.retriever.search(Query(texts), k=_SEARCHED) if texts else ()
        return next((passage for passage in found if passage.id == citation.id), None)
