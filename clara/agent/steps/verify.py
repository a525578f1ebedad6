"""Does the answer rest on its passages, agree with its option, and answer what was asked?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clara.agent.citing import marked
from clara.agent.grounding import Discrepancy, check_answer, check_choice
from clara.agent.guards import numbers
from clara.agent.guards.orders import gives_orders
from clara.agent.state import Candidate, Deps, Outcome, State, english, is_accepted, objections
from clara.agent.steps.answer import answer_input, ask
from clara.knowledge.glossary import Glossary
from clara.tasks.model import VERIFY, VerifyIn, VerifyOut
from clara.types import Option, Usage, Verdict, with_options

_RANKS = {True: 2, None: 1, False: 0}
"""Judgements from the best to the worst; "not judged" stands between."""


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
    accepted = is_accepted(judged)
    update |= {"candidates": (*state["candidates"][:-1], judged), "accepted": accepted, "reason": ""}
    if not accepted:
        update["reason"] = objections(judged)
    return Outcome(update, {**verdict.to_json(), "accepted": accepted, "obeyed_order": obeyed}, usage + spent)


async def _without_orders(candidate: Candidate, state: State, deps: Deps) -> tuple[Candidate | None, Usage]:
    """The answer, judged, that comes without the passages that give orders; None where none does, or no letter came."""
    if candidate.label is None or not deps.uses_model:
        return None, Usage()
    passages = tuple(passage for passage in candidate.passages if not gives_orders(f"{passage.title}\n{passage.text}"))
    if len(passages) == len(candidate.passages):
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
    if not deps.skills.trusts(VERIFY.name):
        flags = _flags(candidate, stem, options, deps.glossary)
        return replace(candidate, verdict=_grounded(Verdict(flags=flags), candidate)), Usage()
    result = await deps.backbone.perform(
        VERIFY,
        VerifyIn(
            stem=stem,
            options=options,
            label=candidate.label,
            answer=candidate.wording,
            passages=candidate.passages,
            cites=_cites(candidate),
        ),
        seed=deps.settings.seed,
    )
    verdict, approved = Verdict(reason=result.reason), False
    if result.output is not None:
        verdict = _verdict(result.output, candidate, deps.uses_model)
        approved = not verdict.refused
    flags: tuple[str, ...] = ()
    if deps.uses_model:  # without a model answers are quotations
        flags = _flags(candidate, stem, options, deps.glossary, approved=approved)
        verdict = _grounded(verdict, candidate)
    return replace(candidate, verdict=replace(verdict, flags=flags)), result.usage


def _grounded(verdict: Verdict, candidate: Candidate) -> Verdict:
    """What does not exist supports nothing, whatever a judge says: an invented citation makes the answer ungrounded."""
    most = max(marked(candidate.wording), default=0)
    if candidate.flags or most > len(candidate.passages):
        return replace(verdict, grounded=False)
    return verdict


def _cites(candidate: Candidate) -> tuple[int, ...]:
    """The numbers of what the answer cites: in its list, and in the marks of its text."""
    in_marks = marked(candidate.wording).intersection(range(1, len(candidate.passages) + 1))
    return tuple(sorted(in_marks.union(candidate.cited_numbers())))


def _flags(
    candidate: Candidate, stem: str, options: tuple[Option, ...], glossary: Glossary, *, approved: bool = False
) -> tuple[str, ...]:
    """What the deterministic checks find wrong, each complaint once.

    Numbers of the question itself need no evidence. The reasoning for a letter is about all the options, so only in free
    text must every sentence be about the passage that it cites; and where a trusted judge has ``approved`` of it, only what
    is surely wrong counts: with a capable reader every doubt about negations and about numbers that stand elsewhere in the
    passage was mistaken (docs/real-models.md).
    """
    own_numbers = numbers(with_options(stem, options))
    complaints: dict[str, None] = {}
    cited = candidate.cited_passages()
    for discrepancy in check_answer(candidate.wording, cited, candidate.passages, glossary=glossary):
        is_of_question = discrepancy.number in own_numbers
        if not is_of_question and not _is_let_pass(discrepancy, candidate, approved=approved):
            complaints[discrepancy.message] = None
    for discrepancy in check_choice(candidate.reasoning, candidate.label, options):
        complaints[discrepancy.message] = None
    return tuple(complaints)


def _is_let_pass(discrepancy: Discrepancy, candidate: Candidate, *, approved: bool) -> bool:
    """True for what counts in free text only: another topic, and a doubt that the judge did not share."""
    if candidate.label is None:
        return False
    return discrepancy.kind == "citation" or (approved and not discrepancy.certain)


def _verdict(out: VerifyOut, candidate: Candidate, uses_model: bool) -> Verdict:
    """Without a model nobody judges that the answer answers the question; only that it does not can be seen."""
    verdict = Verdict(out.grounded, out.answers_question, out.reason, out.agrees, out.contradiction)
    if not uses_model:
        verdict = Verdict(
            out.grounded,
            answers_question=_visible(out.answers_question, only=False),
            reason=out.reason,
            agrees=_visible(out.agrees, only=False),
            contradiction=_visible(out.contradiction, only=True),
        )
    if candidate.label is None:
        return replace(verdict, agrees=None)
    return verdict


def _visible(judgement: bool, *, only: bool) -> bool | None:
    """The judgement where it is the one that can be seen, else None."""
    if judgement is only:
        return judgement
    return None


def best(candidates: tuple[Candidate, ...]) -> Candidate:
    """The candidate to show: verified before unverified before refused, then the more confident, then the newer."""
    return max(reversed(candidates), key=_merit)


def _merit(candidate: Candidate) -> tuple[bool, bool, int, int, float]:
    verdict = candidate.verdict
    return (
        not candidate.failure,
        not verdict.refused,
        _RANKS[verdict.answers_question],
        _RANKS[verdict.grounded],
        candidate.confidence or 0.0,
    )


def chosen(state: State) -> Candidate:
    """The candidate to show: the one that the vote chose, else the best."""
    return state.get("chosen") or best(state["candidates"])
