"""The answer in the asker's language, with letters, numbers and names intact."""

from __future__ import annotations

from clara.agent.guards import check_localisation
from clara.agent.state import Deps, Outcome, State
from clara.agent.steps.verify import best
from clara.tasks import LOCALIZE, LocalizeIn


async def localize(state: State, deps: Deps) -> Outcome:
    """Put the best candidate into the question's language; a letter's own option text is never translated anew."""
    language, question, candidate = state["language"], state["question"], best(state["candidates"])
    if candidate.failure or (deps.uses_model and (language == "en" or candidate.label is not None)):
        own = question.option_text(candidate.label) if candidate.label else None
        text = own if own is not None else candidate.text
        return Outcome({"answer": text}, {"answer": text, "localized": False})
    result = await deps.backbone.perform(
        LOCALIZE,
        LocalizeIn(
            language=language,
            answer_english=candidate.text,
            label=candidate.label,
            option_original=question.option_text(candidate.label or "") or "",
            quotes=tuple(citation.quote for citation in candidate.citations),
        ),
        seed=deps.settings.seed,
    )
    if result.output is None:
        detail = {"answer": candidate.text, "localized": False, "failure": result.failure}
        return Outcome({"answer": candidate.text, "warnings": ("answer_in_english",)}, detail, result.usage)
    flags = check_localisation(candidate.text, result.output.answer) if deps.uses_model else ()
    detail = {"answer": result.output.answer, "localized": True, "flags": list(flags)}
    warnings = ("localisation_doubtful",) if flags else ()
    return Outcome({"answer": result.output.answer, "warnings": warnings}, detail, result.usage)
