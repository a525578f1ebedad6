"""Does the backbone need evidence at all? (The paper's "context uncertainty"; selective retrieval elsewhere.)

Where the backbone tells probabilities, its confidence is that of the letter it would choose unaided. Where it does not, it
is the share of several sampled guesses that name the same letter (Wang et al., "Self-Consistency Improves Chain of Thought
Reasoning in Language Models", ICLR 2023).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clara.agent.ballot import together, total_usage
from clara.agent.state import Deps, Outcome, State, english
from clara.agent.strategies import GUESSES
from clara.tasks.model import GUESS, AnswerIn, LetterOut, TaskResult

HEAT = 0.7
"""Temperature of the sampled guesses: at 0 they would all be the same."""


async def gauge(state: State, deps: Deps) -> Outcome:
    """Guess the letter without evidence; a confidence that reaches the settings' ``certainty`` makes evidence needless."""
    question, seed = state["question"], deps.settings.seed
    stem, options = english(state)
    inputs = AnswerIn(
        language=state["language"],
        original_stem=question.text,
        original_options=question.options,
        stem=stem,
        options=options,
    )
    first = await deps.backbone.perform(GUESS, inputs, seed=seed)
    usage, guess, guesses = first.usage, first.output, 1
    if guess is not None and guess.confidence is None:
        more = await together(
            deps.backbone.perform(GUESS, inputs, seed=seed + number, temperature=HEAT) for number in range(1, GUESSES)
        )
        guess, guesses = _commonest([guess.label, *_labels(more)]), GUESSES
        usage += total_usage(more)
    label, certainty, margin = "", None, None
    if guess is not None:
        label, margin = guess.label, guess.margin
        if label.upper() in question.labels:
            certainty = guess.confidence
    sure = certainty is not None and certainty >= deps.settings.certainty
    detail = {
        "label": label,
        "certainty": certainty,
        "margin": margin,
        "guesses": guesses,
        "threshold": deps.settings.certainty,
        "sure": sure,
        "failure": first.failure,
    }
    return Outcome({"certainty": certainty, "sure": sure}, detail, usage)


def _labels(results: Iterable[TaskResult[LetterOut]]) -> list[str]:
    """The letters of the guesses that came."""
    return [result.output.label for result in results if result.output is not None]


def _commonest(labels: list[str]) -> LetterOut:
    """The letter that most of the guesses name, with their share of all that were asked for."""
    label, most = Counter(labels).most_common(1)[0]
    return LetterOut(label=label, confidence=most / GUESSES)
