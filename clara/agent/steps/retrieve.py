"""Evidence for the current round: several wordings of the need, fused into one ranked list."""

from __future__ import annotations

from clara.agent.state import Deps, Outcome, State, english, english_terms, gathered, ids_of, queries_before
from clara.knowledge.base import Query
from clara.types import with_options


async def retrieve(state: State, deps: Deps) -> Outcome:
    """Search with the rewritten query if there is one, with the English question, and with the question's own words.

    Where the backbone calls this step as a tool, only its own query counts, and what was found before stays.
    """
    settings = deps.settings
    wordings = _wordings(state, deps)
    texts, weights = tuple(wordings), tuple(wordings.values())
    passages = await deps.retriever.search(
        Query(texts, weights, settings.kind_weights, state["language"]), k=settings.passages
    )
    ids, turn = ids_of(passages), state.get("round", 0) + 1
    update = {
        "passages": passages,
        "retrieved": ids,
        "exhausted": ids != () and ids == state.get("retrieved"),
        "sufficient": True,
        "query": texts[0],
        "tried": (*state.get("tried", ()), *_new(texts, state)),
        "round": turn,
    }
    if deps.strategy.has("act"):
        update["passages"] = gathered(state.get("passages", ()), passages)
    shown = [{"id": p.id, "title": p.title, "score": round(p.score, 4)} for p in passages]
    return Outcome(update, {"round": turn, "queries": list(texts), "passages": shown})


def _new(queries: tuple[str, ...], state: State) -> list[str]:
    """The queries that no earlier round searched for."""
    known = queries_before(state)
    return [query for query in queries if query.casefold() not in known]


def _wordings(state: State, deps: Deps) -> dict[str, float]:
    """Each wording with its weight, the query of the round first; a search tool has that query alone."""
    if deps.strategy.has("act"):
        return {state["query"]: 1.0}
    question, rewritten = state["question"], state.get("query", "")
    stem, options = english(state)
    if deps.settings.retrieve_with_options:
        stem = with_options(stem, options)
    wordings: dict[str, float] = {}
    if rewritten:
        wordings[rewritten] = 1.0
    wordings.setdefault(stem, 1.0)
    terms = english_terms(state)
    if terms:
        wordings.setdefault(terms, 0.5)
    if question.text != stem:
        wordings.setdefault(question.text, 0.5)
    return wordings
