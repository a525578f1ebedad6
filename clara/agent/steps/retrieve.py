"""Evidence for the current round: several wordings of the need, fused into one ranked list."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english, gathered
from clara.knowledge.base import Query


async def retrieve(state: State, deps: Deps) -> Outcome:
    """Search with the rewritten query if there is one, with the English question, and with the question's own words.

    Where the backbone calls this step as a tool, only its own query counts, and what was found before stays.
    """
    settings, tool = deps.settings, deps.strategy.has("act")
    wordings = {state["query"]: 1.0} if tool else _wordings(state, settings.retrieve_with_options)
    texts, weights = tuple(wordings), tuple(wordings.values())
    passages = await deps.retriever.search(
        Query(texts, weights, settings.kind_weights, state["language"]), k=settings.passages
    )
    tried = state.get("tried", ())
    known = {old.casefold() for old in tried}
    ids = tuple(passage.id for passage in passages)
    update = {
        "passages": gathered(state.get("passages", ()), passages) if tool else passages,
        "retrieved": ids,
        "exhausted": bool(ids) and ids == state.get("retrieved"),
        "sufficient": True,
        "query": texts[0],
        "tried": (*tried, *(text for text in texts if text.casefold() not in known)),
        "round": state.get("round", 0) + 1,
    }
    detail = {
        "round": update["round"],
        "queries": list(texts),
        "passages": [{"id": p.id, "title": p.title, "score": round(p.score, 4)} for p in passages],
    }
    return Outcome(update, detail)


def _wordings(state: State, with_options: bool) -> dict[str, float]:
    """Each wording with its weight, the query of the round first."""
    question, rewritten = state["question"], state.get("query", "")
    stem, options = english(state)
    if with_options:
        stem = " ".join((stem, *(option.text for option in options)))
    wordings: dict[str, float] = {}
    if rewritten:
        wordings[rewritten] = 1.0
    wordings.setdefault(stem, 1.0)
    terms = " ".join(term.english for term in state.get("terms", ()))
    if terms:
        wordings.setdefault(terms, 0.5)
    if question.text != stem:
        wordings.setdefault(question.text, 0.5)
    return wordings
