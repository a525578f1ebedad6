"""Does the answer rest on its passages, agree with its option, and answer what was asked?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clara.agent.citing import marked
from clara.agent.grounding import check_answer, check_choice
from clara.agent.guards import numbers
from clara.agent.guards.orders import gives_orders
from clara.agent.state import Candidate, Deps, Outcome, State, english
from clara.agent.steps.answer import answer_input, ask
from clara.tasks.model import VERIFY, VerifyIn, VerifyOut
from clara.types import Option, Usage, Verdict


async def verify(state: State, deps: Deps) -> Outcome:
    """Judge the newest candidate; when the rounds have run out, the best of all goes on."""
    judged, usage = await judge(state["candidates"][-1], state, deps)
    unordered, spent = await _without_orders(judged, state, deps)
    update: dict[str, Any] = {}
    obeyed = None
    if unordered is not None and unordered.label != judged.label:
        obeyed = judged.label
        judged = unordered
        update["warnings"] = ("order_in_passage",)
    verdict = judged.verdict
    accepted = not verdict.refused and not judged.failure
    update |= {
        "candidates": (*state["candidates"][:-1], judged),
        "accepted": accepted,
        "reason": "" if accepted else "; ".join(part for part in (verdict.reason, *verdict.flags) if part),
    }
    return Outcome(update, {**verdict.to_json(), "accepted": accepted, "obeyed_order": obeyed}, usage + spent)


async def _without_orders(candidate: Candidate, state: State, deps: Deps) -> tuple[Candidate | None, Usage]:
    """The answer, judged, that comes without the passages that give orders; None where none does, or no letter came."""
    passages = tuple(passage for passage in candidate.passages if not gives_orders(f"{passage.title}\n{passage.text}"))
    if candidate.label is None or not deps.uses_model or len(passages) == len(candidate.passages):
        return None, Usage()
    again, usage, _ = await ask(answer_input(state).model_copy(update={"passages": passages}), deps.silent())
    if again.failure:
        return None, usage
    judged, spent = await judge(again, state, deps)
    return judged, usage + spent


async def judge(candidate: Candidate, state: State, deps: Deps) -> tuple[Candidate, Usage]:
    """The candidate with its verdict: the deterministic checks, and the backbone's judgement."""
    if candidate.failure:
        reason = f"the answer step gave no usable reply ({candidate.failure})"
        return replace(candidate, verdict=Verdict(None, False, reason)), Usage()
    stem, options = english(state)
    told = candidate.reasoning or candidate.text
    if not deps.skills.trusts(VERIFY.name):
        flags = _findings(candidate, stem, options)
        return replace(candidate, verdict=_grounded(Verdict(flags=flags), candidate)), Usage()
    ids, marks = {citation.id for citation in candidate.citations}, marked(told)
    cites = tuple(n for n, passage in enumerate(candidate.passages, 1) if passage.id in ids or n in marks)
    result = await deps.backbone.perform(
        VERIFY,
        VerifyIn(
            stem=stem,
            options=options,
            label=candidate.label,
            answer=told,
            passages=candidate.passages,
            cites=cites,
        ),
        seed=deps.settings.seed,
    )
    out = result.output
    verdict = _verdict(out, candidate, deps.uses_model) if out else Verdict(reason=result.reason)
    flags = ()
    if deps.uses_model:  # without a model answers are quotations
        flags = _findings(candidate, stem, options, approved=out is not None and not verdict.refused)
        verdict = _grounded(verdict, candidate)
    return replace(candidate, verdict=replace(verdict, flags=flags)), result.usage


def _grounded(verdict: Verdict, candidate: Candidate) -> Verdict:
    """What does not exist supports nothing, whatever a judge says: an invented citation makes the answer ungrounded."""
    most = max(marked(candidate.reasoning or candidate.text), default=0)
    if candidate.flags or most > len(candidate.passages):
        return replace(verdict, grounded=False)
    return verdict


def _findings(candidate: Candidate, stem: str, options: tuple[Option, ...], *, approved: bool = False) -> tuple[str, ...]:
    """What the deterministic checks find wrong, each complaint once.

    Numbers of the question itself need no evidence. The reasoning for a letter is about all the options, so only in free
    text must every sentence be about the passage that it cites; and where a trusted judge has ``approved`` of it, only what
    is surely wrong counts: with a capable reader every doubt about negations and about numbers that stand elsewhere in the
    passage was mistaken (docs/real-models.md).
    """
    told = candidate.reasoning or candidate.text
    cited = {citation.id for citation in candidate.citations}
    passages = [passage for passage in candidate.passages if passage.id in cited]
    asked = numbers(" ".join((stem, *(option.text for option in options))))
    found = [
        finding
        for finding in check_answer(told, passages, candidate.passages)
        if not (finding.kind == "number" and numbers(finding.message).keys() & asked.keys())
        and not (finding.kind == "citation" and candidate.label is not None)
        and not (approved and candidate.label is not None and not finding.certain)
    ]
    found += check_choice(candidate.reasoning, candidate.label, options)
    return tuple(dict.fromkeys(finding.message for finding in found))


def _verdict(out: VerifyOut, candidate: Candidate, uses_model: bool) -> Verdict:
    """Without a model nobody judges that the answer answers the question; only that it does not can be seen."""
    answers = out.answers_question if uses_model or not out.answers_question else None
    agrees = out.agrees if candidate.label is not None and (uses_model or not out.agrees) else None
    contradiction = out.contradiction if uses_model or out.contradiction else None
    return Verdict(out.grounded, answers, out.reason, agrees, contradiction)


def best(candidates: tuple[Candidate, ...]) -> Candidate:
    """The candidate to show: verified before unverified before refused, then the more confident, then the newer."""

    def merit(pair: tuple[int, Candidate]) -> tuple[int, bool, int, int, float, int]:
        order, candidate = pair
        marks = {True: 2, None: 1, False: 0}
        return (
            0 if candidate.failure else 1,
            not candidate.verdict.refused,
            marks[candidate.verdict.answers_question],
            marks[candidate.verdict.grounded],
            candidate.confidence or 0.0,
            order,
        )

    return max(enumerate(candidates), key=merit)[1]


def chosen(state: State) -> Candidate:
    """The candidate to show: the one that the vote chose, else the best."""
    return state.get("chosen") or best(state["candidates"])
