"""A better query for the next round, never one that was tried before."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks import REWRITE, RewriteIn


async def rewrite(state: State, deps: Deps) -> Outcome:
    """Ask for a new query; where none comes, or an old one, fall back to the terms not searched for yet."""
    stem, options = english(state)
    tried = state.get("tried", ())
    result = await deps.backbone.perform(
        REWRITE,
        RewriteIn(stem=stem, options=options, tried=tried, reason=state.get("reason", "")),
        seed=deps.settings.seed + len(tried),
    )
    query = result.output.query.strip() if result.output else ""
    repeated = query.casefold() in {old.casefold() for old in tried}
    if not query or repeated:
        query = _fallback(state, tried)
    detail = {"query": query, "reason": state.get("reason", ""), "repeated": repeated, "failure": result.failure}
    return Outcome({"query": query}, detail, result.usage)


def _fallback(state: State, tried: tuple[str, ...]) -> str:
    """The first wording nobody tried: the terms, the stem with its options, each option with the terms."""
    stem, options = english(state)
    terms = " ".join(term.english for term in state.get("terms", ()))
    wordings = [terms, " ".join((stem, *(o.text for o in options))), *(f"{terms} {o.text}".strip() for o in options)]
    fresh = [wording for wording in wordings if wording and wording not in tried]
    return fresh[0] if fresh else f"{stem} ({len(tried) + 1})"
