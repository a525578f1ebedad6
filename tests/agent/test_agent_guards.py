"""The guards: loud where a translation changes the question, quiet on good ones."""

from __future__ import annotations

import pytest

from clara.agent.guards import check_localisation, check_translation, numbers
from clara.types import Option


def options(*texts: str) -> tuple[Option, ...]:
    return tuple(Option("ABCDEFGHIJ"[number], text) for number, text in enumerate(texts))


def flags(stem: str, english: str, language: str) -> tuple[str, ...]:
    return check_translation(stem, (), english, (), language)


@pytest.mark.parametrize(
    ("language", "stem", "english"),
    [
        (
            "es",
            "Paciente de 45 años con 1,5 dioptrías en el ojo derecho",
            "A 45-year-old with 1.5 dioptres in the right eye",
        ),
        ("pt", "Qual das seguintes afirmações não é correta?", "Which of the following statements is not correct?"),
        ("fr", "Quel est le diamètre de la cornée à deux ans ?", "What is the diameter of the cornea at 2 years?"),
        ("fil", "Alin sa mga sumusunod ang hindi tama?", "Which of the following is incorrect?"),
        ("hi", "निम्न में से कौन सा सही नहीं है?", "Which of the following is not correct?"),
        ("hi", "बाएं आंख में 20 mmHg", "20 mmHg in the left eye"),
        ("zh", "左眼眼压为30毫米汞柱", "The pressure of the left eye is 30 mmHg"),
        ("zh", "下列哪项不正确？", "Which of the following is not correct?"),
        ("es", "¿Cuál es la respuesta correcta?", "What is the right answer?"),
    ],
)
def test_good_translations_raise_no_flag(language: str, stem: str, english: str) -> None:
    assert flags(stem, english, language) == ()


@pytest.mark.parametrize(
    ("language", "stem", "english", "flag"),
    [
        ("es", "Presión de 24 mmHg", "A high pressure", "the number 24 of the question is missing"),
        ("es", "Presión alta", "A pressure of 24 mmHg", "the number 24 in the question is not in the original"),
        ("pt", "Pressão de 24 mmHg", "A pressure of 42 mmHg", "the number 24 of the question is missing"),
        ("fr", "Œil gauche douloureux", "Painful eye", "left was lost in the question"),
        ("fr", "Œil douloureux", "Painful left eye", "left was added in the question"),
        ("es", "Ojo derecho", "The left eye", "right was lost in the question"),
        ("fil", "Kaliwang mata na masakit", "A painful eye", "left was lost in the question"),
        ("hi", "baayen aankh mein dard", "Pain in the eye", "left was lost in the question"),
        ("zh", "右眼疼痛", "A painful eye", "right was lost in the question"),
        ("pt", "Qual não é sinal de glaucoma?", "Which is a sign of glaucoma?", "the negation of the question was lost"),
        ("es", "¿Cuál es un signo?", "Which is not a sign?", "the negation of the question was added"),
        ("zh", "下列哪项除外", "Which of the following", "the negation of the question was lost"),
    ],
)
def test_what_changes_the_question_is_flagged(language: str, stem: str, english: str, flag: str) -> None:
    assert flag in flags(stem, english, language)


def test_an_untranslated_question_is_an_echo() -> None:
    stem = "Quel est le traitement du glaucome aigu"
    assert flags(stem, stem.upper(), "fr") == ("the question was not translated",)
    assert flags("Glaucoma", "Glaucoma", "es") == ()


def test_a_lost_option_two_merged_options_and_changed_letters_are_flagged() -> None:
    own = options("córnea", "iris", "retina")
    assert check_translation("?", own, "?", options("cornea", " ", "retina"), "es") == ("option B is missing",)
    assert check_translation("?", own, "?", options("cornea", "iris", "Iris"), "es") == ("two options became the same",)
    assert check_translation("?", own, "?", options("cornea", "iris"), "es") == ("the option letters changed",)


def test_a_fault_in_an_option_names_the_option() -> None:
    own, english = options("10 mg", "ojo izquierdo"), options("100 mg", "eye")
    assert check_translation("?", own, "?", english, "es") == (
        "the number 10 of option A is missing",
        "the number 100 in option A is not in the original",
        "left was lost in option B",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("1,5", "1.5"), ("1.000", "1,000"), ("१२", "12"), ("０.50", "0.5"), ("007", "7"), ("1.000.000", "1000000")],
)
def test_numbers_are_compared_in_one_notation(one: str, other: str) -> None:
    assert numbers(one) == numbers(other)


def test_localisation_must_keep_numbers_and_citation_marks() -> None:
    assert check_localisation("It is 12 mm [1].", "Son 12 mm [1].") == ()
    assert check_localisation("It is 12 mm [1].", "Son 13 mm [1].") == (
        "the number 12 of the answer is missing",
        "the number 13 in the answer is not in the original",
    )
    assert "a citation mark was lost or changed" in check_localisation("So [1][2].", "Así [1].")
