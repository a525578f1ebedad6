"""The question in English, stem and options apart, option letters untouched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clara.agent.guards import check_translation
from clara.agent.state import Deps, Outcome, State, Translation
from clara.agent.wordings import is_already_english, reads_as_english, split_source, without_echo
from clara.knowledge.glossary import Glossary
from clara.language.text import fold
from clara.tasks.model import TRANSLATE, TaskResult, TermHint, TranslateIn, TranslateOut
from clara.types import Option, Question

MOST = 16
"""Terms that the prompt shows."""


async def translate(state: State, deps: Deps) -> Outcome:
    """Ask for a translation and check it; a second attempt is told what was wrong with the first.

    Nothing is asked for a question that is English already. Of a text that holds its English source and a translation of it,
    the source is taken: translating both would ask everything twice.
    """
    question, language, earlier = state["question"], state["language"], state.get("translations", ())
    attempt = len(earlier) + 1
    if is_already_english(question, language, deps.glossary):
        unchanged = Translation(question.text, question.options)
        return _outcome((*earlier, unchanged), {"attempt": attempt, "note": "the question is English already"})
    last = earlier[-1] if earlier else None
    before = last if last and not last.missing else None
    source, stem = split_source(question.text, language) or ("", question.text)
    result = await deps.backbone.perform(
        TRANSLATE,
        TranslateIn(
            language=language,
            stem=stem,
            options=question.options,
            terms=_terms((stem, *(option.text for option in question.options)), language, deps.glossary),
            problems=_problems(last),
            previous=before.stem if before else "",
            previous_options=before.options if before else (),
        ),
        seed=deps.settings.seed + len(earlier),
    )
    translation = _checked(replace(question, text=stem, language=language), result, source)
    doubtful = bool(translation.flags) and not deps.strategy.has("assess")
    detail: dict[str, Any] = {"attempt": attempt, "notes": list(result.notes), "flags": list(translation.flags)}
    if translation.missing:
        detail |= {"failure": result.failure, "reason": result.reason}
    else:
        detail |= {"stem": translation.stem, "options": {option.label: option.text for option in translation.options}}
    outcome = _outcome((*earlier, translation), detail, doubtful=doubtful)
    return replace(outcome, usage=result.usage)


def _checked(question: Question, result: TaskResult[TranslateOut], source: str) -> Translation:
    """What came, without an echo of the question, and what the guards say of it; the question's own English is preferred."""
    out = result.output
    if out is None:
        return Translation(
            question.text,
            question.options,
            (result.failure or "unparsed",),
            adequate=False,
            problem=result.reason,
            missing=True,
        )
    stem = source or without_echo(question.text, out.stem)
    options = tuple(Option(o.label, out.options.get(o.label, "").strip()) for o in question.options)
    language = "en" if reads_as_english(question.text) else question.language or ""  # only the options were another's
    flags = check_translation(question.text, question.options, stem, options, language)
    return Translation(stem, options, flags, adequate=not flags)


def _outcome(translations: tuple[Translation, ...], detail: dict[str, Any], *, doubtful: bool = False) -> Outcome:
    update = {
        "translations": translations,
        "translation": translations[-1],
        "warnings": ("translation_doubtful",) if doubtful else (),
    }
    return Outcome(update, detail)


def _terms(texts: tuple[str, ...], language: str, glossary: Glossary) -> tuple[TermHint, ...]:
    """The known terms of stem and options, each once, without those that are the same in English."""
    hints: dict[str, TermHint] = {}
    for text in texts:
        for hint in glossary.lookup(text, language):
            if fold(hint.source) != fold(hint.english):
                hints[hint.source] = hint
    return tuple(hints.values())[:MOST]


def _problems(last: Translation | None) -> tuple[str, ...]:
    if last is None:
        return ()
    if last.missing:
        return (last.problem or "no translation came",)
    return (*last.flags, *((last.problem,) if last.problem else ()))
