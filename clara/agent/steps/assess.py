"""Is the translation good enough to reason on? Guards first, then the backbone's judgement."""

from __future__ import annotations

from dataclasses import replace

from clara.agent.guards import check_translation
from clara.agent.state import Deps, Outcome, State, Translation
from clara.tasks import ASSESS, AssessIn


async def assess(state: State, deps: Deps) -> Outcome:
    """Judge the last translation; keep the better one, flagged, when the attempts have run out."""
    question, attempts = state["question"], state["translations"]
    last = attempts[-1]
    flags = last.flags or check_translation(question.text, question.options, last.stem, last.options, state["language"])
    result = await deps.backbone.perform(
        ASSESS,
        AssessIn(
            language=state["language"],
            stem=question.text,
            options=question.options,
            english_stem=last.stem,
            english_options=last.options,
            flags=flags,
        ),
        seed=deps.settings.seed,
    )
    judged = result.output
    adequate = not flags and (judged is None or judged.adequate)
    problem = judged.problem if judged is not None and not judged.adequate else last.problem
    checked = replace(last, flags=flags, adequate=adequate, problem=problem)
    attempts = (*attempts[:-1], checked)
    chosen = checked if adequate else min(attempts, key=_badness)
    done = adequate or len(attempts) >= deps.settings.translations
    warnings = ("translation_doubtful",) if done and not chosen.adequate else ()
    detail = {
        "adequate": adequate,
        "flags": list(flags),
        "problem": problem,
        "judgement": result.failure or ("adequate" if judged and judged.adequate else "poor"),
        "attempt": len(attempts),
    }
    update = {"translations": attempts, "translation": chosen, "warnings": warnings}
    return Outcome(update, detail, result.usage)


def _badness(translation: Translation) -> tuple[bool, int, bool]:
    return (not translation.adequate, len(translation.flags), bool(translation.problem))
