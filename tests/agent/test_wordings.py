"""What a question's text turns out to be: English under another label, or English with its translation behind it."""

from __future__ import annotations

import pytest

from clara.agent.wordings import is_already_english, reads_as_english, split_source, without_echo
from clara.knowledge.glossary import TermGlossary
from clara.types import Option, Question

ENGLISH = "Which muscle of the eye is supplied by the abducens nerve?"
SPANISH = "¿Qué músculo del ojo está inervado por el nervio abducens?"


def asked(text: str, *options: str) -> Question:
    return Question(text, tuple(Option("ABCD"[number], option) for number, option in enumerate(options)), "es")


def test_english_under_another_label_is_english_with_its_options(glossary: TermGlossary) -> None:
    assert is_already_english(asked(ENGLISH, "Lateral rectus", "12 mm"), "es", glossary)
    assert not is_already_english(asked(SPANISH, "Lateral rectus"), "es", glossary)


@pytest.mark.parametrize("option", ["recto lateral", "músculo del párpado"])
def test_one_option_in_another_language_is_enough_to_translate(option: str, glossary: TermGlossary) -> None:
    assert not is_already_english(asked(ENGLISH, "Lateral rectus", option), "es", glossary)


@pytest.mark.parametrize("text", [f"{ENGLISH}\n{SPANISH}", f"{SPANISH}\n{ENGLISH}", f"{SPANISH} {ENGLISH}"])
def test_a_source_is_found_before_and_behind_its_translation(text: str) -> None:
    assert split_source(text, "es") == (ENGLISH, SPANISH)


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        SPANISH,
        f"{ENGLISH} It has 6 of them.\n{SPANISH}",  # other numbers
        f"{ENGLISH}\nSí.",  # no translation of that length
    ],
)
def test_what_is_no_translation_of_the_other_is_not_split(text: str) -> None:
    assert split_source(text, "es") is None


@pytest.mark.parametrize(
    "translated", [ENGLISH, f"{SPANISH} {ENGLISH}", f"{SPANISH}\n=> {ENGLISH}", f"{ENGLISH} ({SPANISH})"]
)
def test_a_repeated_source_is_taken_off_a_translation(translated: str) -> None:
    assert without_echo(SPANISH, translated) == ENGLISH


def test_what_would_leave_too_little_stays_whole() -> None:
    assert without_echo(SPANISH, f"{SPANISH} Which?") == f"{SPANISH} Which?"
    assert without_echo("Miopía", "Miopía: myopia") == "myopia"
    assert without_echo("Glaucoma", "Glaucoma") == "Glaucoma"


@pytest.mark.parametrize(("text", "is_english"), [(ENGLISH, True), (SPANISH, False), ("Lateral rectus", False), ("", False)])
def test_only_a_text_of_some_length_is_english_beyond_doubt(text: str, is_english: bool) -> None:
    assert reads_as_english(text) == is_english
