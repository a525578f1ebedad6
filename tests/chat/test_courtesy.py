"""Greetings and thanks are met in their language; a question that begins with one is a question."""

from __future__ import annotations

import pytest

from clara.chat.courtesy import courtesy
from clara.chat.session import ChatSession
from clara.knowledge.glossary import TermGlossary
from clara.language.messages import say
from tests.chat.fakes import scripted, settings
from tests.chat.test_session import said


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Hello!", ("greeted", "en")),
        ("  good   MORNING ", ("greeted", "en")),
        ("¡Hola!", ("greeted", "es")),
        ("buenos dias", ("greeted", "es")),
        ("Bonjour.", ("greeted", "fr")),
        ("olá", ("greeted", "pt")),
        ("नमस्ते", ("greeted", "hi")),
        ("你好！", ("greeted", "zh")),
        ("Magandang umaga", ("greeted", "fil")),
        ("thanks :)", ("thanked", "en")),
        ("Merci beaucoup !", ("thanked", "fr")),
        ("muito obrigada", ("thanked", "pt")),
        ("谢谢", ("thanked", "zh")),
        ("शुक्रिया", ("thanked", "hi")),
        ("salamat po", ("thanked", "fil")),
    ],
)
def test_a_greeting_and_thanks_are_known(text: str, meaning: tuple[str, str]) -> None:
    assert courtesy(text) == meaning


@pytest.mark.parametrize(
    "text", ["", "?", "Hello, what is glaucoma?", "thanks to laser, is glaucoma cured?", "hi fever", "olá glaucoma", "good"]
)
def test_what_asks_something_is_no_courtesy(text: str) -> None:
    assert courtesy(text) is None


async def test_nothing_is_searched_and_no_model_asked_for_thanks(glossary: TermGlossary) -> None:
    agent, backbone = scripted(glossary)
    async with ChatSession(settings(), agent=agent, private=True) as session:
        await said(session, "Which layer of the cornea is thickest?")
        calls = len(backbone.calls)
        await said(session, "¡Gracias!")
        assert len(backbone.calls) == calls
        assert session.turns[-1].clarification == say("thanked", "es")
        assert session.turns[-1].answer is None
