"""An answer from the evidence: a letter from the allowed set, or free text, with citations that name shown passages."""

from __future__ import annotations

from typing import Any

from clara.agent.quotes import cite
from clara.agent.state import Candidate, Deps, Outcome, State, english
from clara.events import Token
from clara.tasks import ANSWER_CHOICE, ANSWER_TEXT, AnswerIn, ChoiceOut, TaskResult, TextOut
from clara.types import Passage, Usage


async def answer(state: State, deps: Deps) -> Outcome:
    """Ask for the answer and check what came: the letter must exist, each citation must name a passage that was shown."""
    question = state["question"]
    stem, options = english(state)
    inputs = AnswerIn(
        language=state["language"],
        original_stem=question.text,
        original_options=question.options,
        stem=stem,
        options=options,
        passages=state.get("passages", ()),
        terms=state.get("terms", ()),
        feedback=state["candidates"][-1].verdict.reason if state.get("candidates") else "",
    )
    if question.options:
        candidate, usage, notes = await _choose(inputs, deps)
    else:
        candidate, usage, notes = await _write(inputs, deps)
    detail: dict[str, Any] = {
        "label": candidate.label,
        "answer": candidate.text,
        "confidence": candidate.confidence,
        "citations": [citation.id for citation in candidate.citations],
        "flags": list(candidate.flags),
        "failure": candidate.failure,
        "notes": list(notes),
    }
    update = {"candidates": (*state.get("candidates", ()), candidate), "round": max(1, state.get("round", 0))}
    return Outcome(update, detail, usage)


async def _choose(inputs: AnswerIn, deps: Deps) -> tuple[Candidate, Usage, tuple[str, ...]]:
    result = await deps.backbone.perform(ANSWER_CHOICE, inputs, seed=deps.settings.seed)
    out = result.output
    texts = {option.label: option.text for option in inputs.options}
    label = out.label.upper() if out else ""
    if out is None or label not in texts:
        return _failed(result), result.usage, result.notes
    shown, flags = _named(out.citations, inputs.passages)
    support = " ".join((out.reasoning, texts[label]))
    candidate = Candidate(
        text=texts[label],
        label=label,
        reasoning=out.reasoning,
        confidence=out.confidence,
        citations=tuple(cite(passage, support) for passage in shown),
        flags=flags,
    )
    return candidate, result.usage, result.notes


async def _write(inputs: AnswerIn, deps: Deps) -> tuple[Candidate, Usage, tuple[str, ...]]:
    result = await deps.backbone.perform(
        ANSWER_TEXT, inputs, seed=deps.settings.seed, on_token=lambda text: deps.emit(Token(text))
    )
    out = result.output
    if out is None:
        return _failed(result), result.usage, result.notes
    shown, flags = _named(out.citations, inputs.passages)
    candidate = Candidate(
        text=out.answer,
        confidence=out.confidence,
        citations=tuple(cite(passage, out.answer) for passage in shown),
        flags=flags,
    )
    return candidate, result.usage, result.notes


def _failed(result: TaskResult[ChoiceOut] | TaskResult[TextOut]) -> Candidate:
    return Candidate(text="", reasoning=result.raw[:500], failure=result.failure or "unparsed")


def _named(numbers: tuple[int, ...], passages: tuple[Passage, ...]) -> tuple[tuple[Passage, ...], tuple[str, ...]]:
    """The passages that were cited, each once, and a flag for every number that names none."""
    shown = dict.fromkeys(number for number in numbers if 1 <= number <= len(passages))
    wrong = sorted({number for number in numbers if number not in shown})
    return tuple(passages[number - 1] for number in shown), tuple(f"citation [{n}] names no passage" for n in wrong)
