"""Terms and definitions: what the glossary knows of the question's words, and what to look up."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks.model import TERMS, TermHint, TermsIn
from clara.types import Usage

MOST = 12
"""Terms that the answer's prompt shows."""


async def augment(state: State, deps: Deps) -> Outcome:
    """Look the question's terms up, in its own words and in English, and let the backbone name the key ones."""
    question, language = state["question"], state["language"]
    stem, options = english(state)
    hints = {hint.english: hint for hint in deps.glossary.lookup(question.text, language)}
    named: tuple[str, ...] = ()
    failure, usage = None, Usage()
    if deps.skills.trusts(TERMS.name):
        result = await deps.backbone.perform(TERMS, TermsIn(stem=stem, options=options), seed=deps.settings.seed)
        failure, usage = result.failure, result.usage
        if result.output is not None:
            named = result.output.terms
    for text in (stem, *named):
        for hint in deps.glossary.lookup(text, "en"):
            hints.setdefault(hint.english, hint)
    terms: tuple[TermHint, ...] = tuple(hints.values())[:MOST]
    detail = {
        "terms": [term.model_dump(exclude={"kind"}) for term in terms],
        "named": list(named),
        "failure": failure,
    }
    return Outcome({"terms": terms}, detail, usage)
