"""The question in English, stem and options apart, option letters untouched."""

from __future__ import annotations

from typing import Any

from clara.agent.state import Deps, Outcome, State, Translation
from clara.tasks import TRANSLATE, TranslateIn
from clara.types import Option


async def translate(state: State, deps: Deps) -> Outcome:
    """Ask for a translation; a second attempt is told what was wrong with the first."""
    question, earlier = state["question"], state.get("translations", ())
    last = earlier[-1] if earlier else None
    result = await deps.backbone.perform(
        TRANSLATE,
        TranslateIn(
            language=state["language"],
            stem=question.text,
            options=question.options,
            terms=deps.glossary.lookup(question.text, state["language"]),
            problems=_problems(last),
            previous=last.stem if last else "",
        ),
        seed=deps.settings.seed + len(earlier),
    )
    detail: dict[str, Any] = {"attempt": len(earlier) + 1, "notes": list(result.notes)}
    if result.output is None:
        translation = Translation(question.text, question.options, (result.failure or "unparsed",), False, result.reason)
        detail |= {"failure": result.failure, "reason": result.reason}
    else:
        options = tuple(Option(o.label, result.output.options.get(o.label, "")) for o in question.options)
        translation = Translation(result.output.stem, options)
        detail |= {"stem": translation.stem, "options": {option.label: option.text for option in options}}
    update = {"translations": (*earlier, translation), "translation": translation}
    return Outcome(update, detail, result.usage)


def _problems(last: Translation | None) -> tuple[str, ...]:
    if last is None:
        return ()
    return (*last.flags, *((last.problem,) if last.problem else ()))
