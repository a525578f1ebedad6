"""An answer that no passage is about says so, whatever the model wrote."""

from __future__ import annotations

import pytest

from clara.tasks.model import TextOut, TranslateOut
from clara.types import Passage, Question
from tests.agent.fakes import ENGLISH, FREE, Script, Shelf, ask

WARNING = "beyond_knowledge_base"
NERVE = TranslateOut(stem="Which nerve supplies the lateral rectus?")


async def test_an_answer_that_rests_on_a_passage_has_no_warning() -> None:
    assert WARNING not in (await ask(Script(translate=NERVE), FREE)).warnings


@pytest.mark.parametrize(
    "english",
    [
        "Which drugs lower blood pressure after a heart attack?",
        "Who won the world cup in 1998?",
        "How is a broken wrist set?",
    ],
)
async def test_a_question_that_no_passage_is_about_says_so(english: str) -> None:
    text = TextOut(answer="The model's own words.", citations=())
    script = Script(translate=TranslateOut(stem=english), answer_text=text)
    assert WARNING in (await ask(script, FREE)).warnings


async def test_without_any_passage_the_model_stands_alone() -> None:
    text = TextOut(answer="The abducens nerve.", citations=())
    answer = await ask(Script(translate=NERVE, answer_text=text), FREE, shelf=Shelf(()))
    assert WARNING in answer.warnings


async def test_nothing_is_said_where_nothing_was_searched_or_wordings_cannot_be_compared() -> None:
    text = TextOut(answer="The model's own words.", citations=())
    stray = TranslateOut(stem="Who won the world cup in 1998?")
    direct = await ask(Script(translate=stray, answer_text=text), FREE, "direct")
    untranslated = await ask(Script(translate=stray, answer_text=text), FREE, "rag")
    spanish = Shelf((Passage("sexto#0", "Sexto par", "El nervio abducens inerva el recto lateral.", language="es"),))
    own = await ask(Script(translate=stray, answer_text=text), FREE, shelf=spanish)
    choice = await ask(Script(), ENGLISH, shelf=Shelf(()))
    for answer in (direct, untranslated, own, choice):
        assert WARNING not in answer.warnings


async def test_a_question_in_english_is_compared_as_it_stands() -> None:
    text = TextOut(answer="The model's own words.", citations=())
    answer = await ask(Script(answer_text=text), Question("Who won the world cup in 1998?", (), "en"))
    assert WARNING in answer.warnings
