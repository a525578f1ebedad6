"""A better query for the next round: the model's where it is new, else a wording that was not searched for yet."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.state import Deps, State
from clara.agent.steps.rewrite import rewrite
from clara.agent.strategies import get_strategy
from clara.config import Settings
from clara.tasks.model import RewriteOut, TermHint
from clara.types import with_options
from tests.agent.fakes import ENGLISH, UNPARSED, Script, Shelf, Words

WHOLE = with_options(ENGLISH.text, ENGLISH.options)
TERMS = (TermHint(source="recto lateral", english="lateral rectus"),)
NEW = RewriteOut(query="abducens nerve palsy")


async def rewritten(reply: Any, *, uses_model: bool = True, **values: Any) -> Any:
    deps = Deps(Script(rewrite=reply), Shelf(), Words(), Settings.plain(), get_strategy("clara"), uses_model=uses_model)
    return (await rewrite(State(question=ENGLISH, language="en", **values), deps)).update


async def test_a_new_query_of_the_model_is_taken() -> None:
    update = await rewritten(NEW, tried=("lens",))
    assert update == {"query": "abducens nerve palsy", "rewritten": True, "exhausted": False}


async def test_without_a_model_the_query_is_made_of_the_questions_own_words() -> None:
    assert (await rewritten(NEW, uses_model=False))["rewritten"] is False


@pytest.mark.parametrize("reply", [UNPARSED, RewriteOut(query="  "), RewriteOut(query="LENS")])
async def test_no_query_or_an_old_one_falls_back_to_the_terms(reply: Any) -> None:
    update = await rewritten(reply, tried=("lens",), terms=TERMS)
    assert update == {"query": "lateral rectus", "rewritten": False, "exhausted": False}


async def test_then_to_the_question_with_its_options_and_to_each_option_with_the_terms() -> None:
    assert (await rewritten(UNPARSED, tried=("Lateral rectus",), terms=TERMS))["query"] == WHOLE
    tried = ("lateral rectus", WHOLE)
    assert (await rewritten(UNPARSED, tried=tried, terms=TERMS))["query"] == "lateral rectus Medial rectus"
    assert (await rewritten(UNPARSED, tried=(WHOLE,)))["query"] == "Medial rectus"


async def test_where_everything_was_searched_for_the_search_is_exhausted() -> None:
    options = tuple(option.text for option in ENGLISH.options)
    assert await rewritten(UNPARSED, tried=(WHOLE, *options)) == {"query": "", "rewritten": False, "exhausted": True}
