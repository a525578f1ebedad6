from __future__ import annotations

import string

import pytest

from clara.languages import SEVEN
from clara.messages import catalogue, say


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


@pytest.mark.parametrize("language", SEVEN)
def test_no_message_is_missing_or_left_over(language: str) -> None:
    assert set(catalogue(language)) == set(catalogue("en"))


@pytest.mark.parametrize("language", SEVEN)
def test_placeholders_are_the_same_as_in_english(language: str) -> None:
    for key, english in catalogue("en").items():
        assert placeholders(catalogue(language)[key]) == placeholders(english), key


@pytest.mark.parametrize("language", [code for code in SEVEN if code != "en"])
def test_messages_are_translated_and_not_empty(language: str) -> None:
    own, english = catalogue(language), catalogue("en")
    assert all(message.strip() for message in own.values())
    assert own["no_model"] != english["no_model"]
    assert own["not_a_device"] != english["not_a_device"]


@pytest.mark.parametrize("language", SEVEN)
def test_letter_and_option_stand_in_the_sentence(language: str) -> None:
    said = say("choice_frame", language, label="B", option="Latanoprost {x}")
    assert "B" in said
    assert "Latanoprost {x}" in said


def test_a_language_without_a_catalogue_gets_english() -> None:
    assert say("sources", "de") == say("sources", "en")
