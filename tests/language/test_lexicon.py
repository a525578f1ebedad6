from __future__ import annotations

import pytest

from clara.language.codes import SEVEN
from clara.language.lexicon import NEGATIONS, SIDES, asks_for_exception, negated
from clara.language.text import words


@pytest.mark.parametrize("language", SEVEN)
def test_every_language_has_negations_and_both_sides(language: str) -> None:
    assert NEGATIONS[language]
    assert SIDES["right"][language]
    assert SIDES["left"][language]


@pytest.mark.parametrize("table", [NEGATIONS, SIDES["right"], SIDES["left"]])
def test_tables_name_exactly_the_seven_languages(table: dict[str, frozenset[str]]) -> None:
    assert set(table) == set(SEVEN)


@pytest.mark.parametrize("language", [code for code in SEVEN if code != "zh"])
def test_entries_are_single_folded_words(language: str) -> None:
    tables = [NEGATIONS[language], SIDES["right"][language], SIDES["left"][language]]
    assert [word for table in tables for word in table if words(word) != [word]] == []


def test_left_and_right_share_no_word() -> None:
    for language in SEVEN:
        assert not SIDES["left"][language] & SIDES["right"][language]


def test_no_two_words_ran_together() -> None:
    assert {"chhodkar", "chodkar"} <= NEGATIONS["hi"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Which is NOT a sign?", "en"),
        ("¿Cuál NO es un signo?", "es"),
        ("Todas são corretas, exceto", "pt"),
        ("Lequel n'est pas un signe ?", "fr"),
        ("Alin ang HINDI sintomas?", "fil"),
        ("कौन सा लक्षण नहीं है?", "hi"),
        ("kaun sa lakshan nahin hai?", "hi"),
        ("下列哪项不是体征？", "zh"),
    ],
)
def test_negation_is_seen_in_each_language(text: str, language: str) -> None:
    assert negated(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [("Which is a sign?", "en"), ("¿Cuál es un signo?", "es"), ("कौन सा लक्षण है?", "hi"), ("这是什么体征？", "zh")],
)
def test_plain_questions_are_not_negated(text: str, language: str) -> None:
    assert not negated(text, language)


@pytest.mark.parametrize(
    "stem",
    [
        "All of these are signs EXCEPT",
        "Which statement is incorrect?",
        "Which of these is not associated with it?",
        "Which is the least likely cause?",
        "Which drug is contraindicated?",
        "Which finding would not be seen?",
    ],
)
def test_request_for_the_exception_is_recognised(stem: str) -> None:
    assert asks_for_exception(stem)


@pytest.mark.parametrize("stem", ["Which is correct?", "A patient cannot see. What is the cause?", "Exceptional care?"])
def test_other_stems_do_not_ask_for_the_exception(stem: str) -> None:
    assert not asks_for_exception(stem)
