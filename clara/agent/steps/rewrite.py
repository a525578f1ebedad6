"""A better query for the next round, never one that was tried before."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks.model import REWRITE, RewriteIn


async def rewrite(state: State, deps: Deps) -> Outcome:
    """Ask for a new query; where none comes, or an old one, fall back to a wording not searched for yet.

    Where there is none either, the search is exhausted: another round would bring what the last one brought.
    """
    stem, options = english(state)
    tried = state.get("tried", ())
    known = {old.casefold() for old in tried}
    result = await deps.backbone.perform(
        REWRITE,
        RewriteIn(stem=stem, options=options, tried=tried, reason=state.get("reason", "")),
        seed=deps.settings.seed + len(tried),
    )
    query = result.output.query.strip() if result.output else ""
    repeated = query.casefold() in known
    own = bool(query) and not repeated
    if not own:
        query = _fallback(state, known)
    exhausted = not query
    detail = {
        "query": query,
        "exhausted": exhausted,
        "reason": state.get("reason", ""),
        "repeated": repeated,
        "failure": result.failure,
    }
    update = {"query": query, "rewritten": own and deps.uses_model, "exhausted": exhausted}
    return Outcome(update, detail, result.usage)


def _fallback(state: State, known: set[str]) -> str:
    """The first wording that is not among the known: the terms, the stem with its options, each option with the terms.

    Empty if all of them were searched for.
    """
    stem, options = english(state)
    terms = " ".join(term.english for term in state.get("terms", ()))
    wordings = [terms, " ".join((stem, *(o.text for o in options))), *(f"{terms} {o.text}".strip() for o in options)]
    fresh = [wording for wording in wordings if wording and wording.casefold() not in known]
    return fresh[0] if fresh else ""
