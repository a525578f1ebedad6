"""What CLARA says in its own name, in each of its seven languages (``clara/language/locale/*.toml``)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clara.types import Answer

NO_MODEL = "no_model"
"""The warning that an answer carries where no language model was used."""
_FOLDER = Path(__file__).parent / "locale"


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of a language; English for one that has no catalogue.

    ``hi-Latn`` is Hindi in Latin letters: what it has no words for comes in Devanagari.
    """
    path = _FOLDER / f"{language}.toml"
    if not path.is_file():
        path = _FOLDER / "en.toml"
    messages: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    if language == "hi-Latn":
        return catalogue("hi") | messages
    return messages


def say(key: str, language: str, /, **values: object) -> str:
    """One message, its placeholders filled."""
    return catalogue(language)[key].format(**values)


def error_message(error: BaseException, language: str) -> str | None:
    """What an error means, by its class or the nearest above it that has a message; None where none has."""
    messages = catalogue(language)
    for kind in type(error).__mro__:
        message = messages.get(f"error_{kind.__name__}")
        if message is not None:
            return message
    return None


def is_search(answer: Answer) -> bool:
    """True if no language model answered: what is shown was found, not composed."""
    return NO_MODEL in answer.warnings


def verdict_key(answer: Answer) -> str | None:
    """The message that says what the verification found; None where there is no answer to judge, or nobody to judge it."""
    if answer.failure or answer.abstained or is_search(answer):
        return None
    verdict = answer.verdict
    if answer.capped:
        return "verdict_capped"
    if verdict.refused:
        return "verdict_unsure"
    judged = {verdict.grounded, verdict.answers_question}
    if judged == {None}:
        return "verdict_unchecked"
    if judged == {True}:
        return "verdict_grounded"
    return "verdict_unsure"
