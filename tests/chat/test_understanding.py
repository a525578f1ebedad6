"""The language of a turn: what the words say, else the conversation's, else the interface's, else CLARA asks."""

from __future__ import annotations

import pytest

from clara.chat.turns import Turn
from clara.chat.understanding import spoken
from clara.language.detection import UNKNOWN
from clara.language.questions import parse_question

SHARED = "lentes de contato"


@pytest.mark.parametrize(
    ("text", "interface", "code"),
    [
        (SHARED, "pt", "pt"),
        (SHARED, "es", "es"),
        (SHARED, "en", UNKNOWN),
        ("catarata", "es", "es"),
        ("¿Qué son las cataratas?", "pt", "es"),
        ("what is a cataract", "hi", "en"),
    ],
)
def test_the_interface_decides_where_the_words_leave_it_open(text: str, interface: str, code: str) -> None:
    assert spoken(parse_question(text), (), interface) == code


def test_the_conversation_goes_before_the_interface() -> None:
    earlier = Turn("¿Qué es?", "¿Qué es?", "es", "direct", "", None, "")
    assert spoken(parse_question(SHARED), (earlier,), "pt") == "es"
