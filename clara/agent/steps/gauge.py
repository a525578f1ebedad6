"""Does the backbone need evidence at all? (The paper's "context uncertainty"; selective retrieval elsewhere.)

Where the backbone tells probabilities, its confidence is that of the letter it would choose unaided. Where it does not, it
is the share of several sampled guesses that name the same letter (Wang et al., "Self-Consistency Improves Chain of Thought
Reasoning in Language Models", ICLR 2023).
"""

from __future__ import annotations

from collections import Counter

from clara.agent.ballot import together
from clara.agent.state import Deps, Outcome, State, english
from clara.agent.strategies import GUESSES
from clara.tasks.model import GUESS, AnswerIn

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
    usage, out = first.usage, first.output
    label, confidence, margin, guesses = (out.label if out else ""), None, None, 1
    if out is not None and out.confidence is not None:
        confidence, margin = out.confidence, out.margin
    elif out is not None:
        more = await together(
            deps.backbone.perform(GUESS, inputs, seed=seed + number, temperature=HEAT) for number in range(1, GUESSES)
        )
        counts = Counter(result.output.label for result in (first, *more) if result.output)
        label, most = counts.most_common(1)[0]
        confidence, guesses = most / GUESSES, GUESSES
        usage = sum((result.usage for result in more), usage)
    known = label.upper() in question.labels
    certainty = confidence if known else None
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
