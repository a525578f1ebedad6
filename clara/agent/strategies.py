"""Strategies are data: which steps run. The graph is the same for all of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from clara.config import Settings
from clara.errors import UsageError

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

    def has(self, step: str) -> bool:
        """True if the step is part of this strategy."""
        return step in self.steps

    @property
    def searches(self) -> bool:
        """True if it looks into the knowledge base."""
        return self.has("retrieve")

    @property
    def loops(self) -> bool:
        """True if a round that was not enough leads to another."""
        return self.has("retrieve") and self.has("rewrite") and (self.has("grade") or self.has("verify"))

    def without(self, *steps: str) -> Strategy:
        """The same strategy with steps left out, for ablations.

        Raises:
            UsageError: a step is unknown or cannot be left out.
        """
        for step in steps:
            if step not in STEPS:
                near = difflib.get_close_matches(step, STEPS, n=1)
                raise UsageError(f"unknown step {step!r}" + (f"; did you mean {near[0]}?" if near else ""))
            if step in REQUIRED:
                raise UsageError(f"no strategy can run without the step {step!r}")
        if not steps:
            return self
        name = f"{self.name} without {', '.join(sorted(steps))}"
        return replace(self, name=name, steps=self.steps - set(steps))


def _strategy(name: str, steps: str, summary: str) -> Strategy:
    return Strategy(name, frozenset(("detect", "answer", *steps.split())), summary)


_LOOP = "translate assess gauge augment retrieve grade search rewrite weigh verify localize"

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        _strategy("direct", "localize", "asks the backbone the question as it stands"),
        _strategy("translate", "translate assess localize", "translates to English, then asks"),
        _strategy("rag", "retrieve localize", "retrieves with the untranslated question, then asks"),
        _strategy("translate_rag", "translate assess retrieve localize", "translates, retrieves, then asks"),
        _strategy("react", "act retrieve search localize", "lets the backbone call the search tools, then asks"),
        _strategy(
            "clara", _LOOP, "the whole loop: translate, check, look up, retrieve, grade, answer, verify, go round again"
        ),
        _strategy("clara_vote", f"{_LOOP} vote", "the loop, and a second answer through the original language"),
    )
}


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
    return settings.samples * (options if settings.permute_options else 1)


def max_calls(strategy: Strategy, settings: Settings, options: int = 4) -> int:
    """Most tasks that the backbone performs for one question, whatever it replies.

    A task is one request to the model, or two where the first reply did not fit its schema.

    Args:
        strategy: which steps run.
        settings: rounds, attempts and votes.
        options: choices of the question; 0 for free text.
    """
    has, votes = strategy.has, ballots(settings, options)
    rounds = settings.rounds if strategy.loops else 1
    answers = rounds if has("verify") else 1
    calls = answers * votes
    if has("translate"):
        calls += settings.translations * (1 + has("assess"))
    if has("gauge") and strategy.searches and settings.certainty <= 1 and options:
        calls += GUESSES
    calls += has("augment")
    if has("act"):
        calls += settings.rounds
    if has("retrieve") and has("grade") and not has("act"):
        calls += rounds + (has("search") and bool(settings.search))
    if strategy.loops and not has("act"):
        calls += rounds - 1
    calls += answers * has("verify")
    if has("weigh") and options:
        calls += 2 * options if settings.permute_options else min(options, ORDERS)
    if has("vote"):
        calls += votes + 2
    return calls + (LOCALIZATIONS if has("localize") else 0)
