"""The commands of the chat on a real session with a scripted model; the screen is a text."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from clara.agent.strategies import STRATEGIES
from clara.chat.commands import COMMANDS
from clara.cli.chat.handlers import HANDLERS, choices
from clara.cli.chat.loop import Chat
from clara.cli.chat.screen import Screen
from clara.errors import BackboneUnreachable
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.tasks.model import CondenseOut, TextOut
from clara.testing import ScriptedBackbone
from tests.chat.fakes import scripted, settings

QUESTION = "Which layer of the cornea is thickest?"


class Talk:
    """A chat, its model and what its screen has shown since the last look."""

    def __init__(self, chat: Chat, backbone: ScriptedBackbone, out: io.StringIO) -> None:
        self.chat = chat
        self.backbone = backbone
        self._out = out

    async def __call__(self, *inputs: str) -> str:
        """What is shown after these inputs, white space folded."""
        self._out.seek(0)
        self._out.truncate()
        for text in inputs:
            await self.chat.handle(text)
        return " ".join(self._out.getvalue().split())


@pytest.fixture
async def talk(glossary: TermGlossary, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Talk]:
    agent, backbone = scripted(glossary)
    backbone.always("condense", lambda inputs: CondenseOut(question=inputs.question))
    monkeypatch.setattr("clara.chat.session.build_agent", lambda _settings: agent)
    out = io.StringIO()
    screen = Screen("en", Console(file=out, width=100, highlight=False, markup=False))
    async with Chat(settings(), screen, HANDLERS) as chat:
        yield Talk(chat, backbone, out)


def test_every_command_has_its_handler_and_no_other() -> None:
    assert set(HANDLERS) == set(COMMANDS)


async def test_an_answer_is_followed_by_its_source_and_one_hint(talk: Talk) -> None:
    first = await talk(QUESTION)
    assert "The stroma. [1]" in first
    assert "[1] Cornea" in first
    assert "/source" in first
    assert "/source" not in await talk("And again, please: " + QUESTION)


async def test_help_names_every_command(talk: Talk) -> None:
    shown = await talk("/help")
    assert all(f"/{name}" in shown for name in COMMANDS)


@pytest.mark.parametrize(
    ("text", "words"),
    [("/langage hi", "/language"), ("/zzzzzz", "/zzzzzz"), ("/histori", "/history")],
)
async def test_a_mistyped_command_is_no_question(talk: Talk, text: str, words: str) -> None:
    assert words in await talk(text)
    assert talk.chat.exit_code == 2
    assert talk.backbone.calls == []


async def test_a_language_is_fixed_shown_and_let_go(talk: Talk) -> None:
    assert "हिन्दी" in await talk("/language hindi")
    assert "हिन्दी" in await talk("/lang")
    assert "हिन्दी" not in await talk("/language AUTO")
    await talk("/language klingon")
    assert talk.chat.exit_code == 2


async def test_strategies_are_listed_with_the_present_one_marked_and_chosen(talk: Talk) -> None:
    listed = await talk("/strategy")
    assert "> rag" in listed
    assert all(name in listed for name in STRATEGIES)
    assert "translate" in await talk("/strategy translate")
    assert "> translate" in await talk("/strategy")
    await talk("/strategy magic")
    assert talk.chat.exit_code == 2


@pytest.mark.parametrize("command", ["/trace", "/sources", "/source 1", "/compare", "/undo", "/retry", "/history"])
async def test_what_needs_an_answer_says_so_before_the_first(talk: Talk, command: str) -> None:
    assert await talk(command)
    assert talk.chat.exit_code == 2
    assert talk.chat.open
    assert talk.backbone.calls == []


async def test_a_source_is_shown_in_full_and_its_number_is_checked(talk: Talk) -> None:
    await talk(QUESTION)
    assert "The stroma is the thickest layer of the cornea." in await talk("/source 1")
    assert "Cornea" in await talk("/sources")
    assert talk.chat.exit_code == 0
    for argument in ("0", "2", "one", "-1", "", "²"):
        await talk(f"/source {argument}")
        assert talk.chat.exit_code == 2
        talk.chat.exit_code = 0


async def test_the_trace_names_the_steps(talk: Talk) -> None:
    await talk(QUESTION)
    shown = await talk("/trace")
    assert "retrieve" in shown
    assert "answer" in shown


async def test_comparing_shows_both_answers_and_adds_no_turn(talk: Talk) -> None:
    await talk(QUESTION)
    talk.backbone.enqueue("answer_text", TextOut(answer="The epithelium.", citations=(), confidence=0.5))
    shown = await talk("/compare")
    assert "direct" in shown
    assert "rag" in shown
    assert len((await talk.chat.session()).turns) == 1


async def test_a_search_needs_words_and_asks_no_model(talk: Talk) -> None:
    assert "The stroma is the thickest layer" in await talk("/kb layers of the cornea")
    assert talk.chat.exit_code == 0
    await talk("/kb")
    assert talk.chat.exit_code == 2
    assert talk.backbone.calls == []


async def test_who_answers_is_shown(talk: Talk) -> None:
    shown = await talk("/model")
    assert "remote" in shown
    assert "scripted" in shown
    assert "http://127.0.0.1:9/v1" in shown
    assert talk.chat.answered_by == "scripted"


async def test_a_conversation_is_saved_in_the_form_of_the_files_name(talk: Talk, tmp_path: Path) -> None:
    await talk(QUESTION)
    await talk(f"/save {tmp_path / 'talk.md'}", f"/save {tmp_path / 'talk.json'}")
    assert talk.chat.exit_code == 0
    assert QUESTION in (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert QUESTION in json.dumps(json.loads((tmp_path / "talk.json").read_text(encoding="utf-8")))
    await talk(f"/save {tmp_path / 'no' / 'such' / 'folder.md'}", "/save talk.exe")
    assert talk.chat.exit_code > 0


async def test_undo_forgets_the_last_turn_and_clear_begins_a_conversation(talk: Talk) -> None:
    await talk(QUESTION, "What is the second question about the eye?")
    assert "What is the second question" in await talk("/undo")
    shown = await talk("/history")
    assert QUESTION in shown
    assert "second question" not in shown
    before = (await talk.chat.session()).id
    await talk("/clear")
    assert (await talk.chat.session()).id != before
    assert (await talk.chat.session()).turns == ()


async def test_an_earlier_conversation_is_listed_and_gone_on_with(talk: Talk) -> None:
    await talk(QUESTION)
    first = (await talk.chat.session()).id
    await talk("/clear")
    assert first in await talk("/resume")
    shown = await talk(f"/resume {first}")
    assert QUESTION in shown
    assert (await talk.chat.session()).id == first
    await talk("/resume zzzz")
    assert talk.chat.exit_code == 2


async def test_retry_replaces_the_last_turn(talk: Talk) -> None:
    await talk(QUESTION)
    talk.backbone.enqueue("answer_text", TextOut(answer="It is the stroma. [1]", citations=(1,), confidence=0.8))
    assert "It is the stroma." in await talk("/retry")
    assert len((await talk.chat.session()).turns) == 1


async def test_quit_leaves(talk: Talk) -> None:
    await talk("/q")
    assert not talk.chat.open
    assert talk.chat.exit_code == 0


async def test_an_error_of_the_server_is_shown_and_the_next_question_is_answered(talk: Talk) -> None:
    def away(_inputs: object) -> TextOut:
        raise BackboneUnreachable("the server is away", url="http://127.0.0.1:9/v1")

    talk.backbone.always("answer_text", away)
    assert "the server is away" in await talk(QUESTION)
    assert talk.chat.exit_code == BackboneUnreachable.exit_code
    talk.backbone.always("answer_text", TextOut(answer="The stroma. [1]", citations=(1,), confidence=0.9))
    assert "The stroma. [1]" in await talk(QUESTION)


async def test_what_may_follow_a_command_is_offered_for_completion(talk: Talk) -> None:
    offered = dict(choices(talk.chat, "language"))
    assert set(SEVEN) | {"auto"} == set(offered)
    assert set(dict(choices(talk.chat, "strategy"))) == set(STRATEGIES)
    assert list(choices(talk.chat, "source")) == []
    assert list(choices(talk.chat, "undo")) == []
    await talk(QUESTION)
    assert list(choices(talk.chat, "source")) == [("1", "Cornea")]
    session = await talk.chat.session()
    await talk("/clear", "/resume")
    assert [title for _, title in choices(talk.chat, "resume")] == [QUESTION]
    assert session is talk.chat.loaded


async def test_a_chat_that_has_not_begun_to_load_has_no_session(glossary: TermGlossary) -> None:
    async with Chat(settings(), Screen("en", Console(file=io.StringIO())), HANDLERS) as chat:
        assert chat.loaded is None
        chat.load()
        assert chat.loaded is None
        assert list(choices(chat, "resume")) == []
