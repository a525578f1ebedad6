"""Strategies are data: which steps run. The graph is the same for all of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from clara.errors import UsageError

STEPS: tuple[str, ...] = (
    "detect",
    "translate",
    "assess",
    "augment",
    "retrieve",
    "grade",
    "rewrite",
    "answer",
    "verify",
    "localize",
)
"""All steps in the order in which a first round meets them."""

REQUIRED = frozenset({"detect", "answer"})
"""Steps that no strategy can do without."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named set of steps."""

    name: str
    steps: frozenset[str]
    summary: str

    def has(self, step: str) -> bool:
        """True if the step is part of this strategy."""
        return step in self.steps

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


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        _strategy("direct", "localize", "asks the backbone the question as it stands"),
        _strategy("translate", "translate assess localize", "translates to English, then asks"),
        _strategy("rag", "retrieve localize", "retrieves with the untranslated question, then asks"),
        _strategy("translate_rag", "translate assess retrieve localize", "translates, retrieves, then asks"),
        _strategy(
            "clara",
            "translate assess augment retrieve grade rewrite verify localize",
            "the whole loop: translate, check, look up, retrieve, grade, answer, verify, go round again",
        ),
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
