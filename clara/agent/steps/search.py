"""Outside sources (PubMed, Wikipedia), asked only where the settings name them and only with English words."""

from __future__ import annotations

import asyncio
from typing import Any

from clara.agent.state import Deps, Outcome, State, english, gathered, is_english
from clara.errors import SourceError
from clara.knowledge.outside.source import OutsideSource
from clara.language.detection import detect_language
from clara.language.text import STOPWORDS, spans
from clara.types import Passage

FOUND = 3
"""Passages taken from each source."""
WORDS = 8
"""Words of a query: outside sources look for texts that hold all of them."""


async def search(state: State, deps: Deps) -> Outcome:
    """Ask each source, the precise wording first and the key terms if that finds nothing; an error becomes a warning.

    The patient's or asker's own words never leave this machine: only a query that the model wrote (in a rewrite or a tool
    call) and the English terms of the question are sent.
    """
    tool = deps.strategy.has("act")
    sources = [s for s in deps.sources if not tool or s.tool == state["action"]]
    queries = _queries(state, tool)
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


def _queries(state: State, tool: bool) -> tuple[str, ...]:
    """What may be sent, the precise wording first, each once; nothing where there is no English wording."""
    short = _short(state.get("query", ""))
    if short.casefold() in {_short(text).casefold() for text in (state["question"].text, english(state)[0])}:
        short = ""
    if tool:
        return (short,) if short and detect_language(state["query"]).code == "en" else ()
    if not is_english(state):
        return ()
    wordings = (short if state.get("rewritten") else "", " ".join(term.english for term in state.get("terms", ())[:3]))
    return tuple(dict.fromkeys(wording for wording in wordings if wording))


def _short(text: str) -> str:
    """The content words of a text as they are written."""
    content = [word.surface for word in spans(text) if word.text not in STOPWORDS]
    return " ".join(content[:WORDS])
