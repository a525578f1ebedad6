"""Rendering: nothing in the data steers the terminal, and no line is longer than it."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console, RenderableType

from clara.cli.output import print_json
from clara.cli.render import answer_view, facts, passages_view, verdict_line
from clara.cli.safe import clean
from clara.cli.wrapping import Ragged, width_of
from clara.types import Answer, Citation, Option, Passage, Question, TraceStep, Verdict

HINDI = "कौन-सी बाह्य नेत्र पेशी ऑर्बिट के शीर्ष से नहीं, बल्कि ऑर्बिट के फ़र्श के एंटेरोमीडियल भाग से निकलती है?"
CHINESE = "哪一条眼外肌起自眶底前内侧部，而不是起自眶尖？" * 4


def answer(language: str = "en", text: str = "Which muscle?", **more: object) -> Answer:
    options = (Option("A", "Lateral [red]rectus[/red]"), Option("B", text))
    values: dict[str, object] = {"label": "B", "answer": text, "answer_english": "x", "verdict": Verdict(True, True)}
    return Answer(Question(text, options), language, **{**values, **more})  # type: ignore[arg-type]


def shown(view: RenderableType, width: int = 80) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(Ragged(view))
    return out.getvalue()


@pytest.mark.parametrize("evil", ["\x1b[31m", "\x9b", "\u202e", "\u2066", "\u200b", "\x07", "\r", "\x00"])
def test_control_characters_are_removed(evil: str) -> None:
    assert clean(f"a{evil}\n\tb").replace("[31m", "") == "a\n\tb"
    value = answer(
        text=f"x{evil}y",
        notice=f"n{evil}",
        warnings=(f"w{evil}",),
        citations=(Citation(f"i{evil}", f"t{evil}", f"s{evil}", f"q{evil}"),),
        trace=(TraceStep(f"s{evil}", 0.1, {f"k{evil}": f"v{evil}"}),),
    )
    assert evil not in shown(answer_view(value, trace=True))
    assert evil not in shown(passages_view([Passage(f"p{evil}", f"t{evil}", f"x{evil}", f"s{evil}", f"k{evil}")]))


def test_markup_in_data_is_shown_as_it_is() -> None:
    assert "Lateral [red]rectus[/red]" in shown(answer_view(answer()))


def test_the_chosen_option_is_marked() -> None:
    lines = shown(answer_view(answer(text="Oblique"))).splitlines()
    assert any("> B Oblique" in line for line in lines)
    assert not any("> A" in line for line in lines)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("language", "text"), [("hi", HINDI * 2), ("zh", CHINESE)])
def test_no_line_is_longer_than_the_terminal(language: str, text: str, width: int) -> None:
    value = answer(
        language, text, warnings=("no_model", "translation_doubtful"), trace=(TraceStep("answer", 0.1, {"answer": text}),)
    )
    lines = shown(answer_view(value, trace=True), width).splitlines()
    assert all(width_of(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Supported by the cited sources"),
        ({"capped": True}, "Not confirmed within the allowed rounds"),
        ({"verdict": Verdict()}, "Not checked against sources"),
        ({"verdict": Verdict(False, True)}, "Not confirmed by the sources"),
        ({"verdict": Verdict(None, True)}, "Not confirmed by the sources"),
        ({"verdict": Verdict(True, False)}, "Not confirmed by the sources"),
    ],
)
def test_the_verdict_is_one_plain_line(more: dict[str, object], words: str) -> None:
    line = verdict_line(answer(**more))
    assert line is not None
    assert line.text.startswith(words)


def test_no_verdict_without_an_answer() -> None:
    assert verdict_line(answer(failure="unparsed")) is None
    assert verdict_line(answer(abstained=True)) is None


def test_long_addresses_are_kept_whole() -> None:
    url = "https://example.org/" + "a" * 120
    text = shown(passages_view([Passage("p", "t", "x", url)])).replace("\n", "").replace(" ", "")
    assert url in text


def test_facts_leave_out_what_is_empty() -> None:
    step = TraceStep("answer", 0.1, {"a": None, "b": [], "c": "", "d": False, "e": 0.25, "f": {"A": "x"}})
    assert facts(step) == [("d", "no"), ("e", "0.25"), ("f", "A) x")]


def test_json_escapes_what_steers_a_terminal_and_stays_exact(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "a\x1b[31m\u202eb\x9b眼\n"}
    print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert "眼" in out
    assert not set("\x1b\u202e\x9b") & set(out)
