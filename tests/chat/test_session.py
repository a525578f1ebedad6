"""A conversation from question to question: memory, follow-ups, undo, retry, resume, failures."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from clara.chat.session import ChatSession
from clara.chat.turns import Condensed
from clara.config import load_settings
from clara.errors import BackboneUnreachable, UnsupportedLanguage, UsageError
from clara.events import Event, Notice
from clara.knowledge.glossary import TermGlossary
from clara.safety import urgent_notice
from clara.tasks.model import ChoiceOut, CondenseIn, CondenseOut, LocalizeOut, TaskResult, TextOut
from clara.types import Question
from tests.chat.fakes import PASSAGE, scripted, settings
from tests.terminal.fake_model import serving


async def said(session: ChatSession, text: str, events: list[Event | Condensed] | None = None) -> list[Event | Condensed]:
    """The events of a turn; those before an error stand in ``events``."""
    events = [] if events is None else events
    async for event in session.ask(text):
        events.append(event)
    return events


async def test_a_follow_up_is_condensed_with_the_conversation(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.enqueue("condense", CondenseOut(question="How thick is the stroma?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        events = await said(session, "How thick?")
        assert Condensed("How thick is the stroma?") in events
        assert session.turns[1].question == "How thick is the stroma?"
    given = [inputs for task, inputs in backbone.calls if task == "condense"]
    assert len(given) == 1
    assert isinstance(given[0], CondenseIn)
    assert [exchange.question for exchange in given[0].history] == ["Which layer of the cornea is thickest?"]
    assert given[0].history[0].answer == "The stroma. [1]"


async def test_options_are_never_condensed(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary, profile="remote")
    backbone.always("answer_choice", lambda _inputs: _choice())
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        await said(session, "And which is it? a) stroma b) epithelium")
        answer = session.last
    assert [option.label for option in answer.question.options] == ["A", "B"]
    assert answer.label == "A"
    assert "condense" not in [task for task, _ in backbone.calls]


def _choice() -> ChoiceOut:
    return ChoiceOut(label="A", citations=(1,), confidence=0.9)


@pytest.mark.parametrize(("text", "words"), [("???", "I see no question"), ("θΩ¿", "θ")])
async def test_what_cannot_be_understood_is_asked_back(text: str, words: str, glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(clarification="θ means what?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, text)
        assert session.turns[0].answer is None
        assert words in session.turns[0].clarification
        with pytest.raises(UsageError):
            _ = session.last


async def test_a_condensation_that_fails_leaves_the_words_as_they_are(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.enqueue("condense", TaskResult(None, failure="unparsed"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        await said(session, "How thick?")
        assert session.turns[1].question == "How thick?"


async def test_the_language_follows_the_user_and_can_be_fixed(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary, strategy="direct")
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    backbone.always("localize", lambda _inputs: _localized())
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "¿Cuál es la capa más gruesa de la córnea?")
        await said(session, "42 %")
        await said(session, "Which layer of the cornea is thickest?")
        session.fix_language("hindi")
        await said(session, "Which layer of the cornea is thickest?")
        session.fix_language(None)
        await said(session, "Which layer of the cornea is thickest?")
        assert [turn.language for turn in session.turns] == ["es", "es", "en", "hi", "en"]


def _localized() -> LocalizeOut:
    return LocalizeOut(answer="x")


async def test_undo_forgets_and_clear_starts_afresh_and_resume_goes_on(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        await said(session, "Which layer of the cornea is thinnest?")
        assert (session.undo()).asked == "Which layer of the cornea is thinnest?"
        first = session.id
        session.clear()
        assert session.turns == ()
        with pytest.raises(UsageError, match="Nothing has been asked"):
            session.undo()
        await said(session, "What does the lens do in the eye?")
        assert {summary.id for summary in session.conversations()} == {first, session.id}
        assert [summary.id for summary in session.conversations("LENS")] == [session.id]
        session.resume(first[:5])
        assert [turn.asked for turn in session.turns] == ["Which layer of the cornea is thickest?"]
        with pytest.raises(UsageError, match="no conversation 'zz'"):
            session.resume("zz")
        session.store.delete(first)
        assert first not in {summary.id for summary in session.conversations()}


async def test_retry_asks_again_with_another_seed_and_replaces_the_turn(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        with pytest.raises(UsageError):
            _ = [event async for event in session.retry()]
        await said(session, "Which layer of the cornea is thickest?")
        backbone.enqueue("answer_text", TextOut(answer="Still the stroma.", confidence=0.5))
        _ = [event async for event in session.retry()]
        assert [turn.answer.answer for turn in session.turns if turn.answer] == ["Still the stroma."]
        assert (await session.agent()).settings.seed == 1
        backbone.enqueue("answer_text", TaskResult(None, failure="no_response"))
        events = session.retry()
        async with aclosing(events):
            await anext(events)
        assert [turn.answer.answer for turn in session.turns if turn.answer] == ["Still the stroma."]
        assert len(session.store.load(session.id)) == 1


async def test_closing_the_events_cancels_the_request_and_keeps_the_turns(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    cancelled = asyncio.Event()
    perform = backbone.perform

    async def hang(task: object, inputs: object, **more: object) -> object:
        if getattr(task, "name", "") == "answer_text" and len(session.turns) == 1:
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()
        return await perform(task, inputs, **more)  # type: ignore[arg-type]

    backbone.perform = hang  # type: ignore[method-assign,assignment]
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        async with aclosing(session.ask("Which layer of the cornea is thinnest?")) as events:
            async for event in events:
                if getattr(event, "step", "") == "answer":
                    break
        await asyncio.wait_for(cancelled.wait(), 5)
        assert [turn.asked for turn in session.turns] == ["Which layer of the cornea is thickest?"]
        assert session.typed == "Which layer of the cornea is thinnest?"
        stored = session.store.load(session.id)
        assert [turn.asked for turn in stored] == ["Which layer of the cornea is thickest?"]


async def test_a_server_that_fails_leaves_the_conversation_usable(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    perform, fail = backbone.perform, [False]

    async def failing(task: object, inputs: object, **more: object) -> object:
        if fail[0]:
            raise BackboneUnreachable("no connection to http://127.0.0.1:9")
        return await perform(task, inputs, **more)  # type: ignore[arg-type]

    backbone.perform = failing  # type: ignore[method-assign,assignment]
    async with ChatSession(settings(), agent=agent) as session:
        await said(session, "Which layer of the cornea is thickest?")
        fail[0] = True
        with pytest.raises(BackboneUnreachable):
            await said(session, "Which layer of the cornea is thinnest?")
        assert len(session.turns) == 1
        fail[0] = False
        await said(session, "What does the lens do in the eye?")
        assert [turn.asked for turn in session.turns][1:] == ["What does the lens do in the eye?"]


async def test_the_whole_passage_of_a_citation_is_found(glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        assert await session.passage(session.last.citations[0]) == PASSAGE


async def test_another_model_of_the_server_is_taken_and_an_unknown_one_refused(glossary: TermGlossary) -> None:
    with serving() as server:
        agent, _ = scripted(glossary, backbone=[server.url])
        async with ChatSession(settings(backbone=[server.url]), agent=agent, private=True) as session:
            with pytest.raises(UsageError, match="has no model 'nope'"):
                await session.choose_model("nope")
            assert (await session.info()).model == "scripted"
            assert (await session.choose_model("fake-model")).model == "fake-model"
            assert (await session.info()).model == "fake-model"


async def test_the_embedded_profile_has_no_model_to_choose(glossary: TermGlossary) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(load_settings(), agent=agent, private=True) as session:
        with pytest.raises(UsageError, match="without a language model"):
            await session.choose_model("m")


async def test_a_comparison_asks_both_ways(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        names, answers = await session.compare()
        assert names == ("direct", "rag")
        assert [len(answer.citations) for answer in answers] == [0, 1]
        assert len(session.turns) == 1
    assert [task for task, _ in backbone.calls].count("answer_text") == 3


URGENT = "I splashed bleach into my eye ten minutes ago and it burns"


@pytest.mark.parametrize("rewritten", ["What does the cornea do?", ""])
async def test_the_notice_comes_from_the_words_as_typed_before_the_model_is_asked(
    rewritten: str, glossary: TermGlossary
) -> None:
    agent, backbone = scripted(glossary)
    backbone.always("condense", CondenseOut(question=rewritten, clarification="Which eye?"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        calls = len(backbone.calls)
        async with aclosing(session.ask(URGENT)) as events:
            assert isinstance(await anext(events), Notice)
            assert len(backbone.calls) == calls
            later = [event async for event in events]
        assert not any(isinstance(event, Notice) for event in later)
        answer = session.turns[-1].answer
        assert (answer.notice if answer else rewritten) == (urgent_notice(Question(URGENT)) if rewritten else "")


async def test_the_notice_stands_while_the_server_is_down(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)

    async def down(*_args: object, **_more: object) -> object:
        raise BackboneUnreachable("no connection to http://127.0.0.1:9")

    backbone.perform = down  # type: ignore[method-assign,assignment]
    async with ChatSession(settings(), agent=agent, private=True) as session:
        events: list[Event | Condensed] = []
        with pytest.raises(BackboneUnreachable):
            await said(session, "What is glaucoma, and how?", events)
        assert not any(isinstance(event, Notice) for event in events)
        assert isinstance((await said(session, URGENT))[0], Notice)


async def test_a_fixed_language_hides_no_emergency_in_another(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary, strategy="direct")
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    backbone.always("localize", lambda _inputs: _localized())
    async with ChatSession(settings(), agent=agent, private=True) as session:
        session.fix_language("hindi")
        assert any(isinstance(event, Notice) for event in await said(session, URGENT))


async def test_a_follow_up_inherits_no_emergency(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    backbone.enqueue("condense", CondenseOut(question=f"How is it treated? ({URGENT})"))
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "What is a chemical burn of the eye?")
        events = await said(session, "How is it treated?")
        assert not any(isinstance(event, Notice) for event in events)
        assert session.last.notice == ""


@pytest.mark.parametrize("language", ["de", "swahili", "ar"])
async def test_without_a_model_an_uncovered_language_is_refused_and_the_old_one_stays(
    language: str, glossary: TermGlossary
) -> None:
    agent, _ = scripted(glossary)
    async with ChatSession(load_settings(), agent=agent, private=True) as session:
        session.fix_language("hi")
        with pytest.raises(UnsupportedLanguage, match="--backbone URL"):
            session.fix_language(language)
        assert session.language == "hi"
    async with ChatSession(settings(), agent=agent, private=True) as session:
        session.fix_language(language)
        assert session.language not in (None, "hi")
