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
from clara.types import Option, Question, texts_by_letter

MOST = 16
"""Terms that the prompt shows."""


async def translate(state: State, deps: Deps) -> Outcome:
    """Ask for a translation and check it; a second attempt gets what was wrong with the first.

    Nothing is asked for a question that is English already. Of a text that holds its English source and a translation of it,
    the source is taken: translating both would ask everything twice.
    """
    question, language, earlier = state["question"], state["language"], state.get("translations", ())
    attempt = len(earlier) + 1
    if is_already_english(question, language, deps.glossary):
        unchanged = Translation(question.text, question.options)
        return _outcome((*earlier, unchanged), {"attempt": attempt, "note": "the question is English already"})
    source, stem = split_source(question.text, language) or ("", question.text)
    result = await deps.backbone.perform(
        TRANSLATE,
        _inputs(replace(question, text=stem, language=language), earlier, deps.glossary),
        seed=deps.settings.seed + len(earlier),
    )
    translation = _checked(replace(question, text=stem, language=language), result, source, deps.glossary)
    doubtful = translation.flags != () and not deps.strategy.has("assess")
    detail: dict[str, Any] = {"attempt": attempt, "notes": list(result.notes), "flags": list(translation.flags)}
    if translation.missing:
        detail |= {"failure": result.failure, "reason": result.reason}
    else:
        detail |= {"stem": translation.stem, "options": texts_by_letter(translation.options)}
    outcome = _outcome((*earlier, translation), detail, doubtful=doubtful)
    return replace(outcome, usage=result.usage)


def _inputs(question: Question, earlier: tuple[Translation, ...], glossary: Glossary) -> TranslateIn:
    """The text with its terms, and the last translation with what was wrong with it."""
    language = question.language or ""
    inputs = TranslateIn(
        language=language, stem=question.text, options=question.options, terms=_terms(question, language, glossary)
    )
    if not earlier:
        return inputs
    last = earlier[-1]
    if last.missing:
        return inputs.model_copy(update={"problems": (last.problem or "no translation came",)})
    problems = tuple(filter(None, (*last.flags, last.problem)))
    update = {"problems": problems, "previous": last.stem, "previous_options": last.options}
    return inputs.model_copy(update=update)


def _checked(question: Question, result: TaskResult[TranslateOut], source: str, glossary: Glossary) -> Translation:
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
    language = question.language or ""
    if reads_as_english(question.text):  # only the options were in another language
        language = "en"
    flags = check_translation(question.text, question.options, stem, options, language, glossary)
    return Translation(stem, options, flags, adequate=not flags)


def _outcome(translations: tuple[Translation, ...], detail: dict[str, Any], *, doubtful: bool = False) -> Outcome:
    update: dict[str, Any] = {"translations": translations, "translation": translations[-1]}
    if doubtful:
        update["warnings"] = ("translation_doubtful",)
    return Outcome(update, detail)


def _terms(question: Question, language: str, glossary: Glossary) -> tuple[TermHint, ...]:
    """The known terms of stem and options, each once, without those that are the same in English."""
    hints: dict[str, TermHint] = {}
    for text in (question.text, *texts_by_letter(question.options).values()):
        for hint in glossary.lookup(text, language):
            if fold(hint.source) != fold(hint.english):
                hints[hint.source] = hint
    return tuple(hints.values())[:MOST]
