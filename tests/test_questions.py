from __future__ import annotations

import pytest

from clara.questions import parse_question


@pytest.mark.parametrize(
    ("text", "stem", "options"),
    [
        ("What? a) one b) two c) three d) four", "What?", ["one", "two", "three", "four"]),
        ("What?\nA. one\nB. two\nC. three", "What?", ["one", "two", "three"]),
        ("What? (A) one (B) two", "What?", ["one", "two"]),
        ("What?\n(a) one\n(b) two", "What?", ["one", "two"]),
        ("问题？A.一 B.二 C．三 D、四", "问题？", ["一", "二", "三", "四"]),
        ("问题？\nＡ）一\nＢ）二", "问题？", ["一", "二"]),
        ("हिंदी प्रश्न? (A) क (B) ख", "हिंदी प्रश्न?", ["क", "ख"]),
        ("What?\nA) one\nstill one\nB) two", "What?", ["one\nstill one", "two"]),
    ],
)
def test_options_are_taken_apart_in_every_usual_form(text: str, stem: str, options: list[str]) -> None:
    question = parse_question(text)
    assert question.text == stem
    assert [option.text for option in question.options] == options
    assert question.labels == tuple("ABCDEFGHIJ"[: len(options)])


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("Given a) x b) y. Which is right? A) 1 B) 2 C) 3", "Given a) x b) y. Which is right?"),
        ("List: a) x b) y is true. Which?\nA) 1\nB) 2\nC) 3", "List: a) x b) y is true. Which?"),
    ],
)
def test_a_lettered_list_in_the_stem_stays_in_the_stem(text: str, stem: str) -> None:
    question = parse_question(text)
    assert question.text == stem
    assert [option.text for option in question.options] == ["1", "2", "3"]


@pytest.mark.parametrize("text", ["What is glaucoma?", "Vitamin A. Why?", "only a) one", "What? b) two c) three", ""])
def test_text_without_a_run_from_a_is_free_text(text: str) -> None:
    question = parse_question(text)
    assert question.text == text
    assert question.options == ()


def test_language_and_id_travel_with_the_question() -> None:
    question = parse_question("¿Qué? a) uno b) dos", language="es", id="7")
    assert (question.language, question.id) == ("es", "7")


def test_options_go_up_to_j() -> None:
    text = "Which? " + " ".join(f"{letter}) option {letter}" for letter in "ABCDEFGHIJ")
    assert parse_question(text).labels == tuple("ABCDEFGHIJ")
