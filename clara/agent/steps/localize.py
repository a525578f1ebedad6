"""The answer in the asker's language, with letters, numbers and names intact."""

from __future__ import annotations

from typing import Any

from clara.agent.guards import check_localisation
from clara.agent.state import Candidate, Deps, Outcome, State
from clara.agent.steps.verify import chosen
from clara.agent.strategies import LOCALIZATIONS
from clara.agent.wordings import reads_as_english
from clara.knowledge.glossary import Glossary
from clara.language.codes import language_name
from clara.language.text import words
from clara.tasks.model import LOCALIZE, LocalizeIn
from clara.types import Usage

_TELLING = 4
"""Words from which on a text that equals the English one was not translated."""


async def localize(state: State, deps: Deps) -> Outcome:
    """Put the chosen candidate into the question's language; a letter's own option text is never translated again.

    A wording that the guards object to is asked for again with the objections; of two the one with fewer objections goes
    on, flagged. The English answer stays beside it in :class:`clara.types.Answer`.
    """
    language, question, candidate = state["language"], state["question"], chosen(state)
    has_words_of_its_own = candidate.label is None and not candidate.failure
    if language == "en" or not deps.uses_model or not has_words_of_its_own:
        text = question.option_text(candidate.label or "")
        if text is None:
            text = candidate.text
        return Outcome({"answer": text}, {"answer": text, "localized": False})
    inputs = LocalizeIn(
        language=language,
        answer_english=candidate.text,
        label=candidate.label,
        option_original="",
        quotes=tuple(citation.quote for citation in candidate.citations),
    )
    return await _localized(inputs, candidate, deps)


async def _localized(inputs: LocalizeIn, candidate: Candidate, deps: Deps) -> Outcome:
    usage, failure = Usage(), None
    wordings: list[tuple[str, tuple[str, ...]]] = []
    for attempt in range(LOCALIZATIONS):
        result = await deps.backbone.perform(LOCALIZE, inputs, seed=deps.settings.seed + attempt)
        usage += result.usage
        if result.output is None:
            failure = result.failure
            break
        text = result.output.answer
        flags = _objections(candidate.text, text, inputs.language, deps.glossary)
        wordings.append((text, flags))
        if not flags:
            break
        inputs = inputs.model_copy(update={"problems": flags, "previous": text})
    if not wordings:
        detail = {"answer": candidate.text, "localized": False, "failure": failure}
        return Outcome({"answer": candidate.text, "warnings": ("answer_in_english",)}, detail, usage)
    text, flags = min(wordings, key=lambda wording: len(wording[1]))
    update: dict[str, Any] = {"answer": text}
    if flags:
        update["warnings"] = ("localisation_doubtful",)
    return Outcome(update, {"answer": text, "localized": True, "attempts": len(wordings), "flags": list(flags)}, usage)


def _objections(english: str, text: str, language: str, glossary: Glossary) -> tuple[str, ...]:
    """What the guards object to, and a text that is still English."""
    flags = check_localisation(english, text, language, glossary)
    if reads_as_english(text) or _repeats(english, text):
        return (f"the text is not written in {language_name(language)}", *flags)
    return flags


def _repeats(english: str, text: str) -> bool:
    """True if the words are those of the English text; a few may be, names for instance."""
    own = _words_without_numbers(text)
    return len(own) >= _TELLING and own == _words_without_numbers(english)


def _words_without_numbers(text: str) -> list[str]:
    return [word for word in words(text) if not word.isdigit()]
