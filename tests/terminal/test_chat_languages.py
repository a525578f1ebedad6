"""A whole conversation in each of the seven languages, in a real terminal, with the embedded profile.

The transcript is compared whole: it must be what the saved conversation renders to, line by line, with nothing left over
from what was shown on the way.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from clara import __version__
from clara.chat.turns import Turn
from clara.cli.chat import views
from clara.cli.render import native_name
from clara.cli.wrapping import Prose, Ragged, width_of
from clara.language.messages import say
from tests.terminal.conftest import Start
from tests.terminal.driver import PROMPT

pytestmark = pytest.mark.terminal

LOCALES = {"en": "en_GB", "es": "es_ES", "pt": "pt_BR", "fr": "fr_FR", "fil": "fil_PH", "hi": "hi_IN", "zh": "zh_CN"}
CONVERSATIONS = {
    "en": ("What is keratoconus?", "How is it treated?"),
    "es": ("¿Qué es el queratocono?", "¿Cómo se trata?"),
    "pt": ("O que é ceratocone?", "Como ele é tratado?"),
    "fr": ("Qu'est-ce que le kératocône ?", "Comment le traiter ?"),
    "fil": ("Ano ang keratoconus?", "Paano ito ginagamot?"),
    "hi": ("केराटोकोनस क्या है?", "इसका इलाज कैसे होता है?"),
    "zh": ("什么是圆锥角膜？", "怎么治疗？"),
}


def lines(*parts: RenderableType | str, width: int) -> list[str]:
    """What the parts look like in a terminal of that width, without colours."""
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print(Ragged(part) if not isinstance(part, str) else part)
    return out.getvalue().split("\n")[:-1]


def emulated(line: str) -> str:
    """A line as it compares: the cell after a wide character is blank in the emulator."""
    return "".join(line.split())


@pytest.mark.parametrize("language", LOCALES)
def test_a_conversation_from_the_greeting_to_the_goodbye(language: str, start: Start, tmp_path: Path) -> None:
    width = 80 if language != "zh" else 140
    size = (24, 80) if language != "zh" else (40, 140)
    first, second = CONVERSATIONS[language]
    saved = tmp_path / "saved.json"
    terminal = start("chat", language=LOCALES[language], size=size)
    terminal.prompted()
    for text in (first, second, "/source 1", "/histroy", "/history", "/language hi", f"/save {saved}"):
        terminal.say(text)
    assert terminal.leave() == 0

    turns = [Turn.from_json(turn) for turn in json.loads(saved.read_text(encoding="utf-8"))["turns"]]
    assert [turn.asked for turn in turns] == [first, second]
    assert [turn.language for turn in turns] == [language, language]
    assert turns[1].question.startswith(second)
    assert len(turns[1].question) > len(second)
    answers = [turn.answer for turn in turns]
    assert answers[0] and answers[1] and answers[0].citations

    def told(key: str, **values: object) -> Prose:
        return Prose(say(key, language, **values))

    greeting = [
        Prose(f"CLARA {__version__} · {say('search_only', language)}"),
        told("not_a_device"),
        told("no_model"),
        told("greeting"),
        "",
    ]
    expected = lines(
        *greeting,
        f"{PROMPT} {first}",
        views.reply_view(answers[0]),
        told("source_hint"),
        "",
        f"{PROMPT} {second}",
        told("understood_as", question=turns[1].question),
        views.reply_view(answers[1]),
        f"{PROMPT} /source 1",
        width=width,
    )
    shown = terminal.text().split("\n")
    assert [emulated(line) for line in shown[: len(expected)]] == [emulated(line) for line in expected]
    rest = "".join(emulated(line) for line in shown[len(expected) :])
    for message in (
        say("unknown_command_near", language, name="/histroy", near="/history"),
        say("language_fixed", language, language=native_name("hi")),
        say("saved", language, path=saved),
        say("goodbye", language),
    ):
        assert emulated(message) in rest
    assert say("stop_hint", language) not in terminal.text()
    assert all(width_of(line) <= width for line in shown)
    assert terminal.steering() == []
