"""A tool-using baseline: the backbone thinks, calls a search tool, reads what came, and decides when to answer.

Reference: Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", ICLR 2023. Here a turn is one structured
task, the tools are the graph's own steps, and "answer" hands over to the same answer step as in every other strategy, so
that letters, citations and votes are checked alike.
"""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english, queries_before
from clara.tasks.model import REACT, Action, ReactIn, ReactOut, TaskResult, Tool


async def act(state: State, deps: Deps) -> Outcome:
    """One turn. A repeated or empty query or no usable reply ends the search; a first turn without reply searches."""
    tried = state.get("tried", ())
    stem, options = english(state)
    tools = _tools(deps)
    result = await deps.backbone.perform(
        REACT,
        ReactIn(
            language=state["language"],
            stem=stem,
            options=options,
            passages=state.get("passages", ()),
            tried=tried,
            tools=tools,
            left=deps.settings.rounds - state.get("round", 0),
        ),
        seed=deps.settings.seed + len(tried),
    )
    out = result.output
    if out is None and not tried:
        return _turn("search_knowledge", stem, "", result)
    if out is None:
        return _turn("answer", "", "", result)
    query = out.query.strip()
    action = out.action
    if not query or query.casefold() in queries_before(state):
        action = "answer"
    elif action not in (*tools, "answer"):
        action = "search_knowledge"
    return _turn(action, query, out.thought, result)


def _turn(action: Action, query: str, thought: str, result: TaskResult[ReactOut]) -> Outcome:
    detail = {"thought": thought, "action": action, "query": query, "failure": result.failure}
    if action == "answer":
        detail["query"] = ""
    return Outcome({"action": action, "query": query}, detail, result.usage)


def _tools(deps: Deps) -> tuple[Tool, ...]:
    """The knowledge base, and the outside sources where the strategy searches them."""
    if not deps.strategy.has("search"):
        return ("search_knowledge",)
    return ("search_knowledge", *(source.tool for source in deps.sources))
