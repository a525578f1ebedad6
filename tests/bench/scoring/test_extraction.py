"""The letter of a raw reply, on a corpus of replies in thirteen languages and on the cases that are easily got wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import clara.language.replies.reader
from clara.bench.datasets.named import NAMED
from clara.bench.scoring.extraction import extract_letter, read_reply
from clara.language.codes import LANGUAGES
from clara.types import Option

CORPUS = [json.loads(line) for line in (Path(__file__).parent / "data" / "replies.jsonl").read_text("utf-8").splitlines()]
ANCHORS = Path(clara.language.replies.reader.__file__).with_name("anchors.toml")


def read(reply: str, options: dict[str, str]) -> str:
    found = read_reply(reply, [Option(label, text) for label, text in options.items()])
    return found.letter or found.kind


@pytest.mark.parametrize("language", sorted({entry["language"] for entry in CORPUS}))
def test_corpus(language: str) -> None:
    entries = [entry for entry in CORPUS if entry["language"] == language]
    got = {entry["id"]: read(entry["reply"], entry["options"]) for entry in entries}
    assert got == {entry["id"]: entry["expected"] for entry in entries}


def test_the_corpus_is_wide_enough() -> None:
    assert len(CORPUS) >= 300
    assert len({entry["language"] for entry in CORPUS}) >= 10
    assert len({entry["reply"] + entry["language"] for entry in CORPUS}) == len(CORPUS)
    assert sum(entry["split"] != "tuning" for entry in CORPUS) >= len(CORPUS) // 3


def test_every_language_has_its_anchors() -> None:
    languages = tomllib.loads(ANCHORS.read_text("utf-8"))
    chief = {"en", "es", "pt", "fr", "fil", "hi", "zh", "ar", "de", "ru", "ja", "ko", "it"}
    named: set[str] = set()
    for known in NAMED:
        named.update(known.configs.values())
    assert chief | named <= set(languages) <= set(LANGUAGES)
    needed = {"answer", "correct", "option", "filler", "link", "not", "wrong", "verdict", "void", "explanation"}
    assert all(needed <= set(entry) for entry in languages.values())
    assert all({"choose", "therefore", "none", "unknown"} <= set(languages[code]) for code in chief)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("b", "B"),
        ("(c)", "C"),
        ("a) Cornea.", "A"),
        ("b)I: D; II: A", "B"),
        ("c) I : Vrai ; II : Faux.", "C"),
        (" c : lens ", "C"),
        ("", None),
        ("A cornea is clear", None),
        ("I: C, II: A", None),
        ("I: C / II: A / III: D / IV: B.", None),
        ("none of these", None),
        ("answer about", None),
        ("e.g.", None),
        ("The eye moves, so e.g. muscles matter.", None),
        ("Answer, i.e. what is asked for", None),
        ("Hepatitis B is correct to suspect here.", None),
        ("I think B is correct.", "B"),
        ("E.g., the retina", None),
        ("D'accord", None),
        ("-5.00 Dioptres", None),
        ("bd", None),
        ("the answer is I think so", None),
        ("The correct answer is C because A is found in fish.", "C"),
        ("Option A: no vessels. Option B: makes humour. Therefore, the answer is B.", "B"),
        ("The correct answer would be A if the eye were small.", None),
        ("The options A, B and C are wrong. D.", None),
        ("**B** or **C**", None),
        ("Reasoning in full.\nB", "B"),
        ("The answer is C. Wait, the answer is D.", "D"),
        ("<think>the answer is A</think> C", "C"),
        ("Respuesta correcta: B) Cuerpo\n\nExplicación: A) la córnea es transparente.", "B"),
        ("答案：B。解析：A项错误。C项正确描述了视网膜。", "B"),
        ("Ｃ", "C"),
        ("③", "C"),
        ("<think>Is it A? The answer is A, or", None),
        ('```json\n{"reason": "A is wrong", "answer": "C"}\n```', "C"),
        ('{"reason": "The answer is A.", "answer": null}', None),
        ('Sure: {"answer": "D"}', "D"),
        (r"So $\boxed{\text{B}}$", "B"),
    ],
)
def test_extract_letter(text: str, letter: str | None) -> None:
    assert extract_letter(text) == letter


def test_a_reply_that_broke_off_is_unparsed_and_not_missing() -> None:
    assert read_reply("<think>Is it A").kind == "unparsed"
    assert read_reply("").kind == "no_response"


def test_an_option_that_says_none_of_the_above_can_be_chosen() -> None:
    options = {"A": "Lens", "B": "None of the above"}
    assert read("None of the above", options) == "B"
    assert read("None of the above", {"A": "Lens", "B": "Iris"}) == "unparsed"


def test_the_longer_of_two_options_with_the_same_beginning() -> None:
    options = {"A": "Optic nerve", "B": "Optic nerve head"}
    assert read("The optic nerve head.", options) == "B"
    assert read("Optic nerve", options) == "A"


def test_letters_outside_the_options_are_none() -> None:
    assert read("E", {"A": "x y", "B": "z w"}) == "unparsed"
    assert read("The answer is E.", {"A": "x y", "B": "z w", "E": "u v"}) == "E"


@pytest.mark.parametrize("text", ["the " * 20_000, "A " * 20_000, "not A " * 5_000, "答案是" * 5_000])
def test_an_endless_reply_is_read_to_its_end(text: str) -> None:
    assert read_reply(text + "\nAnswer: C").letter == "C"


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is B. Wait, no, it is C.", "C"),
        ("The answer is B. Actually, it is option C.", "C"),
        ("The answer is B. No, it is a trap.", "B"),
        ("The answer is A, B", None),
        ("The answer is A, B.", None),
        ("The answer is A, because B is wrong.", "A"),
    ],
)
def test_a_letter_that_is_taken_back_or_listed_with_another(text: str, letter: str | None) -> None:
    assert extract_letter(text) == letter
