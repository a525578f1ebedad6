"""Does the answer rest on its passages, and does it answer what was asked?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clara.agent.state import Candidate, Deps, Outcome, State, english
from clara.tasks import VERIFY, VerifyIn, VerifyOut
from clara.types import Verdict


async def verify(state: State, deps: Deps) -> Outcome:
    """Judge the newest candidate; when the rounds have run out, the best of all goes on."""
    candidate = state["candidates"][-1]
    stem, options = english(state)
    if candidate.failure:
        verdict, usage = Verdict(None, False, f"the answer step gave no usable reply ({candidate.failure})"), None
    else:
        cited = {citation.id for citation in candidate.citations}
        result = await deps.backbone.perform(
            VERIFY,
            VerifyIn(
                stem=stem,
                options=options,
                label=candidate.label,
                answer=candidate.reasoning or candidate.text,
                cited=tuple(passage for passage in state.get("passages", ()) if passage.id in cited),
            ),
            seed=deps.settings.seed,
        )
        usage, out = result.usage, result.output
        verdict = _verdict(out, deps.uses_model) if out else Verdict(None, None, result.reason)
    judged = replace(candidate, verdict=verdict)
    candidates = (*state["candidates"][:-1], judged)
    accepted = verdict.grounded is not False and verdict.answers_question is not False and not candidate.failure
    update: dict[str, Any] = {
        "candidates": candidates,
        "accepted": accepted,
        "reason": "" if accepted else verdict.reason,
    }
    detail = {**verdict.to_json(), "accepted": accepted}
    return Outcome(update, detail, usage) if usage else Outcome(update, detail)


def _verdict(out: VerifyOut, uses_model: bool) -> Verdict:
    """Without a model nobody judges that the answer answers the question; only that it does not can be seen."""
    answers = out.answers_question if uses_model or not out.answers_question else None
    return Verdict(out.grounded, answers, out.reason)


def best(candidates: tuple[Candidate, ...]) -> Candidate:
    """The candidate to show: verified before unverified before refused, then the more confident, then the newer."""

    def merit(pair: tuple[int, Candidate]) -> tuple[int, bool, int, int, float, int]:
        order, candidate = pair
        marks = {True: 2, None: 1, False: 0}
        return (
            0 if candidate.failure else 1,
            False not in (candidate.verdict.answers_question, candidate.verdict.grounded),
            marks[candidate.verdict.answers_question],
            marks[candidate.verdict.grounded],
            candidate.confidence or 0.0,
            order,
        )

    return max(enumerate(candidates), key=merit)[1]
