"""The graph's state, what its steps need, and what a step returns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypedDict

from clara.agent.strategies import Strategy
from clara.backbone.base import Backbone, Skills
from clara.config import Settings
from clara.events import Event
from clara.knowledge.base import Retriever
from clara.knowledge.glossary import Glossary
from clara.knowledge.outside.source import OutsideSource
from clara.tasks.model import Action, TermHint
from clara.types import Citation, Option, Passage, Question, TraceStep, Usage, Verdict


@dataclass(frozen=True, slots=True)
class Translation:
    """An English version of the question, with what the guards and the backbone say of it."""

    stem: str
    options: tuple[Option, ...] = ()
    flags: tuple[str, ...] = ()
    """What the deterministic guards found wrong."""
    adequate: bool = True
    problem: str = ""
    missing: bool = False
    """True if no translation came: the stem is the original."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer of one round."""

    text: str
    """English where the strategy translates, else in the question's language."""
    label: str | None = None
    reasoning: str = ""
    confidence: float | None = None
    citations: tuple[Citation, ...] = ()
    failure: str | None = None
    raw: str = ""
    """The reply as it came, where it could not be read."""
    verdict: Verdict = Verdict()
    flags: tuple[str, ...] = ()
    """Citations removed because they named no passage, and the like."""
    passages: tuple[Passage, ...] = ()
    """What was shown when it was written."""
    votes: Mapping[str, int] = field(default_factory=dict[str, int])
    """Letter to votes where several answers were asked for, else empty."""

    @property
    def wording(self) -> str:
        """What it says: the reasoning, else the answer itself."""
        return self.reasoning or self.text

    def cited_numbers(self) -> tuple[int, ...]:
        """The numbers (from 1) of the shown passages that it cites, in order."""
        cited = ids_of(self.citations)
        return tuple(number for number, passage in enumerate(self.passages, 1) if passage.id in cited)

    def cited_passages(self) -> list[Passage]:
        """The shown passages that it cites, in the order in which they were shown."""
        return [self.passages[number - 1] for number in self.cited_numbers()]


def is_accepted(candidate: Candidate) -> bool:
    """True for a usable answer that nothing speaks against."""
    return not candidate.failure and not candidate.verdict.refused


def objections(candidate: Candidate) -> str:
    """What speaks against an answer, as the next round reads it."""
    return "; ".join(filter(None, (candidate.verdict.reason, *candidate.verdict.flags)))


class State(TypedDict, total=False):
    """What travels through the graph. Each step returns only what it changes."""

    question: Question
    language: str
    translations: tuple[Translation, ...]
    """Every attempt, in order."""
    translation: Translation | None
    """The one in use; None where the question's own words are."""
    terms: tuple[TermHint, ...]
    certainty: float | None
    """Confidence without evidence, where the gauge asked for it."""
    sure: bool
    """True if that is enough to answer without evidence."""
    action: Action
    """What the ``act`` step decided to do next."""
    query: str
    """The query of the current round."""
    rewritten: bool
    """True if a model wrote it; False or absent where it is made of the question's own words."""
    tried: tuple[str, ...]
    """Every wording searched for so far, this round's included."""
    passages: tuple[Passage, ...]
    """The evidence of the current round, best first."""
    sufficient: bool
    outside: tuple[str, ...]
    """Ids of the passages that outside sources gave; there once they were asked, empty if they gave none."""
    round: int
    """1 in the first round."""
    reason: str
    """Why the last round was not enough."""
    weighs: bool
    """True if options are weighed before the answer step: the backbone is not trusted to reason first."""
    weighed: bool
    """True if the options' probabilities decided."""
    retrieved: tuple[str, ...]
    """Ids of what the last search of the knowledge base found."""
    exhausted: bool
    """True if another round would only repeat what was searched or found."""
    candidates: tuple[Candidate, ...]
    chosen: Candidate
    """What the vote decided for; without a vote the best candidate is taken."""
    accepted: bool
    answer: str
    """In the asker's language."""
    warnings: Annotated[tuple[str, ...], operator.add]
    usage: Annotated[Usage, operator.add]
    trace: Annotated[tuple[TraceStep, ...], operator.add]


def _nobody(_event: Event) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Deps:
    """What the steps work with; everything is injected."""

    backbone: Backbone
    retriever: Retriever
    glossary: Glossary
    settings: Settings
    strategy: Strategy
    uses_model: bool
    skills: Skills = Skills()
    """What the backbone was measured to do well; every task is trusted where nothing was measured."""
    sources: tuple[OutsideSource, ...] = ()
    """Outside sources that the settings name; none may be asked otherwise."""
    emit: Callable[[Event], None] = _nobody

    def silent(self) -> Deps:
        """The same parts with nobody listening."""
        return replace(self, emit=_nobody)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did: its change of the state, and the facts for its trace entry."""

    update: Mapping[str, Any]
    detail: Mapping[str, Any]
    usage: Usage = Usage()


def is_english(state: State) -> bool:
    """True if :func:`english` gives English words: the question is English, or a translation came."""
    if state["language"] == "en":
        return True
    translation = state.get("translation")
    return translation is not None and not translation.missing


def english(state: State) -> tuple[str, tuple[Option, ...]]:
    """Stem and options to reason on: the translation in use, else the question's own words."""
    translation = state.get("translation")
    if translation is not None:
        return translation.stem, translation.options
    return state["question"].text, state["question"].options


def english_terms(state: State, most: int | None = None) -> str:
    """The English names of the question's terms, or of the first ``most``; empty if it has none."""
    return " ".join(term.english for term in state.get("terms", ())[:most])


def queries_before(state: State) -> set[str]:
    """The queries of the earlier rounds, whatever their case."""
    return {query.casefold() for query in state.get("tried", ())}


def ids_of(sources: Iterable[Passage | Citation]) -> tuple[str, ...]:
    """The ids of passages or citations, in order."""
    return tuple(source.id for source in sources)


GATHERED = 16
"""Most passages that several searches leave together."""


def gathered(before: tuple[Passage, ...], new: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The earlier passages and the new ones, each once, in the order in which they came."""
    known = ids_of(before)
    fresh = tuple(passage for passage in new if passage.id not in known)
    return (*before, *fresh)[:GATHERED]
