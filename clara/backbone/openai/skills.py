"""What a model does well, measured once by small trials and remembered with the server's capabilities."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from clara.backbone.base import Backbone, Skills
from clara.backbone.openai.trials import JUDGEMENTS, NEUTRAL, READING, Trial
from clara.tasks.model import ANSWER_CHOICE, GUESS, AnswerIn, LetterOut, TaskResult
from clara.types import Option

SLIPS = 1
"""Readings that may go wrong before a model is better asked for a letter alone."""
LEAST = 1e-6
"""Probability of a letter that the server did not name among the alternatives."""


async def measure(backbone: Backbone) -> Skills:
    """Try every task whose outcome the loop acts on; some thirty calls.

    Raises:
        BackboneError: the server cannot be reached or refuses.
    """
    readings, judgements, neutral = await asyncio.gather(
        asyncio.gather(*(_passes(backbone, trial) for trial in READING)),
        asyncio.gather(*(_passes(backbone, trial) for trial in JUDGEMENTS)),
        asyncio.gather(*(_letter(backbone, stem, shown) for stem, shown in NEUTRAL)),
    )
    failed = {trial.task.name for trial, passed in zip(JUDGEMENTS, judgements, strict=True) if not passed}
    trusted = {trial.task.name for trial in JUDGEMENTS} - failed
    if len(readings) - sum(readings) <= SLIPS:
        trusted.add(ANSWER_CHOICE.name)
    return Skills(tuple(sorted(trusted)), prior_of([out.probabilities for out in neutral if out and out.probabilities]))


def prior_of(measured: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean log-probability of each letter over questions that nothing decides, its mean over the letters taken away."""
    if not measured:
        return {}
    logs = {
        letter: fmean(math.log(max(probabilities.get(letter, 0.0), LEAST)) for probabilities in measured)
        for letter in measured[0]
    }
    centre = fmean(logs.values())
    return {letter: round(value - centre, 4) for letter, value in logs.items()}


async def _passes(backbone: Backbone, trial: Trial) -> bool:
    result: TaskResult[Any] = await backbone.perform(trial.task, trial.inputs, seed=0)
    return result.output is not None and trial.passes(result.output)


async def _letter(backbone: Backbone, stem: str, shown: tuple[Option, ...]) -> LetterOut | None:
    inputs = AnswerIn(language="en", original_stem=stem, original_options=shown, stem=stem, options=shown)
    return (await backbone.perform(GUESS, inputs, seed=0)).output
