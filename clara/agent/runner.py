"""Runs the graph for one question and turns its last state into an Answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from langsmith import tracing_context

from clara.agent.graph import build_graph
from clara.agent.state import Deps, State, english
from clara.agent.steps.verify import best
from clara.agent.strategies import Strategy
from clara.backbone.base import Backbone
from clara.config import Settings
from clara.detection import question_language
from clara.errors import UnsupportedLanguage
from clara.events import Event, Final
from clara.knowledge.base import Retriever
from clara.knowledge.glossary import Glossary
from clara.languages import LANGUAGES
from clara.types import Answer, Question, Usage

_SUPERSTEPS = 64
"""LangGraph's own stop; far above what any strategy can need with ten rounds."""


class Agent:
    """The graph with its parts; safe to use from many coroutines at once."""

    def __init__(self, backbone: Backbone, retriever: Retriever, glossary: Glossary, settings: Settings) -> None:
        self.backbone = backbone
        self.retriever = retriever
        self.glossary = glossary
        self.settings = settings

    async def run(self, question: Question, strategy: Strategy) -> Answer:
        """Answer one question without events; the fastest way, for replays."""
        return await self._run(question, strategy, lambda _event: None)

    async def stream(self, question: Question, strategy: Strategy) -> AsyncIterator[Event]:
        """Answer one question and yield its events; the last is Final. Closing the iterator cancels the work."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.create_task(self._run(question, strategy, queue.put_nowait))
        work.add_done_callback(lambda _task: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            yield Final(await work)
        finally:
            work.cancel()

    async def _run(self, question: Question, strategy: Strategy, emit: Callable[[Event], None]) -> Answer:
        begin = time.perf_counter()
        info = await self.backbone.info()
        if info.languages is not None:
            self._refuse_uncovered(question, info.languages)
        deps = Deps(self.backbone, self.retriever, self.glossary, self.settings, strategy, info.uses_model, emit)
        with tracing_context(enabled=False):  # the environment may say otherwise, and may have been read before CLARA came
            state = await build_graph().ainvoke({"question": question}, {"recursion_limit": _SUPERSTEPS}, context=deps)
        return self._answer(State(**state), deps, time.perf_counter() - begin)

    @staticmethod
    def _refuse_uncovered(question: Question, covered: frozenset[str]) -> None:
        code = question.language or question_language(question).code
        if code not in covered:
            name = LANGUAGES[code].name if code in LANGUAGES else code
            raise UnsupportedLanguage(
                f"the embedded profile works without a language model and covers "
                f"{', '.join(LANGUAGES[c].name for c in LANGUAGES if c in covered)}, not {name}; "
                "connect a multilingual model with --backbone URL, or give the language with --language",
                language=code,
            )

    def _answer(self, state: State, deps: Deps, seconds: float) -> Answer:
        candidate = best(state["candidates"])
        stem, options = english(state)
        translated = state.get("translation") is not None or state["language"] == "en"
        abstained = (
            not candidate.failure and candidate.confidence is not None and candidate.confidence < self.settings.abstain_below
        )
        warnings = [*state.get("warnings", ())]
        if not deps.uses_model:
            warnings.insert(0, "no_model")
        if candidate.failure:
            warnings.append("no_usable_reply")
        verified = deps.strategy.has("verify")
        return Answer(
            question=state["question"],
            language=state["language"],
            answer="" if abstained else state.get("answer", candidate.text),
            answer_english=candidate.text if translated else "",
            english_question=stem if translated else "",
            english_options=options if translated else (),
            label=None if abstained else candidate.label,
            confidence=candidate.confidence,
            abstained=abstained,
            capped=verified and not state.get("accepted", False),
            failure=candidate.failure,
            citations=candidate.citations,
            verdict=candidate.verdict,
            rounds=state.get("round", 1),
            warnings=tuple(dict.fromkeys(warnings)),
            usage=state.get("usage", Usage()) + Usage(seconds=seconds),
            trace=state.get("trace", ()),
        )
