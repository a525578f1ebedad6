"""Outside sources (PubMed, Wikipedia), asked only where the settings name them and only with terms of the glossary."""

from __future__ import annotations

import asyncio
from typing import Any

from clara.agent.state import Deps, Outcome, State, gathered, is_english
from clara.errors import SourceError
from clara.knowledge.outside.source import OutsideSource
from clara.language.text import spans
from clara.tasks.model import TermHint
from clara.types import Passage

FOUND = 3
"""Passages taken from each source."""
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
    tool = deps.strategy.has("act")
    sources = [s for s in deps.sources if not tool or s.tool == state["action"]]
    queries = _queries(state, deps, tool)
    answers = await asyncio.gather(*(_ask(source, queries) for source in sources))
    passages: list[Passage] = []
    asked: list[str] = []
    problems: list[str] = []
    for source_passages, source_queries, problem in answers:
        passages += source_passages
        asked += source_queries
        if problem:
            problems.append(problem)
    update: dict[str, Any] = {
        "passages": gathered(state.get("passages", ()), tuple(passages)),
        "outside": (*state.get("outside", ()), *(passage.id for passage in passages)),
        "warnings": ("search_failed",) if problems else (),
    }
    if tool:
        update |= {"round": state.get("round", 0) + 1, "tried": (*state.get("tried", ()), state["query"])}
    detail = {
        "sources": [source.name for source in sources],
        "queries": list(dict.fromkeys(asked)),
        "passages": [{"id": p.id, "title": p.title} for p in passages],
        "problems": problems,
    }
    return Outcome(update, detail)


async def _ask(source: OutsideSource, queries: tuple[str, ...]) -> tuple[tuple[Passage, ...], list[str], str]:
    """What the first query that finds something finds, the queries that were sent, and the problem if there was one."""
    asked: list[str] = []
    try:
        for query in queries:
            asked.append(query)
            passages = await source.search(query, FOUND)
            if passages:
                return passages, asked, ""
    except SourceError as error:
        return (), asked, str(error)
    return (), asked, ""


def _queries(state: State, deps: Deps, tool: bool) -> tuple[str, ...]:
    """What may be sent, the precise wording first, each once; nothing where there is no English wording."""
    examines = bool(state["question"].options)  # any other question may be about the person who asks
    written = ""
    if tool or state.get("rewritten"):
        text = state.get("query", "")
        written = _sendable(deps.glossary.lookup(text, "en"), text, examines)
    if tool:
        return (written,) if written else ()
    if not is_english(state):
        return ()
    wordings = (written, _sendable(state.get("terms", ()), "", examines))
    return tuple(dict.fromkeys(wording for wording in wordings if wording))


def _sendable(terms: tuple[TermHint, ...], text: str, examines: bool) -> str:
    """The first terms by their English names in the glossary, and the purposes that the text names; empty without a term."""
    names: list[str] = []
    for term in terms:
        if examines or term.kind not in PRIVATE_KINDS:
            names.append(term.english)
    if not names:
        return ""
    purposes: list[str] = []
    for word in spans(text):
        if word.text in PURPOSES:
            purposes.append(word.text)
    return " ".join(dict.fromkeys((*names[:TERMS], *purposes[:1])))
