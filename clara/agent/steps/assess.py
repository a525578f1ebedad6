"""Is the translation good enough to reason on? Guards first, then the backbone's judgement."""

from __future__ import annotations

from dataclasses import replace

from clara.agent.state import Deps, Outcome, State, Translation
from clara.tasks.model import ASSESS, AssessIn


async def assess(state: State, deps: Deps) -> Outcome:
    """Judge the last translation; keep the better one, flagged, when the attempts have run out.

    A question that was English already and a translation that never came are not sent: there is nothing to compare.
    """
    question, attempts = state["question"], state["translations"]
    last = attempts[-1]
    if last.missing:
        return _outcome(last, "missing", attempts, deps)
    if (last.stem, last.options) == (question.text, question.options):
        return _outcome(last, "identical", attempts, deps)
    if not deps.skills.trusts(ASSESS.name):
        return _outcome(last, "by the guards alone", attempts, deps)
    result = await deps.backbone.perform(
        ASSESS,
        AssessIn(
            language=state["language"],
            stem=question.text,
            options=question.options,
            english_stem=last.stem,
            english_options=last.options,
            flags=last.flags,
        ),
        seed=deps.settings.seed,
    )
    checked = replace(last, adequate=not last.flags)
    judgement = "adequate"
    if result.output is None:
        judgement = result.failure or "poor"
    elif not result.output.adequate:
        judgement = "poor"
        checked = replace(last, adequate=False, problem=result.output.problem)
    return replace(_outcome(checked, judgement, attempts, deps), usage=result.usage)


def _outcome(checked: Translation, judgement: str, attempts: tuple[Translation, ...], deps: Deps) -> Outcome:
    attempts = (*attempts[:-1], checked)
    chosen = checked
    warnings: tuple[str, ...] = ()
    if not checked.adequate:
        chosen = min(attempts, key=_badness)
        if len(attempts) >= deps.settings.translations and not chosen.adequate:
            warnings = ("translation_doubtful",)
    detail = {
        "adequate": checked.adequate,
        "flags": list(checked.flags),
        "problem": checked.problem,
        "judgement": judgement,
        "attempt": len(attempts),
    }
    return Outcome({"translations": attempts, "translation": chosen, "warnings": warnings}, detail)


def _badness(translation: Translation) -> tuple[bool, bool, int, bool]:
    return (translation.missing, not translation.adequate, len(translation.flags), bool(translation.problem))
