"""A tool-using baseline: the backbone thinks, calls a search tool, reads what came, and decides when to answer.

Reference: Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", ICLR 2023. Here a turn is one structured
task, the tools are the graph's own steps, and "answer" hands over to the same answer step as in every other strategy, so
that letters, citations and votes are checked alike.
"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english
from clara.tasks.model import REACT, Action, ReactIn, Tool


async def act(state: State, deps: Deps) -> Outcome:
    """One turn. A repeated or empty query or no usable reply ends the search; a first turn without reply searches."""
    tried = state.get("tried", ())
    stem, options = english(state)
    offered: tuple[Tool, ...] = tuple(source.tool for source in deps.sources) if deps.strategy.has("search") else ()
    result = await deps.backbone.perform(
        REACT,
        ReactIn(
            language=state["language"],
            stem=stem,
            options=options,
            passages=state.get("passages", ()),
            tried=tried,
            tools=("search_knowledge", *offered),
            left=deps.settings.rounds - state.get("round", 0),
        ),
        seed=deps.settings.seed + len(tried),
    )
    out = result.output
    query = out.query.strip() if out else ""
    action: Action = out.action if out else "answer"
    if action not in ("answer", "search_knowledge", *offered):
        action = "search_knowledge"
    if action != "answer" and (not query or query.casefold() in {old.casefold() for old in tried}):
        action = "answer"
    if out is None and not tried:
        action, query = "search_knowledge", stem
    detail = {
        "thought": out.thought if out else "",
        "action": action,
        "query": query if action != "answer" else "",
        "failure": result.failure,
    }
    return Outcome({"action": action, "query": query}, detail, result.usage)
