"""The urgent line of a chat comes from the words as typed, whatever the model makes of them."""

from __future__ import annotations

import pytest

from clara.chat.session import ChatEvent, ChatSession
from clara.errors import BackboneUnreachable
from clara.events import Notice
from clara.knowledge.glossary import TermGlossary
from clara.tasks.model import CondenseOut, LocalizeOut
from tests.chat.fakes import scripted, settings

URGENT = "I got bleach in my eye and cannot see."


async def events(session: ChatSession, text: str) -> list[ChatEvent]:
    return [event async for event in session.ask(text)]


async def test_a_model_that_rewrites_the_turn_takes_nothing_away(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(question="What is the cornea?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await events(session, "Which layer of the cornea is thickest?")
        seen = await events(session, URGENT)
        assert isinstance(seen[0], Notice)
        assert sum(isinstance(event, Notice) for event in seen) == 1
        assert session.last.notice == seen[0].text


async def test_a_model_that_asks_back_takes_nothing_away(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(clarification="Which eye do you mean?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await events(session, "Which layer of the cornea is thickest?")
        assert isinstance((await events(session, URGENT))[0], Notice)
        assert session.turns[-1].clarification


async def test_a_turn_of_three_words_is_read_before_it_is_rewritten(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(question="What is the cornea?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        assert isinstance((await events(session, "bleach in eye"))[0], Notice)


async def test_a_server_that_is_down_takes_nothing_away(glossary: TermGlossary, monkeypatch: pytest.MonkeyPatch) -> None:
    agent, backbone = scripted(glossary)

    async def down() -> None:
        raise BackboneUnreachable("no server at http://127.0.0.1:9/v1")

    monkeypatch.setattr(backbone, "info", down)
    seen: list[ChatEvent] = []
    async with ChatSession(settings(), agent=agent, private=True) as session:
        with pytest.raises(BackboneUnreachable):
            async for event in session.ask("bleach in eye"):
                seen.append(event)
    assert isinstance(seen[0], Notice)


async def test_a_fixed_language_is_the_language_of_the_line_only(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary, strategy="direct")
    backbone.always("localize", LocalizeOut(answer="स्ट्रोमा [1]"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        session.fix_language("hi")
        first = (await events(session, URGENT))[0]
    assert isinstance(first, Notice)
    assert "आँख" in first.text


async def test_advice_for_oneself_is_read_from_the_words_as_typed(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(question="What is the dose of atropine drops in children?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await events(session, "Which layer of the cornea is thickest?")
        await events(session, "And how many drops should I give my daughter?")
        assert "not_personal_advice" in session.last.warnings


async def test_a_rewording_that_sounds_personal_is_no_request_for_advice(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(question="How many drops should I take for my glaucoma?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await events(session, "Which layer of the cornea is thickest?")
        await events(session, "And what is the usual dose?")
        assert "not_personal_advice" not in session.last.warnings
