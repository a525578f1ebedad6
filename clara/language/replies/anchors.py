"""The words by which a reply commits itself to an option, in all languages of ``anchors.toml`` at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no space between words, or glue small words on."""


def lowered(text: str) -> str:
    """Lower case and straight apostrophes, of the same length as the text."""
    plain = text.replace("’", "'")
    lower = plain.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)


class Phrases:
    """Words and phrases that can be recognised where a text ends or begins. Texts are given in lower case."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(map(lowered, phrases))
        self._lengths = sorted({len(phrase) for phrase in self._phrases}, reverse=True)

    def ending(self, text: str) -> str:
        """The longest phrase that the text ends in, or nothing."""
        for length in self._lengths:
            phrase = text[-length:]
            if phrase in self._phrases and not _joins(text[-length - 1 : -length], phrase[:1]):
                return phrase
        return ""

    def beginning(self, text: str) -> str:
        """The longest phrase that the text begins with, or nothing."""
        for length in self._lengths:
            phrase = text[:length]
            if phrase in self._phrases and not _joins(phrase[-1:], text[length : length + 1]):
                return phrase
        return ""


def _joins(before: str, after: str) -> bool:
    """True if two characters belong to one word."""
    if UNSPACED.match(before) or UNSPACED.match(after):
        return False
    return _in_word(before) and _in_word(after)


def _in_word(char: str) -> bool:
    # vowel signs of Indian scripts are no letters to isalnum; the danda is a full stop
    return char.isalnum() or "\u0300" <= char <= "\u036f" or ("\u0900" <= char <= "\u0dff" and char not in "।॥")


@dataclass(frozen=True, slots=True)
class Anchors:
    """The lists of ``anchors.toml``, each over all languages; its head says what they mean."""

    answer: Phrases
    choose: Phrases
    therefore: Phrases
    correct: Phrases
    option: Phrases
    filler: Phrases
    link: Phrases
    but: Phrases
    negation: Phrases
    void: Phrases
    condition: Phrases
    wrong: Phrases
    verdict: Phrases
    because: Phrases
    explanation: Phrases
    none: re.Pattern[str]
    unknown: re.Pattern[str]


@cache
def anchors() -> Anchors:
    """All anchors, read once."""
    with Path(__file__).with_name("anchors.toml").open("rb") as file:
        languages: dict[str, dict[str, list[str]]] = tomllib.load(file)

    def words(*names: str) -> list[str]:
        found: list[str] = []
        for entry in languages.values():
            for name in names:
                found.extend(entry.get(name, ()))
        return found

    lists = {
        "filler": words("filler", "link", "option"),
        "but": words("but", "contrast"),
        "negation": words("not"),
    }
    phrases: dict[str, Phrases] = {}
    for field in fields(Anchors)[:-2]:
        phrases[field.name] = Phrases(lists.get(field.name) or words(field.name))
    return Anchors(**phrases, none=_anywhere(words("none")), unknown=_anywhere(words("unknown")))


def _anywhere(phrases: Iterable[str]) -> re.Pattern[str]:
    """Phrases that may go on with any ending."""
    patterns: list[str] = []
    for phrase in sorted(phrases):
        pattern = re.escape(phrase)
        patterns.append(rf"(?<!\w){pattern}" if phrase[0].isascii() else pattern)
    return re.compile("|".join(patterns), re.IGNORECASE)
