"""Outside sources (PubMed, Wikipedia), asked only where the settings name them and only with terms of the glossary."""

from __future__ import annotations

import asyncio
from typing import Any

from clara.agent.state import Deps, Outcome, State, gathered, ids_of, is_english
from clara.errors import SourceError
from clara.knowledge.outside.source import OutsideSource
from clara.language.text import words
from clara.tasks.model import TermHint
from clara.types import Passage

PASSAGES = 3
"""Most passages taken from each source."""
TERMS = 3
"""Terms of a query: outside sources look for texts that hold all of them."""
PURPOSES = frozenset(
    "anatomy cause causes complication complications diagnosis dose efficacy guideline incidence innervation mechanism "
    "pathogenesis prevalence prevention prognosis safety surgery therapy treatment trial".split()
)
"""What is looked for about a term: the only words besides terms that may be sent."""
PRIVATE_KINDS = frozenset(("systemic", "organism"))
"""Kinds of terms that may be somebody's diagnosis beyond the eye, HIV among them."""


async def search(state: State, deps: Deps) -> Outcome:
    """Ask each source, the precise wording first and the key terms if that finds nothing; an error becomes a warning.

    Neither the asker's words nor the model's leave this machine: a model that reads a poisoned passage may put a name and a
    telephone number into its query. What is sent is built from the English names of the glossary's terms.
    """
    is_tool = deps.strategy.has("act")
    sources = list(deps.sources)
    if is_tool:
        sources = [source for source in deps.sources if source.tool == state["action"]]
    queries = _queries(state, deps, is_tool)
    replies = await asyncio.gather(*(_ask(source, queries) for source in sources))
    passages: list[Passage] = []
    sent: list[str] = []
    problems: list[str] = []
    for source_passages, source_queries, problem in replies:
        passages += source_passages
        sent += source_queries
        if problem:
            problems.append(problem)
    update: dict[str, Any] = {
        "passages": gathered(state.get("passages", ()), tuple(passages)),
        "outside": (*state.get("outside", ()), *ids_of(passages)),
    }
    if problems:
        update["warnings"] = ("search_failed",)
    if is_tool:
        update |= {"round": state.get("round", 0) + 1, "tried": (*state.get("tried", ()), state["query"])}
    detail = {
        "sources": [source.name for source in sources],
        "queries": list(dict.fromkeys(sent)),
        "passages": [{"id": p.id, "title": p.title} for p in passages],
        "problems": problems,
    }
    return Outcome(update, detail)


async def _ask(source: OutsideSource, queries: tuple[str, ...]) -> tuple[tuple[Passage, ...], list[str], str]:
    """What the first query that finds something finds, the queries that were sent, and the problem if there was one."""
    sent: list[str] = []
    try:
        for query in queries:
            sent.append(query)
            passages = await source.search(query, PASSAGES)
            if passages:
                return passages, sent, ""
    except SourceError as error:
        return (), sent, str(error)
    return (), sent, ""


def _queries(state: State, deps: Deps, is_tool: bool) -> tuple[str, ...]:
    """What may be sent, the precise wording first, each once; nothing where there is no English wording."""
    examines = bool(state["question"].options)  # any other question may be about the person who asks
    wordings: list[str] = []
    if is_tool or state.get("rewritten"):
        text = state.get("query", "")
        wordings.append(_sendable(deps.glossary.lookup(text, "en"), text, examines))
    if not is_tool:
        if not is_english(state):
            return ()
        wordings.append(_sendable(state.get("terms", ()), "", examines))
    return tuple(dict.fromkeys(filter(None, wordings)))


def _sendable(terms: tuple[TermHint, ...], text: str, examines: bool) -> str:
    """The first terms by their English names in the glossary, and the purposes that the text names; empty without a term."""
    names: list[str] = []
    for term in terms:
        if examines or term.kind not in PRIVATE_KINDS:
            names.append(term.english)
    if not names:
        return ""
    purposes = [word for word in words(text) if word in PURPOSES]
    return " ".join(dict.fromkeys((*names[:TERMS], *purposes[:1])))
