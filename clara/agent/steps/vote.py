"""A second answer through the question's own language, reconciled with the one through English.

Reference: Qin et al., "Cross-lingual Prompting: Improving Zero-shot Chain-of-Thought Reasoning across Languages", EMNLP
2023.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from clara.agent.state import Candidate, Deps, Outcome, State, english
from clara.agent.steps.answer import answer_input, ask, detail_of
from clara.agent.steps.verify import best, judge
from clara.tasks.model import RECONCILE, ReconcileIn, ReconcileOut
from clara.types import Usage


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
        update["accepted"] = not shared.verdict.refused and not shared.failure
    if agree is False:
        update["warnings"] = ("languages_disagree",)
    detail = {
        "english": first.label or first.text,
        "original": second.label or second.text,
        "agree": agree,
        "chosen": "english" if chosen is first else "original",
        "reason": reason,
        "second": detail_of(second),
    }
    return Outcome(update, detail, usage)


def _in_english(candidate: Candidate, state: State) -> Candidate:
    """The same letter with its English text, so that both answers are told in one language."""
    texts = {option.label: option.text for option in english(state)[1]}
    return replace(candidate, text=texts.get(candidate.label, candidate.text)) if candidate.label else candidate


def _same(first: Candidate, second: Candidate) -> bool | None:
    """Whether both name the same letter; None where that says nothing: free text, or one of them failed."""
    if first.failure or second.failure or first.label is None or second.label is None:
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
            first=_told(first),
            second=_told(second),
            first_cites=_cited(first),
            second_cites=_cited(second),
        ),
        seed=deps.settings.seed,
    )
    out = result.output or ReconcileOut(reason=result.reason, agree=agree is None, better="first")
    winner = first if out.better == "first" else second
    return winner, out.agree if agree is None else agree, out.reason, result.usage


def _told(candidate: Candidate) -> str:
    head = f"{candidate.label}) {candidate.text}" if candidate.label else candidate.text
    return f"{head}\n{candidate.reasoning}".strip()


def _cited(candidate: Candidate) -> tuple[int, ...]:
    """The numbers of what it cites among the passages that both answers were shown."""
    ids = {citation.id for citation in candidate.citations}
    return tuple(number for number, passage in enumerate(candidate.passages, 1) if passage.id in ids)


def _shared(chosen: Candidate, first: Candidate, second: Candidate, agree: bool | None) -> Candidate:
    """The chosen answer with the votes of both languages; its confidence is its share of them times its mean confidence."""
    both = [one for one in (first, second) if not one.failure]
    backers = [one for one in both if one is chosen or agree]
    known = [one.confidence for one in backers if one.confidence is not None]
    if len(both) < 2 or not known:
        return chosen
    votes: Counter[str] = Counter()
    for one in both:
        votes.update(one.votes or ({one.label: 1} if one.label else {}))
    share = len(backers) / len(both)
    return replace(chosen, votes=dict(sorted(votes.items())), confidence=share * sum(known) / len(known))
