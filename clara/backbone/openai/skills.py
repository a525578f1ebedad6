"""What a model does well, measured once by small trials and remembered with the server's capabilities."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, cast

from clara.backbone.base import Backbone, Skills
from clara.backbone.openai.trials import JUDGEMENTS, READING, TRANSLATIONS, Trial
from clara.tasks.model import ANSWER_CHOICE, GUESS, AnswerIn, LetterOut, TaskResult
from clara.tasks.turns import turned

SLIPS = 1
"""Readings that may go wrong before a model is better asked for a letter alone."""
LEAST = 1e-6
"""Probability of a letter that the server did not name among the alternatives."""
UNSURE = 0.4
"""Pull of a letter, as a logarithm, that these few readings cannot tell from none."""


async def measure(backbone: Backbone) -> Skills:
    """Try every task whose outcome the loop acts on: some twenty short replies, and a letter for every order of a reading.

    Raises:
        BackboneError: the server cannot be reached or refuses.
    """
    readings, judgements, translations, letters = await asyncio.gather(
        asyncio.gather(*(_passes(backbone, trial) for trial in READING)),
        asyncio.gather(*(_passes(backbone, trial) for trial in JUDGEMENTS)),
        asyncio.gather(*(_passes(backbone, trial) for trial in TRANSLATIONS.values())),
        asyncio.gather(*(_letter(backbone, inputs) for inputs in every_order())),
    )
    failed = {trial.task.name for trial, passed in zip(JUDGEMENTS, judgements, strict=True) if not passed}
    trusted = {trial.task.name for trial in JUDGEMENTS} - failed
    if len(readings) - sum(readings) <= SLIPS:
        trusted.add(ANSWER_CHOICE.name)
    translated = [language for language, passed in zip(TRANSLATIONS, translations, strict=True) if passed]
    prior = prior_of([out.probabilities for out in letters if out and out.probabilities])
    return Skills(tuple(sorted(trusted)), prior, tuple(translated))


def every_order() -> list[AnswerIn]:
    """The readings in every order of their options: over all orders each text stood once behind each letter."""
    orders: list[AnswerIn] = []
    for trial in READING:
        inputs = cast("AnswerIn", trial.inputs)
        orders += [turned(inputs, places) for places in range(len(inputs.options))]
    return orders


def prior_of(measured: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean log-probability of each letter over questions in every order, its mean over the letters taken away.

    What the options say cancels out, and what is left is the model's liking for the letters (PriDe: Zheng et al., "Large
    Language Models Are Not Robust Multiple Choice Selectors", ICLR 2024, eq. 7).
    """
    if not measured:
        return {}
    logs = {
        letter: fmean(math.log(max(probabilities.get(letter, 0.0), LEAST)) for probabilities in measured)
        for letter in measured[0]
    }
    centre = fmean(logs.values())
    return {letter: _beyond_doubt(value - centre) for letter, value in logs.items()}


def _beyond_doubt(pull: float) -> float:
    """What of a measured pull is surely there (soft thresholding)."""
    if abs(pull) <= UNSURE:
        return 0.0
    return round(pull - math.copysign(UNSURE, pull), 4)


async def _passes(backbone: Backbone, trial: Trial) -> bool:
    result: TaskResult[Any] = await backbone.perform(trial.task, trial.inputs, seed=0)
    return result.output is not None and trial.passes(result.output)


async def _letter(backbone: Backbone, inputs: AnswerIn) -> LetterOut | None:
    return (await backbone.perform(GUESS, inputs, seed=0)).output
