"""Each rule alone, on items that are written for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.bench.audit.rules import doubled_options, echoes, lost_options, script_problem
from tests.bench.audit.items import item, versions

STEM = "Which layer of the cornea cannot grow again after it has been torn?"
LAYERS = ("Bowman's layer", "the epithelium", "the stroma", "the tear film")


def test_lost_options_are_measured_against_what_most_languages_have() -> None:
    english, french = item(STEM, LAYERS), item("Quelle couche ?", LAYERS, "fr")
    spanish = item("¿Qué capa?", LAYERS[:2], "es")
    group = versions(english, french, spanish)
    assert lost_options(spanish, group) == "options A, B instead of A, B, C, D"
    assert lost_options(english, group) is None


def test_without_another_language_a_gap_in_the_letters_is_a_loss() -> None:
    whole = item(STEM, LAYERS)
    first, _, *rest = whole.question.options
    gap = replace(whole, question=replace(whole.question, options=(first, *rest)))
    assert lost_options(gap, versions(gap)) is None  # its own letters are the usual ones
    single = replace(whole, question=replace(whole.question, options=(first,)))
    assert lost_options(single, versions(single)) == "options A instead of A, B"
    assert lost_options(item(STEM), versions(item(STEM))) == "options none instead of A, B"


def test_a_question_in_free_text_needs_no_options() -> None:
    free = replace(item(STEM, gold=""), references=("Bowman's layer",))
    assert lost_options(free, versions(free)) is None


def test_options_that_differ_by_case_and_marks_alone_read_the_same() -> None:
    assert doubled_options(item(STEM, ("the lens", "the iris", "The lens."))) == "options A and C read the same"
    assert doubled_options(item(STEM, LAYERS)) is None


def test_options_that_stand_in_the_question_too() -> None:
    stem = "Which is in front of the iris?\n1) the cornea\n2) the lens\n3) the retina"
    assert doubled_options(item(stem, ("the cornea", "the lens", "the retina"))) == "the options stand in the question too"
    assert doubled_options(item(stem, ("the cornea", "the lens", "the macula"))) is None


@pytest.mark.parametrize(
    ("stem", "options"),
    [
        ("Which is in front of the iris: the cornea, the lens or the retina?", ("the cornea", "the lens", "the retina")),
        ("Is the drug of choice timolol or latanoprost?", ("Timolol", "Latanoprost")),
        ("Does it hurt, yes or no?", ("Yes", "No")),
        ("Which is not known to cause pain in this eye?", ("no", "in")),
        ("更常见的是青光眼还是白内障？", ("青光眼", "白内障")),
        ("Is it a or b?", ("a", "b")),
    ],
)
def test_a_sentence_that_names_the_options_is_no_second_list(stem: str, options: tuple[str, ...]) -> None:
    assert doubled_options(item(stem, options)) is None


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (STEM, "the question is the English one, untranslated"),
        # 13 words have 9 runs of five; the first 10 words hold 6 of them
        ("Which layer of the cornea cannot grow again after it guérit jamais ?", "67% of the English question stands in it"),
        # the first 9 words hold 5 of the 9
        ("Which layer of the cornea cannot grow again after une déchirure ?", None),
        ("Quelle couche de la cornée ne guérit pas ?", None),
    ],
)
def test_english_that_is_left_in_a_translation(text: str, detail: str | None) -> None:
    french = item(text, code="fr")
    assert echoes(french, versions(item(STEM), french)) == detail


def test_short_questions_and_english_itself_are_no_echo() -> None:
    short = item("What is the lens?"), item("What is the lens?", code="fr")
    assert echoes(short[1], versions(*short)) is None
    assert echoes(item(STEM), versions(item(STEM))) is None
    assert echoes(item(STEM, code="fr"), versions(item(STEM, code="fr"))) is None  # there is no English to compare with


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        ("角膜のどの層が再生しませんか", "ja", None),
        ("각막의 어느 층이 재생되지 않습니까", "ko", None),
        ("Какой слой роговицы", "zh", ("wrong_script", "100% of the letters are Cyrillic, not Chinese")),
        ("角膜的哪一层不能再生", "ko", None),  # Korean may be written with Chinese letters
        ("角膜的哪一层不能再生", "hi", ("wrong_script", "100% of the letters are Chinese, not Devanagari")),
        ("각막의 어느 층이 재생되지", "ja", ("wrong_script", "100% of the letters are Korean, not Japanese")),
        ("Cornea ki kaun si parat", "hi", ("romanised", "100% of the letters are Latin, not Devanagari")),
        ("Какой?", "en", None),  # five letters are too few to judge
    ],
)
def test_scripts(text: str, code: str, problem: tuple[str, str] | None) -> None:
    assert script_problem(item(text, code=code)) == problem


def test_a_fifth_of_letters_in_the_own_script_is_enough() -> None:
    assert script_problem(item("कख abcdefgh", code="hi")) is None
    assert script_problem(item("क abcdefgh", code="hi")) == ("romanised", "89% of the letters are Latin, not Devanagari")
