"""An answer from the evidence: a letter from the allowed set, or free text, with citations that name shown passages."""

from __future__ import annotations

from typing import Any

from clara.agent.ballot import choose, failed
from clara.agent.citing import named, renumbered
from clara.agent.state import Candidate, Deps, Outcome, State, english, ids_of, objections
from clara.events import Token
from clara.tasks.model import ANSWER_TEXT, AnswerIn, RefusedAnswer
from clara.types import Passage, Usage


async def answer(state: State, deps: Deps) -> Outcome:
    """Ask for the answer and check what came: the letter must exist, each citation must name a passage that was shown."""
    candidates = state.get("candidates", ())
    inputs = answer_input(state)
    if candidates:
        refused = _refused(candidates[-1], inputs.passages)
        inputs = inputs.model_copy(update={"feedback": objections(candidates[-1]), "refused": refused})
    candidate, usage, notes = await ask(inputs, deps)
    update = {"candidates": (*candidates, candidate), "round": max(1, state.get("round", 0))}
    return Outcome(update, detail_of(candidate) | {"notes": list(notes)}, usage)


def answer_input(state: State) -> AnswerIn:
    """What the answer is asked from: the wording to reason on, the original beside it, terms and evidence."""
    question, (stem, options) = state["question"], english(state)
    return AnswerIn(
        language=state["language"],
        original_stem=question.text,
        original_options=question.options,
        stem=stem,
        options=options,
        passages=state.get("passages", ()),
        terms=state.get("terms", ()),
    )


async def ask(inputs: AnswerIn, deps: Deps) -> tuple[Candidate, Usage, tuple[str, ...]]:
    """A candidate for either kind of question, what it cost, and the backbone's notes."""
    if inputs.options:
        return await choose(inputs, deps)
    return await _write(inputs, deps)


def detail_of(candidate: Candidate) -> dict[str, Any]:
    """What a trace says of a candidate."""
    return {
        "label": candidate.label,
        "answer": candidate.text,
        "confidence": candidate.confidence,
        "citations": list(ids_of(candidate.citations)),
        "votes": dict(candidate.votes),
        "flags": list(candidate.flags),
        "failure": candidate.failure,
        "raw": candidate.raw,
    }


async def _write(inputs: AnswerIn, deps: Deps) -> tuple[Candidate, Usage, tuple[str, ...]]:
    result = await deps.backbone.perform(
        ANSWER_TEXT, inputs, seed=deps.settings.seed, on_token=lambda text: deps.emit(Token(text))
    )
    out = result.output
    if out is None:
        return failed(result, inputs), result.usage, result.notes
    citations, flags = named(out.citations, inputs.passages, out.answer)
    candidate = Candidate(
        text=out.answer, confidence=out.confidence, citations=citations, flags=flags, passages=inputs.passages
    )
    return candidate, result.usage, result.notes


def _refused(last: Candidate, passages: tuple[Passage, ...]) -> RefusedAnswer | None:
    """What was answered, its marks counted as the passages are now; a mark of what is no longer shown is dropped."""
    if last.failure:
        return None
    return RefusedAnswer(
        text=renumbered(last.text, passages, last.passages),
        reasoning=renumbered(last.reasoning, passages, last.passages),
        cited=tuple(citation.title for citation in last.citations),
    )
