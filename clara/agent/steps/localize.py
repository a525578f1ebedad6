"""The answer in the asker's language, with letters, numbers and names intact."""

from __future__ import annotations

from clara.agent.guards import check_localisation
from clara.agent.state import Candidate, Deps, Outcome, State
from clara.agent.steps.verify import chosen
from clara.agent.strategies import LOCALIZATIONS
from clara.agent.wordings import reads_as_english
from clara.language.codes import LANGUAGES
from clara.language.text import words
from clara.tasks.model import LOCALIZE, LocalizeIn
from clara.types import Usage

_TELLING = 4
"""Words from which on a text that equals the English one was not translated."""


async def localize(state: State, deps: Deps) -> Outcome:
    """Put the chosen candidate into the question's language; a letter's own option text is never translated anew.

    A wording that the guards object to is made again and told what went wrong; of two the one with fewer objections is
    kept, flagged. The English answer stays beside it in :class:`clara.types.Answer`.
    """
    language, question, candidate = state["language"], state["question"], chosen(state)
    if candidate.failure or not deps.uses_model or language == "en" or candidate.label is not None:
        own = question.option_text(candidate.label) if candidate.label else None
        text = own if own is not None else candidate.text
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
        flags = _objections(candidate.text, text, inputs.language)
        wordings.append((text, flags))
        if not flags:
            break
        inputs = inputs.model_copy(update={"problems": flags, "previous": text})
    if not wordings:
        detail = {"answer": candidate.text, "localized": False, "failure": failure}
        return Outcome({"answer": candidate.text, "warnings": ("answer_in_english",)}, detail, usage)
    text, flags = min(wordings, key=lambda wording: len(wording[1]))
    detail = {"answer": text, "localized": True, "attempts": len(wordings), "flags": list(flags)}
    return Outcome({"answer": text, "warnings": ("localisation_doubtful",) if flags else ()}, detail, usage)


def _objections(english: str, text: str, language: str) -> tuple[str, ...]:
    """What the guards object to, and a text that is still English."""
    name = LANGUAGES[language].name if language in LANGUAGES else language
    still = language != "en" and (reads_as_english(text) or _repeats(english, text))
    return (*((f"the text is not written in {name}",) if still else ()), *check_localisation(english, text, language))


def _repeats(english: str, text: str) -> bool:
    """True if the words are those of the English text; a few may be, names for instance."""
    own = [word for word in words(text) if not word.isdigit()]
    return len(own) >= _TELLING and own == [word for word in words(english) if not word.isdigit()]
