"""Strategies are data: which steps run. The graph is the same for all of them."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from clara.config import Settings
from clara.errors import UsageError
from clara.types import Answer, Question

if TYPE_CHECKING:
    from clara.backbone.base import Backbone
    from clara.knowledge.base import Retriever
    from clara.knowledge.glossary import Glossary


class Parts(Protocol):
    """What the graph works with, for a strategy that answers by itself."""

    @property
    def backbone(self) -> Backbone:
        """Does the typed tasks of :mod:`clara.tasks.model`."""
        ...

    @property
    def retriever(self) -> Retriever:
        """Searches the knowledge base."""
        ...

    @property
    def glossary(self) -> Glossary:
        """Terms in several languages."""
        ...

    @property
    def settings(self) -> Settings:
        """How questions are asked in this run."""
        ...


Solve = Callable[[Question, Parts], Awaitable[Answer]]
"""From a question and the parts of the graph to an answer."""

STEPS: tuple[str, ...] = (
    "detect",
    "translate",
    "assess",
    "gauge",
    "augment",
    "act",
    "retrieve",
    "grade",
    "search",
    "rewrite",
    "weigh",
    "answer",
    "verify",
    "vote",
    "localize",
)
"""All steps in the order in which a first round meets them."""

REQUIRED = frozenset({"detect", "answer"})
"""Steps that no strategy can do without."""
GUESSES = 5
"""Guesses that the gauge compares where the backbone gives no probabilities."""
ORDERS = 4
"""Orders of the options that ``weigh`` asks in at most, unless every one is set."""
LOCALIZATIONS = 2
"""Most attempts at putting the answer into the asker's language."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named set of steps."""

    name: str
    steps: frozenset[str]
    summary: str
    solve: Solve | None = None
    """Answers in place of the graph; the steps then say only which parts it uses, and none can be left out."""

    def has(self, step: str) -> bool:
        """True if the step is part of this strategy."""
        return step in self.steps

    @property
    def searches(self) -> bool:
        """True if it looks into the knowledge base."""
        return self.has("retrieve")

    def gauges(self, settings: Settings) -> bool:
        """True if it asks first whether evidence is needed, and the settings can be satisfied without."""
        return self.has("gauge") and self.searches and settings.certainty <= 1

    @property
    def loops(self) -> bool:
        """True if a round that was not enough leads to another: something judges it."""
        return {"retrieve", "rewrite"} <= self.steps and not self.steps.isdisjoint({"grade", "verify"})

    def without(self, *steps: str) -> Strategy:
        """The same strategy with steps left out, for ablations.

        Raises:
            UsageError: a step is unknown or cannot be left out.
        """
        for step in steps:
            if step not in STEPS:
                raise UsageError(_unknown_step(step))
            if step in REQUIRED:
                raise UsageError(f"no strategy can run without the step {step!r}")
        if not steps:
            return self
        if self.solve is not None and not self.steps.isdisjoint(steps):
            raise UsageError(f"the strategy {self.name!r} answers by itself: no step can be left out")
        name = f"{self.name} without {', '.join(sorted(steps))}"
        return replace(self, name=name, steps=self.steps - set(steps))


def _unknown_step(step: str) -> str:
    near = difflib.get_close_matches(step, STEPS, n=1)
    if not near:
        return f"unknown step {step!r}"
    return f"unknown step {step!r}; did you mean {near[0]}?"


def _strategy(name: str, steps: str, summary: str) -> Strategy:
    return Strategy(name, frozenset(("detect", "answer", *steps.split())), summary)


_LOOP = "translate assess gauge augment retrieve grade search rewrite weigh verify localize"

_ALL = (
    _strategy("direct", "localize", "asks the backbone the question as it stands"),
    _strategy("translate", "translate assess localize", "translates to English, then asks"),
    _strategy("rag", "retrieve localize", "retrieves with the untranslated question, then asks"),
    _strategy("translate_rag", "translate assess retrieve localize", "translates, retrieves, then asks"),
    _strategy("react", "act retrieve search localize", "lets the backbone call the search tools, then asks"),
    _strategy("clara", _LOOP, "the whole loop: translate, check, look up, retrieve, grade, answer, verify, go round again"),
    _strategy("clara_vote", f"{_LOOP} vote", "the loop, and a second answer through the original language"),
)
STRATEGIES: dict[str, Strategy] = {strategy.name: strategy for strategy in _ALL}


def get_strategy(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        UsageError: there is none; the message lists them.
    """
    if name not in STRATEGIES:
        raise UsageError(f"unknown strategy {name!r}; choose one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]


def ballots(settings: Settings, options: int) -> int:
    """Answers asked for in one round: every sample of every order of the options; a free-text answer has no vote."""
    if not options:
        return 1
    return settings.samples * orders_of(options, settings)


def orders_of(options: int, settings: Settings) -> int:
    """In how many orders the options are shown: every rotation of them, or their own alone."""
    if settings.permute_options:
        return options
    return 1


def max_calls(strategy: Strategy, settings: Settings, options: int = 4) -> int:
    """Most tasks that the backbone performs for one question, whatever it replies.

    A task is one request to the model, or two where the first reply did not fit its schema. Passages that give orders to a
    model are not foreseen: each verification then costs one more answer and one more verification.

    Args:
        strategy: which steps run.
        settings: rounds, attempts and votes.
        options: choices of the question; 0 for free text.
    """
    has, votes = strategy.has, ballots(settings, options)
    rounds = 1
    if strategy.loops:
        rounds = settings.rounds
    calls = has("augment") + LOCALIZATIONS * has("localize")
    if has("translate"):
        calls += settings.translations * (1 + has("assess"))
    if options and strategy.gauges(settings):
        calls += GUESSES
    if has("act"):
        calls += settings.rounds
    else:
        calls += _judgements(strategy, settings, rounds)
    if has("verify"):
        calls += rounds * (votes + 1)
    else:
        calls += votes
    if has("weigh") and options:
        calls += _weighings(options, settings)
    if has("vote"):
        calls += votes + 2
    return calls


def _weighings(options: int, settings: Settings) -> int:
    """Most ballots of a letter by probability: every order in both wordings, or a few orders in all."""
    if settings.permute_options:
        return 2 * options
    return min(options, ORDERS)


def _judgements(strategy: Strategy, settings: Settings, rounds: int) -> int:
    """Most grades and rewrites of one question where the backbone does not call the tools itself."""
    calls = 0
    if strategy.has("retrieve") and strategy.has("grade"):
        calls += rounds + (strategy.has("search") and bool(settings.search))
    if strategy.loops:
        calls += rounds - 1
    return calls
