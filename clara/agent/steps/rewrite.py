"""A better query for the next round, never one that was tried before."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english, english_terms, queries_before
from clara.events import Retry
from clara.tasks.model import REWRITE, RewriteIn
from clara.types import with_options


def another_round(state: State) -> Retry:
    """The event before a rewrite: why the round that ends was not enough."""
    return Retry(state.get("round", 0), state.get("reason", ""))


async def rewrite(state: State, deps: Deps) -> Outcome:
    """Ask for a new query; where none comes, or an old one, fall back to a wording not searched for yet.

    Where there is none either, the search is exhausted: another round would bring what the last one brought.
    """
    stem, options = english(state)
    tried = state.get("tried", ())
    known = queries_before(state)
    result = await deps.backbone.perform(
        REWRITE,
        RewriteIn(stem=stem, options=options, tried=tried, reason=state.get("reason", "")),
        seed=deps.settings.seed + len(tried),
    )
    query = ""
    if result.output is not None:
        query = result.output.query.strip()
    repeated = query.casefold() in known
    is_new = query != "" and not repeated
    if not is_new:
        query = _fallback(state, known)
    exhausted = not query
    detail = {
        "query": query,
        "exhausted": exhausted,
        "reason": state.get("reason", ""),
        "repeated": repeated,
        "failure": result.failure,
    }
    update = {"query": query, "rewritten": is_new and deps.uses_model, "exhausted": exhausted}
    return Outcome(update, detail, result.usage)


def _fallback(state: State, known: set[str]) -> str:
    """The first wording that is not among the known: the terms, the stem with its options, each option with the terms.

    Empty if all of them were searched for.
    """
    stem, options = english(state)
    terms = english_terms(state)
    wordings = [terms, with_options(stem, options)]
    for option in options:
        wordings.append(f"{terms} {option.text}".strip())
    for wording in filter(None, wordings):
        if wording.casefold() not in known:
            return wording
    return ""
