from __future__ import annotations

import string

import pytest

from clara import errors
from clara.agent.strategies import STEPS
from clara.chat.commands import COMMANDS
from clara.cli.wrapping import width_of
from clara.language.codes import SEVEN
from clara.language.messages import catalogue, say


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
    said = say("closest_option", language, label="B", option="Latanoprost {x}")
    assert "B" in said
    assert "Latanoprost {x}" in said


def test_a_language_without_a_catalogue_gets_english() -> None:
    assert say("sources", "de") == say("sources", "en")


def test_every_step_has_a_name_for_its_reader() -> None:
    steps = (*STEPS, "start", "connect", "understand", "compare")
    assert [step for step in steps if f"step_{step}" not in catalogue("en")] == []


def test_every_chat_command_and_error_has_its_words() -> None:
    known = set(catalogue("en"))
    assert {f"help_{name}" for name in COMMANDS} <= known
    named = {key.removeprefix("error_") for key in known if key.startswith("error_")}
    assert [name for name in named if not hasattr(errors, name)] == []


@pytest.mark.parametrize("language", SEVEN)
def test_the_toolbar_fits_beside_the_settings(language: str) -> None:
    assert width_of(f"embedded · clara_vote · auto · {say('toolbar', language)}") <= 90


@pytest.mark.parametrize("language", [code for code in SEVEN if code != "en"])
def test_few_messages_are_the_english_words(language: str) -> None:
    own, english = catalogue(language), catalogue("en")
    same = {key for key in own if own[key] == english[key]}
    assert same <= {"yes_no", "yes_words", "sources", "source", "question", "answer"}, same
