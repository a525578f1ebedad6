"""A second answer through the question's own language, reconciled with the one through English.

Reference: Qin et al., "Cross-lingual Prompting: Improving Zero-shot Chain-of-Thought Reasoning across Languages", EMNLP
2023.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from statistics import fmean
from typing import Any

from clara.agent.state import Candidate, Deps, Outcome, State, english, is_accepted
from clara.agent.steps.answer import answer_input, ask, detail_of
from clara.agent.steps.verify import best, judge
from clara.tasks.model import RECONCILE, ReconcileIn, ReconcileOut
from clara.types import Usage, texts_by_letter


async def vote(state: State, deps: Deps) -> Outcome:
    """Answer the original wording from the same evidence; where the two differ, the verifier decides and it is reported."""
    first, question = best(state["candidates"]), state["question"]
    inputs = answer_input(state).model_copy(
        update={"stem": question.text, "options": question.options, "passages": first.passages}
    )
    second, usage, _ = await ask(inputs, deps.silent())
    second = _in_english(second, state)
    agree, chosen, reason = _same(first, second), first, ""
    if agree is not True and not second.failure:
        if deps.strategy.has("verify"):
            second, spent = await judge(second, state, deps)
            usage += spent
        chosen, agree, reason, spent = await _decide(first, second, agree, state, deps)
        usage += spent
    shared = _shared(chosen, first, second, agree)
    update: dict[str, Any] = {"chosen": shared, "candidates": (*state["candidates"], second)}
    if "accepted" in state:
        update["accepted"] = is_accepted(shared)
    if agree is False:
        update["warnings"] = ("languages_disagree",)
    side = "original"
    if chosen is first:
        side = "english"
    detail = {
        "english": first.label or first.text,
        "original": second.label or second.text,
        "agree": agree,
        "chosen": side,
        "reason": reason,
        "second": detail_of(second),
    }
    return Outcome(update, detail, usage)


def _in_english(candidate: Candidate, state: State) -> Candidate:
    """The same letter with its English text, so that both answers are in one language."""
    texts = texts_by_letter(english(state)[1])
    return replace(candidate, text=texts.get(candidate.label or "", candidate.text))


def _same(first: Candidate, second: Candidate) -> bool | None:
    """Whether both name the same letter; None where that says nothing: free text, or one of them failed."""
    if first.failure or second.failure:
        return None
    if None in (first.label, second.label):
        return None
    return first.label == second.label


async def _decide(
    first: Candidate, second: Candidate, agree: bool | None, state: State, deps: Deps
) -> tuple[Candidate, bool | None, str, Usage]:
    """Which of two goes on: the usable one, the one the verifier did not refuse, or the one that a comparison prefers."""
    if first.failure:
        return second, agree, "the answer through English failed", Usage()
    if agree is False and first.verdict.refused != second.verdict.refused:
        return best((first, second)), agree, "the verifier refused the other", Usage()
    question, (stem, options) = state["question"], english(state)
    result = await deps.backbone.perform(
        RECONCILE,
        ReconcileIn(
            language=state["language"],
            original_stem=question.text,
            original_options=question.options,
            stem=stem,
            options=options,
            passages=first.passages,
            first=_written(first),
            second=_written(second),
            first_cites=first.cited_numbers(),
            second_cites=second.cited_numbers(),
        ),
        seed=deps.settings.seed,
    )
    out = result.output or ReconcileOut(reason=result.reason, agree=agree is None, better="first")
    if agree is None:
        agree = out.agree
    winner = second
    if out.better == "first":
        winner = first
    return winner, agree, out.reason, result.usage


def _written(candidate: Candidate) -> str:
    """The answer with its letter and its reasoning."""
    head = candidate.text
    if candidate.label:
        head = f"{candidate.label}) {head}"
    return f"{head}\n{candidate.reasoning}".strip()


def _shared(chosen: Candidate, first: Candidate, second: Candidate, agree: bool | None) -> Candidate:
    """The chosen answer with the votes of both languages; its confidence is its share of them times its mean confidence."""
    if first.failure or second.failure:
        return chosen
    backers, share = [chosen], 0.5
    if agree:
        backers, share = [first, second], 1.0
    confidences = [backer.confidence for backer in backers if backer.confidence is not None]
    if not confidences:
        return chosen
    votes = _votes(first) + _votes(second)
    return replace(chosen, votes=dict(sorted(votes.items())), confidence=share * fmean(confidences))


def _votes(candidate: Candidate) -> Counter[str]:
    """Its ballots, else one for its letter; none for free text."""
    if candidate.votes:
        return Counter(candidate.votes)
    if not candidate.label:
        return Counter()
    return Counter([candidate.label])
