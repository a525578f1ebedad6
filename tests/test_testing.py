"""The public fakes."""

from __future__ import annotations

import pytest

from clara.knowledge.base import Query
from clara.tasks.model import TERMS, TaskResult, TermsIn, TermsOut, VerifyOut
from clara.testing import FixedRetriever, ScriptedBackbone
from clara.types import Passage

INPUTS = TermsIn(stem="q")


async def test_enqueued_outputs_come_in_order_then_the_standing_one() -> None:
    fake = ScriptedBackbone().enqueue("terms", TermsOut(terms=("a",)), TaskResult(None, failure="unparsed"))
    fake.always("terms", lambda inputs: TermsOut(terms=(inputs.stem,)))
    first, second, third = [await fake.perform(TERMS, INPUTS) for _ in range(3)]
    assert first.output == TermsOut(terms=("a",))
    assert second.failure == "unparsed"
    assert third.output == TermsOut(terms=("q",))
    assert fake.calls == [("terms", INPUTS)] * 3


async def test_mistakes_are_told() -> None:
    with pytest.raises(AssertionError, match="nothing is enqueued for the task 'terms'"):
        await ScriptedBackbone().perform(TERMS, INPUTS)
    with pytest.raises(AssertionError, match="gives TermsOut, not VerifyOut"):
        fake = ScriptedBackbone().enqueue("terms", VerifyOut(grounded=True, answers_question=True))
        await fake.perform(TERMS, INPUTS)
    with pytest.raises(AssertionError, match="no task 'term'"):
        ScriptedBackbone().enqueue("term")


async def test_fixed_retriever() -> None:
    retriever = FixedRetriever([Passage("a#0", "a", "x"), Passage("b#0", "b", "y")])
    query = Query(("q",))
    assert [p.id for p in await retriever.search(query, k=1)] == ["a#0"]
    assert retriever.queries == [query]
