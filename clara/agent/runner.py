"""Runs the graph for one question and turns its last state into an Answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

from langsmith import tracing_context

from clara.agent.citing import renumbered
from clara.agent.graph import build_graph
from clara.agent.search_results import as_search_results, without_passages
from clara.agent.state import Candidate, Deps, State, english, is_english
from clara.agent.steps.verify import chosen
from clara.agent.strategies import Strategy
from clara.backbone.base import Backbone, Skills
from clara.backbone.extractive.relevance import Relevance
from clara.config import Settings
from clara.errors import BackboneError, StoreError, UnsupportedLanguage
from clara.events import REQUEST_ID, Event, Final, Notice
from clara.knowledge.base import Opens, Retriever
from clara.knowledge.glossary import Glossary
from clara.knowledge.outside.source import OutsideSource
from clara.language.codes import LANGUAGES, language_name
from clara.language.detection import question_language
from clara.language.messages import NO_MODEL, is_search
from clara.runtime.tracing import span
from clara.safety import asks_personally, urgent_notice
from clara.types import Answer, Question, Usage, Verdict

_SUPERSTEPS = 128
"""LangGraph's own stop; above what any strategy can need with ten rounds and five translations."""


class Agent:
    """The graph with its parts; safe to use from many coroutines at once."""

    def __init__(
        self,
        backbone: Backbone,
        retriever: Retriever,
        glossary: Glossary,
        settings: Settings,
        sources: Sequence[OutsideSource] = (),
    ) -> None:
        self.backbone = backbone
        self.retriever = retriever
        self.glossary = glossary
        self.settings = settings
        self.sources = tuple(sources)
        self._relevance = Relevance(glossary)

    async def prepare(self, strategies: Collection[Strategy]) -> None:
        """Find out before the first question whether what these strategies need is there.

        Raises:
            BackboneError: the server cannot be reached or refuses.
            StoreError: a strategy searches, and there is no usable store.
        """
        await self.backbone.info()
        if any(strategy.has("weigh") for strategy in strategies):
            await self.backbone.skills()
        if isinstance(self.retriever, Opens) and any(strategy.searches for strategy in strategies):
            await self.retriever.open()

    async def aclose(self) -> None:
        """Release the connections of all parts."""
        closers = [self.backbone.aclose()]
        for source in self.sources:
            closers.append(source.aclose())
        if isinstance(self.retriever, Opens):
            closers.append(self.retriever.aclose())
        await asyncio.gather(*closers)

    async def run(self, question: Question, strategy: Strategy) -> Answer:
        """Answer one question without events; the fastest way, for replays."""
        return await self._run(question, strategy, lambda _event: None, question)

    async def stream(
        self, question: Question, strategy: Strategy, *, typed: Question | None = None
    ) -> AsyncGenerator[Event]:
        """Answer one question and yield its events; the last is Final. Closing the iterator cancels the work.

        What is urgent, and what asks for personal advice, is read from the words as ``typed``, where the question is a
        rewording of them.
        """
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.create_task(self._run(question, strategy, queue.put_nowait, typed or question))
        work.add_done_callback(lambda _task: queue.put_nowait(None))
        try:
            event = await queue.get()
            while event is not None:
                yield event
                event = await queue.get()
            yield Final(await work)
        finally:
            work.cancel()
            await asyncio.wait([work])  # the caller may close the parts next

    async def _run(self, question: Question, strategy: Strategy, emit: Callable[[Event], None], typed: Question) -> Answer:
        about = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "clara",
            "clara.strategy": strategy.name,
            "clara.request_id": REQUEST_ID.get(),
        }
        with span("invoke_agent clara", about) as opened:
            answer = await self._answered(question, strategy, emit, typed)
            if opened is not None:
                opened.set_attributes(_outcome(answer))
            return answer

    async def _answered(
        self, question: Question, strategy: Strategy, emit: Callable[[Event], None], typed: Question
    ) -> Answer:
        begin = time.perf_counter()
        notice = urgent_notice(typed)
        if notice:
            emit(Notice(notice))
        try:
            answer = await self._through_graph(question, strategy, emit)
        except (BackboneError, StoreError, UnsupportedLanguage) as error:
            if not notice:
                raise
            answer = _unanswered(question, error, self.settings.interface_language)
        if notice and is_search(answer):
            answer = without_passages(answer)
        warnings = answer.warnings
        if asks_personally(typed):
            warnings = (*warnings, "not_personal_advice")
        usage = replace(answer.usage, seconds=time.perf_counter() - begin)
        return replace(answer, notice=notice, warnings=warnings, usage=usage)

    async def _through_graph(self, question: Question, strategy: Strategy, emit: Callable[[Event], None]) -> Answer:
        info = await self.backbone.info()
        if info.languages is not None:
            self._refuse_uncovered(question, info.languages)
        skills = Skills()
        if strategy.has("weigh"):
            skills = await self.backbone.skills()
        deps = Deps(
            backbone=self.backbone,
            retriever=self.retriever,
            glossary=self.glossary,
            settings=self.settings,
            strategy=strategy,
            uses_model=info.uses_model,
            skills=skills,
            sources=self.sources,
            emit=emit,
        )
        if strategy.solve is not None:
            return await strategy.solve(question, deps)
        with tracing_context(enabled=False):  # the environment may say otherwise, and may have been read before CLARA came
            state = await build_graph().ainvoke({"question": question}, {"recursion_limit": _SUPERSTEPS}, context=deps)
        return self._answer(State(**state), deps)

    def _refuse_uncovered(self, question: Question, covered: frozenset[str]) -> None:
        code = _language_of(question, self.settings.interface_language)
        if code not in covered:
            names = [language_name(known) for known in LANGUAGES if known in covered]
            raise UnsupportedLanguage(
                f"the embedded profile works without a language model and covers "
                f"{', '.join(names)}, not {language_name(code)}; "
                "connect a multilingual model with --backbone URL, or give the language with --language",
                language=code,
            )

    def _answer(self, state: State, deps: Deps) -> Answer:
        candidate = chosen(state)
        counted = partial(renumbered, citations=candidate.citations, passages=candidate.passages)
        stem, options = english(state)
        is_verified = deps.strategy.has("verify") and not state.get("sure", False)
        answer = Answer(
            question=state["question"],
            language=state["language"],
            answer=counted(state.get("answer", candidate.text)),
            answer_english="",
            label=candidate.label,
            confidence=candidate.confidence,
            votes=candidate.votes,
            certainty=state.get("certainty"),
            capped=is_verified and not state.get("accepted", False),
            failure=candidate.failure,
            citations=candidate.citations,
            verdict=candidate.verdict,
            rounds=state.get("round", 1),
            warnings=self._warnings(state, deps, candidate),
            usage=state.get("usage", Usage()),
            trace=state.get("trace", ()),
        )
        if is_english(state):
            answer = replace(answer, answer_english=counted(candidate.text), english_question=stem, english_options=options)
        if self._abstains(candidate):
            answer = replace(answer, answer="", label=None, abstained=True)
        if deps.uses_model:
            return answer
        return as_search_results(answer, candidate, stem, self.settings.kb)

    def _abstains(self, candidate: Candidate) -> bool:
        """True if a usable answer is less sure than the settings ask for."""
        if candidate.failure or candidate.confidence is None:
            return False
        return candidate.confidence < self.settings.abstain_below

    def _warnings(self, state: State, deps: Deps, candidate: Candidate) -> tuple[str, ...]:
        """What the reader should know, each once, the missing model first."""
        warnings = [*state.get("warnings", ())]
        if not deps.uses_model:
            warnings.insert(0, NO_MODEL)
        elif self._is_beyond_the_passages(state, deps, candidate):
            warnings.append("beyond_knowledge_base")
        if candidate.failure:
            warnings.append("no_usable_reply")
        return tuple(dict.fromkeys(warnings))

    def _is_beyond_the_passages(self, state: State, deps: Deps, candidate: Candidate) -> bool:
        """True for a free text that no passage is about; texts that are not in English cannot be compared."""
        stem, options = english(state)
        if options or candidate.failure or not deps.strategy.searches:
            return False
        if state["language"] != "en" and not is_english(state):
            return False
        if any(passage.language != "en" for passage in candidate.passages):
            return False
        return not self._relevance.about(stem, candidate.passages)


def _outcome(answer: Answer) -> dict[str, str | int | bool]:
    """What a span says of an answer: no text."""
    return {
        "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": answer.usage.completion_tokens,
        "clara.language": answer.language,
        "clara.calls": answer.usage.calls,
        "clara.abstained": answer.abstained,
        "clara.failure": answer.failure or "none",
        "clara.urgent": bool(answer.notice),
    }


def _language_of(question: Question, interface: str | None) -> str:
    """The language that the question gives, else the one that is recognised; the interface's decides between equals."""
    if question.language:
        return question.language
    return question_language(question, interface).code


def _unanswered(
    question: Question, error: BackboneError | StoreError | UnsupportedLanguage, interface: str | None
) -> Answer:
    """What is left to say when nothing can answer: somebody in an emergency gets the notice, not an exception."""
    warnings = [str(error)]
    if isinstance(error, BackboneError):
        warnings.insert(0, "backbone_failed")
    return Answer(
        question=question,
        language=_language_of(question, interface),
        answer="",
        answer_english="",
        failure="no_response",
        verdict=Verdict(reason=str(error)),
        warnings=tuple(warnings),
    )
