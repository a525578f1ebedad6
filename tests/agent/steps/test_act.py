"""One turn of the tool-using baseline: which tool is called, and when the search ends."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.state import Deps, State
from clara.agent.steps.act import act
from clara.agent.strategies import get_strategy
from clara.config import Settings
from clara.tasks.model import ReactOut
from tests.agent.fakes import ENGLISH, UNPARSED, Outside, Script, Shelf, Words


async def turn(reply: Any, *sources: Outside, strategy: str = "react", **values: Any) -> tuple[Any, Script]:
    script = Script(react=reply)
    deps = Deps(script, Shelf(), Words(), Settings.plain(rounds=3), get_strategy(strategy), uses_model=True, sources=sources)
    return await act(State(question=ENGLISH, language="en", **values), deps), script


async def test_a_new_query_is_searched_for_with_the_tool_that_was_chosen() -> None:
    reply = ReactOut(thought="a nerve", action="search_pubmed", query=" abducens palsy ")
    outcome, _ = await turn(reply, Outside("pubmed"))
    assert outcome.update == {"action": "search_pubmed", "query": "abducens palsy"}
    assert outcome.detail["thought"] == "a nerve"


async def test_the_backbone_is_offered_the_sources_that_are_named_and_the_rounds_that_are_left() -> None:
    _, script = await turn(ReactOut(action="answer"), Outside("pubmed"), Outside("wikipedia"), round=1)
    [inputs] = script.inputs("react")
    assert inputs.tools == ("search_knowledge", "search_pubmed", "search_wikipedia")
    assert inputs.left == 2


async def test_a_tool_that_was_not_offered_is_the_knowledge_base() -> None:
    outcome, script = await turn(ReactOut(action="search_wikipedia", query="lens"))
    assert outcome.update == {"action": "search_knowledge", "query": "lens"}
    assert script.inputs("react")[0].tools == ("search_knowledge",)


@pytest.mark.parametrize("query", ["", "  ", "Abducens NERVE"])
async def test_an_empty_or_repeated_query_ends_the_search(query: str) -> None:
    outcome, _ = await turn(ReactOut(action="search_knowledge", query=query), tried=("abducens nerve",))
    assert outcome.update["action"] == "answer"
    assert outcome.detail["query"] == ""


async def test_a_first_turn_without_a_usable_reply_searches_for_the_question() -> None:
    outcome, _ = await turn(UNPARSED)
    assert outcome.update == {"action": "search_knowledge", "query": ENGLISH.text}
    assert outcome.detail["failure"] == "unparsed"


async def test_a_later_turn_without_a_usable_reply_answers() -> None:
    outcome, _ = await turn(UNPARSED, tried=("abducens nerve",))
    assert outcome.update == {"action": "answer", "query": ""}
