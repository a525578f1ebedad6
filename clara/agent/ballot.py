"""The answer to a multiple-choice question: one reply, or a vote of several.

Samples differ in their seed (Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models", ICLR
2023). Permutations ask every rotation of the options once, so that each text stands once behind each letter and a liking
for a position cancels out (Zheng et al., "Large Language Models Are Not Robust Multiple Choice Selectors", ICLR 2024).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from clara.agent.citing import named
from clara.agent.letters import relettered
from clara.agent.state import Candidate, Deps
from clara.agent.strategies import orders_of
from clara.tasks.model import ANSWER_CHOICE, AnswerIn, ChoiceOut, O, TaskResult
from clara.tasks.turns import own_letter, turned
from clara.types import Usage, labels_of, texts_by_letter

HEAT = 0.7
"""Temperature of samples where the settings give none: at 0 they would all be the same."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One reply, its letter mapped back to the question's own order."""

    label: str
    reply: ChoiceOut
    turned: int
    """By how many places the options were turned."""


async def choose(inputs: AnswerIn, deps: Deps) -> tuple[Candidate, Usage, tuple[str, ...]]:
    """The letter that most votes name, with the reasoning of the first; one vote unless the settings ask for more."""
    settings = deps.settings
    turns = range(orders_of(len(inputs.options), settings))
    ballot = list(product(range(settings.samples), turns))
    heat = None
    if settings.samples > 1:
        heat = settings.temperature or HEAT
    orders = [turned(inputs, turn) for turn in turns]
    results = await together(
        deps.backbone.perform(ANSWER_CHOICE, orders[turn], seed=settings.seed + sample, temperature=heat)
        for sample, turn in ballot
    )
    usage = total_usage(results)
    notes: list[str] = []
    votes: list[Vote] = []
    for (_, turn), result in zip(ballot, results, strict=True):
        notes += result.notes
        vote = _vote(result, inputs, turn)
        if vote is not None:
            votes.append(vote)
    if not votes:
        first = results[0]
        return failed(first, inputs), usage, tuple(notes)
    return _elected(votes, len(ballot), inputs), usage, tuple(notes)


def failed(result: TaskResult[Any], inputs: AnswerIn) -> Candidate:
    """The candidate of a reply that could not be read, with the reply."""
    return Candidate(
        "",
        reasoning=result.raw[:500],
        failure=result.failure or "unparsed",
        raw=result.raw,
        passages=inputs.passages,
    )


def _elected(votes: list[Vote], ballots: int, inputs: AnswerIn) -> Candidate:
    counts: Counter[str] = Counter()
    mass: defaultdict[str, float] = defaultdict(float)
    for vote in votes:
        counts[vote.label] += 1
        mass[vote.label] += _worth(vote)
    label = max(counts, key=lambda letter: (counts[letter], mass[letter]))
    supporters = [vote for vote in votes if vote.label == label]
    first = min(supporters, key=lambda vote: vote.turned)
    reasoning = _in_own_letters(first, labels_of(inputs.options))
    text = texts_by_letter(inputs.options)[label]
    citations, flags = named(first.reply.citations, inputs.passages, f"{reasoning} {text}")
    candidate = Candidate(
        text=text,
        label=label,
        reasoning=reasoning,
        confidence=first.reply.confidence,
        citations=citations,
        flags=flags,
        passages=inputs.passages,
    )
    if ballots == 1:
        return candidate
    return replace(candidate, confidence=mass[label] / ballots, votes=dict(sorted(counts.items())))


def _in_own_letters(vote: Vote, labels: Sequence[str]) -> str:
    """The reasoning of a vote on turned options, its letters those of the question."""
    if not vote.turned:
        return vote.reply.reasoning
    own = {label: own_letter(label, vote.turned, labels) for label in labels}
    return relettered(vote.reply.reasoning, own)


def _worth(vote: Vote) -> float:
    """What a vote adds to the confidence: its own where it gives one."""
    confidence = vote.reply.confidence
    if confidence is None:
        return 1.0
    return confidence


def _vote(result: TaskResult[ChoiceOut], inputs: AnswerIn, places: int) -> Vote | None:
    """The vote of a reply; None if it has no letter of the question."""
    labels = labels_of(inputs.options)
    if result.output is None:
        return None
    letter = result.output.label.upper()
    if letter not in labels:
        return None
    return Vote(own_letter(letter, places, labels), result.output, places)


def total_usage(results: Iterable[TaskResult[Any]]) -> Usage:
    """What several tasks cost together."""
    return sum((result.usage for result in results), Usage())


async def together(requests: Iterable[Coroutine[Any, Any, TaskResult[O]]]) -> list[TaskResult[O]]:
    """All results in order, of one task at least; the first error ends the others, and none is left running."""
    alone, *others = requests
    if not others:
        return [await alone]
    tasks = [asyncio.ensure_future(request) for request in (alone, *others)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
