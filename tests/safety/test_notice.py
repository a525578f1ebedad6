"""The notice comes first, whatever the model, the passages or the network do."""

from __future__ import annotations

import pytest

from clara.agent.strategies import STRATEGIES, get_strategy
from clara.errors import BackboneUnreachable, StoreError, UnsupportedLanguage
from clara.events import Final, Notice
from clara.language.messages import catalogue
from clara.types import Question
from tests.agent.fakes import SILENT, UNPARSED, Script, agent

URGENT = Question("Me salpicó lejía en los ojos, ¿qué hago?", (), "es")
CALM = Question("¿Qué nervio inerva el recto lateral?", (), "es")
DOWN = BackboneUnreachable("no server at http://127.0.0.1:1/v1")


class Dead(Script):
    """A backbone whose server is gone."""

    async def info(self) -> None:  # type: ignore[override]
        raise DOWN


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_the_notice_is_the_first_event_and_stands_in_the_answer(strategy: str) -> None:
    events = [event async for event in agent(Script()).stream(URGENT, get_strategy(strategy))]
    last = events[-1]
    assert isinstance(last, Final)
    assert events[0] == Notice(last.answer.notice)
    assert last.answer.notice.startswith(catalogue("es")["urgent_first"])
    assert sum(isinstance(event, Notice) for event in events) == 1


async def test_a_calm_question_has_no_notice_and_no_event() -> None:
    events = [event async for event in agent(Script()).stream(CALM, get_strategy("clara"))]
    assert not any(isinstance(event, Notice) for event in events)
    assert isinstance(events[-1], Final)
    assert events[-1].answer.notice == ""


async def test_without_a_backbone_an_urgent_question_still_gets_its_notice() -> None:
    answer = await agent(Dead()).run(URGENT, get_strategy("clara"))
    assert answer.notice.startswith(catalogue("es")["urgent_first"])
    assert answer.failure == "no_response"
    assert answer.answer == ""
    assert answer.warnings[:2] == ("backbone_failed", str(DOWN))
    assert "backbone_failed" in catalogue("es")


async def test_without_a_backbone_the_stream_ends_in_an_answer_too() -> None:
    events = [event async for event in agent(Dead()).stream(URGENT, get_strategy("clara"))]
    assert isinstance(events[0], Notice)
    assert isinstance(events[-1], Final)
    assert events[-1].answer.failure == "no_response"


async def test_a_backbone_that_dies_on_the_way_does_not_take_the_notice_with_it() -> None:
    answer = await agent(Script(answer_text=DOWN)).run(URGENT, get_strategy("direct"))
    assert answer.notice
    assert answer.failure == "no_response"


async def test_a_language_that_the_profile_does_not_cover_does_not_take_the_notice_away() -> None:
    asked = Question("Sudden loss of vision in my right eye since this morning", (), "de")
    answer = await agent(Script(languages=frozenset(("en", "es")))).run(asked, get_strategy("clara"))
    assert answer.notice.startswith(catalogue("en")["urgent"])
    assert (answer.failure, answer.answer) == ("no_response", "")
    assert "not German" in answer.warnings[0]


async def test_a_calm_question_in_a_language_that_is_not_covered_raises() -> None:
    asked = Question("Welcher Nerv versorgt den Muskel?", (), "de")
    with pytest.raises(UnsupportedLanguage):
        await agent(Script(languages=frozenset(("en", "es")))).run(asked, get_strategy("clara"))


async def test_without_a_backbone_a_calm_question_raises() -> None:
    with pytest.raises(BackboneUnreachable, match="no server"):
        await agent(Dead()).run(CALM, get_strategy("clara"))


@pytest.mark.parametrize("reply", [UNPARSED, SILENT])
async def test_a_reply_of_no_use_keeps_the_notice(reply: object) -> None:
    answer = await agent(Script(answer_text=reply)).run(URGENT, get_strategy("direct"))
    assert answer.notice
    assert answer.failure


class Broken:
    """A store that fails every search."""

    async def search(self, *_query: object, **_how: object) -> None:
        raise StoreError("the store is broken")


async def test_a_broken_store_does_not_take_the_notice_away() -> None:
    answer = await agent(Script(), Broken()).run(URGENT, get_strategy("rag"))  # type: ignore[arg-type]
    assert answer.notice
    assert (answer.failure, answer.warnings[0]) == ("no_response", "the store is broken")


async def test_a_calm_question_to_a_broken_store_raises() -> None:
    with pytest.raises(StoreError):
        await agent(Script(), Broken()).run(CALM, get_strategy("rag"))  # type: ignore[arg-type]


async def test_a_personal_request_is_answered_with_its_limit() -> None:
    asked = Question("How many drops should I take for my glaucoma?", (), "en")
    answer = await agent(Script()).run(asked, get_strategy("direct"))
    assert answer.answer
    assert "not_personal_advice" in answer.warnings
    assert "not_personal_advice" in catalogue("en")
    assert "not_personal_advice" not in (await agent(Script()).run(CALM, get_strategy("direct"))).warnings
