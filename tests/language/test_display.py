"""Answers in a notebook: one short line, and HTML in which nothing from outside becomes markup."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from clara.api import Clara
from clara.language.codes import SEVEN
from clara.language.display import answer_html
from clara.language.messages import say
from clara.types import Answer, Citation, Option, Question, Verdict

EVIL = "<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://evil.example/p.png) <b>z</b>"


def answer(text: str = "The **stroma** [1].", **more: object) -> Answer:
    values: dict[str, object] = {"citations": (Citation("c#0", "Cornea", "A book", "The stroma is thickest."),)}
    return Answer(Question("Which layer?"), "en", text, "", **{**values, **more})  # type: ignore[arg-type]


def test_the_repr_is_one_short_line() -> None:
    shown = repr(answer("word " * 500))
    assert len(shown) < 220
    assert shown.startswith("Answer('Which layer?' -> 'word word")
    assert "citations=1" in shown
    assert "trace" not in shown


def test_the_html_holds_answer_sources_and_verdict() -> None:
    html = answer_html(answer(verdict=Verdict(True, True), notice="Go now."))
    page = BeautifulSoup(html, "lxml")
    assert page.find("strong").text == "stroma"  # type: ignore[union-attr]
    assert "Go now." in page.text
    assert "The stroma is thickest." in page.text
    assert page.text.index("Go now.") < page.text.index("Which layer?")
    assert say("verdict_grounded", "en") in page.text
    assert say("not_a_device", "en") in page.text


@pytest.mark.parametrize("place", ["answer", "notice", "question", "option", "title", "quote", "warning", "language"])
def test_nothing_from_outside_becomes_markup(place: str) -> None:
    question = Question(EVIL if place == "question" else "Q", (Option("A", EVIL if place == "option" else "a"),))
    citation = Citation("i", EVIL if place == "title" else "t", "s", EVIL if place == "quote" else "q")
    value = Answer(
        question,
        f'"><script>{EVIL}' if place == "language" else "en",
        EVIL if place == "answer" else "x",
        "",
        label="A",
        notice=EVIL if place == "notice" else "",
        citations=(citation,),
        warnings=(EVIL,) if place == "warning" else (),
    )
    page = BeautifulSoup(answer_html(value), "lxml")
    assert not page.find_all(["script", "a", "img"])


@pytest.mark.parametrize("language", SEVEN)
def test_the_frame_is_in_the_language_of_the_question(language: str) -> None:
    value = Answer(Question("Q"), language, "x", "", citations=(Citation("i", "t", "s", "q"),), warnings=("no_model",))
    html = answer_html(value)
    for key in ("sources", "no_model", "not_a_device"):
        assert say(key, language) in BeautifulSoup(html, "lxml").text
    assert f'lang="{language}"' in html


def test_a_guess_of_a_search_is_not_marked_as_chosen() -> None:
    options = (Option("A", "Stroma"), Option("B", "Epithelium"))
    value = Answer(Question("Which?", options), "en", "x", "", label="A")
    assert "<b>A) Stroma</b>" in answer_html(value)
    found = Answer(Question("Which?", options), "en", "x", "", label="A", warnings=("no_model",))
    assert "<b>A) Stroma</b>" not in answer_html(found)


def test_a_notebook_is_told_how_to_show_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[type, object] = {}
    formatter = SimpleNamespace(for_type=shown.__setitem__)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": formatter}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    Clara()
    assert shown == {Answer: answer_html}


@pytest.mark.parametrize("ipython", [None, SimpleNamespace(get_ipython=lambda: None)])
def test_elsewhere_nothing_happens(ipython: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    Clara()
