"""The chat's screen: drafts make way for answers, errors speak the interface language, nothing steers the terminal."""

from __future__ import annotations

import io

import pyte
import pytest
from rich.console import Console

from clara.chat.commands import COMMANDS
from clara.chat.store import Summary
from clara.chat.turns import Turn
from clara.cli.chat.screen import Screen
from clara.cli.chat.views import comparison_view, conversations_view, help_view, history_view, reply_view, source_view
from clara.cli.render import answer_view
from clara.cli.wrapping import Ragged, width_of
from clara.errors import BackboneUnreachable, ClaraError, NoKnowledgeBase, UsageError
from clara.language.codes import SEVEN
from clara.language.messages import say
from clara.types import Answer, Citation, Option, Passage, Question, Verdict

EVIL = "\x1b]52;c;eA==\x07\x9b2J\u202e\x1b[2J"


def terminal(width: int = 80, height: int = 24, language: str = "en") -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=True, color_system=None, highlight=False)
    console.legacy_windows = False
    return Screen(language, console), out


def emulated(out: io.StringIO, width: int = 80, height: int = 24) -> list[str]:
    screen = pyte.Screen(width, height)
    pyte.Stream(screen).feed(out.getvalue().replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


async def test_a_draft_and_its_step_leave_nothing_behind() -> None:
    screen, out = terminal()
    with screen.progress() as progress:
        progress.step("retrieve")
        progress.step("answer", 2)
        progress.token("The **stroma** is ")
        progress.token("thick.")
        progress.draw()
        shown = emulated(out)
        assert any("The stroma is thick." in line for line in shown)
        assert any("answering (round 2)" in line and "Ctrl-C stops" in line for line in shown)
        screen.show("above")
    screen.show("after")
    assert emulated(out) == ["above", "after"]


async def test_a_draft_longer_than_the_screen_shows_its_end() -> None:
    screen, out = terminal(height=10)
    with screen.progress() as progress:
        progress.token("\n\n".join(f"paragraph {number}" for number in range(50)))
        progress.draw()
        shown = emulated(out, height=10)
        assert "paragraph 49" in shown
        assert len(shown) <= 6
    assert emulated(out, height=10) == []


async def test_a_refused_draft_is_gone() -> None:
    screen, out = terminal()
    with screen.progress() as progress:
        progress.token("wrong")
        progress.discard()
        progress.token("right")
        progress.draw()
        assert any("right" in line for line in emulated(out))
        assert not any("wrong" in line for line in emulated(out))


async def test_control_sequences_cut_over_tokens_do_not_pass() -> None:
    screen, out = terminal()
    with screen.progress() as progress:
        for char in f"a{EVIL}b":
            progress.token(char)
        progress.draw()
    text = out.getvalue()
    assert "\x1b]" not in text
    assert not {"\x07", "\x9b", "\u202e"} & set(text)
    assert "\x1b[2J" not in text


@pytest.mark.parametrize("language", SEVEN)
@pytest.mark.parametrize(
    ("error", "key"),
    [
        (BackboneUnreachable(f"no {EVIL} server"), "error_BackboneError"),
        (NoKnowledgeBase("none"), "error_NoKnowledgeBase"),
    ],
)
def test_errors_are_reported_in_the_interface_language(language: str, error: ClaraError, key: str) -> None:
    screen, out = terminal(400, language=language)
    screen.error(error)
    assert say(key, language) in out.getvalue()
    assert "\x1b]" not in out.getvalue()


def test_a_usage_error_is_its_own_sentence() -> None:
    screen, out = terminal()
    screen.error(UsageError("Give a number."))
    assert out.getvalue() == "Give a number.\n"


def plain(view: object, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(Ragged(view))  # type: ignore[arg-type]
    return out.getvalue()


def answer(**more: object) -> Answer:
    values: dict[str, object] = {
        "answer": "The stroma. [1]",
        "answer_english": "The stroma. [1]",
        "citations": (Citation("c#1", f"Cornea {EVIL}", "Book, p. 3", "thick"),),
        "verdict": Verdict(True, True),
        **more,
    }
    return Answer(Question("Which layer?"), "en", **values)  # type: ignore[arg-type]


def test_a_notice_stands_before_everything_and_only_once() -> None:
    urgent = answer(notice="Go to an emergency department.")
    for text in (plain(answer_view(urgent)), plain(reply_view(urgent))):
        assert text.index("Go to an emergency department.") < text.index("The stroma.")
    assert "emergency" not in plain(answer_view(urgent, notice=False)) + plain(reply_view(urgent, notice=False))


def test_a_reply_shows_text_numbered_sources_and_verdict() -> None:
    lines = plain(reply_view(answer())).split("\n")
    assert lines[1:] == ["The stroma. [1]", "", "[1] Cornea   Book, p. 3", "", "Supported by the cited sources", "", ""]


@pytest.mark.parametrize(
    ("more", "words"), [({"abstained": True}, "confidence is below"), ({"failure": "unparsed"}, "no usable reply")]
)
def test_a_missing_answer_says_why(more: dict[str, object], words: str) -> None:
    assert words in plain(reply_view(answer(answer="", **more)))


def test_a_source_is_shown_whole_or_by_its_quote() -> None:
    citation = answer().citations[0]
    whole = plain(source_view(2, citation, Passage("c#1", "Cornea", "All of the passage.", section="Layers")))
    assert "[2] Cornea" in whole
    assert "Layers" in whole
    assert "All of the passage." in whole
    assert "thick" in plain(source_view(2, citation, None))


@pytest.mark.parametrize("width", [80, 140])
def test_a_comparison_has_both_answers_and_fits(width: int) -> None:
    text = plain(comparison_view(("direct", answer(answer="One.")), ("clara", answer(answer="Two.")), width), width)
    assert all(words in text for words in ("direct", "One.", "clara", "Two."))
    assert max(width_of(line) for line in text.split("\n")) <= width


@pytest.mark.parametrize("language", SEVEN)
@pytest.mark.parametrize("width", [80, 140])
def test_the_help_names_every_command_and_fits(language: str, width: int) -> None:
    text = plain(help_view(language), width)
    assert all(f"/{name}" in text for name in COMMANDS)
    assert max(width_of(line) for line in text.split("\n")) <= width


def test_lists_of_turns_and_conversations() -> None:
    turns = [
        Turn("What is it?", "What is keratoconus?", "en", "clara", "2026-01-01T10:00:00+00:00", answer()),
        Turn("???", "???", "en", "clara", "2026-01-01T10:01:00+00:00", None, "What do you mean?"),
    ]
    text = plain(history_view(turns))
    assert "1. What is it?" in text
    assert "= What is keratoconus?" in text
    assert "What do you mean?" in text
    listed = plain(conversations_view([Summary("abc123", f"Title {EVIL}" + "x" * 90, 2, "2026-01-01T10:00:00+00:00")], "en"))
    assert listed.startswith("abc123  2026-01-01 10:00  2  Title")
    assert "\x1b" not in listed
    assert "No conversations." in plain(conversations_view([], "en"))


def test_options_of_a_reply_mark_the_chosen_one() -> None:
    asked = Question("Which?", (Option("A", "Lens"), Option("B", "Iris")))
    chosen = Answer(asked, "en", "Iris", "Iris", label="B")
    assert plain(reply_view(chosen)).split("\n")[1:3] == ["  A Lens", "> B Iris"]
