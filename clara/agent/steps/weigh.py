"""A letter from the probabilities of all options, seen in every wording of the question and freed of the letters' own pull.

Each wording is asked for one letter and answers with a probability for each. From their logarithms the model's liking for
the letters is taken away, estimated without labels beforehand (PriDe: Zheng et al., "Large Language Models Are Not Robust
Multiple Choice Selectors", ICLR 2024); over the ballots each option stands behind each letter, and each place, once; and
the ballots are combined as a product of experts, the mean of their logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product
from statistics import fmean
from typing import Any

from clara.agent.ballot import together, total_usage
from clara.agent.citing import supporting
from clara.agent.state import Candidate, Deps, Outcome, State, english, ids_of
from clara.agent.steps.answer import answer_input
from clara.agent.strategies import ORDERS
from clara.tasks.model import GUESS, AnswerIn, LetterOut
from clara.tasks.turns import own_letter, turned
from clara.types import Usage, texts_by_letter

READ = 3
"""Passages that are read; a model that cannot reason gains nothing from the later ones (docs/real-models.md)."""
LEAST = 1e-4
"""Probability of a letter that the server did not name among the alternatives."""

Logs = dict[str, float]
"""Letter of the question to the logarithm of its probability, up to a constant."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One way of asking for the letter."""

    wording: str
    """``english`` or ``original``."""
    inputs: AnswerIn
    places: int
    """By how many places the options are turned."""


async def weigh(state: State, deps: Deps) -> Outcome:
    """Choose by probability; without effect where the backbone tells none."""
    ballots = _ballots(state, deps)
    results = await together(
        deps.backbone.perform(GUESS, turned(ballot.inputs, ballot.places), seed=deps.settings.seed) for ballot in ballots
    )
    usage = total_usage(results)
    labels = state["question"].labels
    logs: dict[str, list[Logs]] = {}
    for ballot, result in zip(ballots, results, strict=True):
        if result.output is not None and result.output.probabilities:
            logs.setdefault(ballot.wording, []).append(_own_logs(result.output, ballot.places, labels, deps.skills.prior))
    if not logs:
        return Outcome({"weighed": False}, {"weighed": False, "note": "no probabilities came"}, usage)
    return _decided(logs, state, usage)


def _ballots(state: State, deps: Deps) -> list[Ballot]:
    """The wordings by turns, each ballot in an order of its own; every wording in every order where that is set."""
    question, translation = state["question"], state.get("translation")
    inputs = answer_input(state)
    inputs = inputs.model_copy(update={"passages": inputs.passages[:READ], "terms": (), "original_stem": inputs.stem})
    wordings = [("english", inputs)]
    if translation is not None and inputs.stem != question.text:
        own = {"stem": question.text, "options": question.options, "original_stem": question.text}
        wordings.append(("original", inputs.model_copy(update=own)))
    options = len(question.options)
    ballots: list[Ballot] = []
    if deps.settings.permute_options:
        for (name, wording), places in product(wordings, range(options)):
            ballots.append(Ballot(name, wording, places))
        return ballots
    orders = min(options, ORDERS)
    for number in range(orders):
        name, wording = wordings[number % len(wordings)]
        ballots.append(Ballot(name, wording, number * options // orders))
    return ballots


def _own_logs(out: LetterOut, places: int, labels: Sequence[str], prior: Mapping[str, float]) -> Logs:
    """The logarithms by the question's own letters, without the letters' pull."""
    own: Logs = {}
    for letter in labels:
        log = math.log(max(out.probabilities.get(letter, 0.0), LEAST)) - prior.get(letter, 0.0)
        own[own_letter(letter, places, labels)] = log
    return own


def probabilities_of(ballots: Sequence[Logs]) -> dict[str, float]:
    """The combination of several ballots: the softmax of their mean logarithms."""
    means: Logs = {}
    for letter in ballots[0]:
        means[letter] = fmean(logs[letter] for logs in ballots)
    highest = max(means.values())
    total = sum(math.exp(mean - highest) for mean in means.values())
    return {letter: math.exp(mean - highest) / total for letter, mean in means.items()}


def _decided(logs: Mapping[str, list[Logs]], state: State, usage: Usage) -> Outcome:
    stem, options = english(state)
    combined = probabilities_of(list(chain.from_iterable(logs.values())))
    label = max(combined, key=combined.__getitem__)
    text = texts_by_letter(options)[label]
    passages = state.get("passages", ())[:READ]
    candidate = Candidate(
        text=text,
        label=label,
        confidence=combined[label],
        citations=supporting(passages, stem, text),
        passages=passages,
    )
    favourites: set[str] = set()
    rounded: dict[str, dict[str, float]] = {}
    for wording, ballots in logs.items():
        probabilities = probabilities_of(ballots)
        favourites.add(max(probabilities, key=probabilities.__getitem__))
        rounded[wording] = {letter: round(value, 4) for letter, value in probabilities.items()}
    update: dict[str, Any] = {
        "weighed": True,
        "accepted": True,
        "candidates": (*state.get("candidates", ()), candidate),
        "round": max(1, state.get("round", 0)),
    }
    if len(favourites) > 1:
        update["warnings"] = ("languages_disagree",)
    detail = {
        "weighed": True,
        "label": label,
        "answer": text,
        "confidence": candidate.confidence,
        "probabilities": rounded,
        "citations": list(ids_of(candidate.citations)),
    }
    return Outcome(update, detail, usage)
