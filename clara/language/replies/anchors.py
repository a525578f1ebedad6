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
_SIGN = re.compile("[\u0300-\u036f\u0900-\u0963\u0966-\u0dff]")
"""Accents and the vowel signs of Indian scripts, which are no letters to ``isalnum``; the danda is a full stop."""
_LIST_SIGNS = ",，、/&+;"
"""Signs between the items of a list."""


def lowered(text: str) -> str:
    """Lower case and straight apostrophes, of the same length as the text."""
    plain = text.replace("’", "'")
    lower = plain.lower()
    if len(lower) == len(text):
        return lower
    return "".join(map(_lowered_char, plain))


def _lowered_char(char: str) -> str:
    """In lower case; as it is where that would be several characters."""
    lower = char.lower()
    if len(lower) == 1:
        return lower
    return char


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
    if UNSPACED.search(before + after):
        return False
    return _in_word(before) and _in_word(after)


def _in_word(char: str) -> bool:
    return char.isalnum() or _SIGN.match(char) is not None


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
    joint: Phrases
    condition: Phrases
    wrong: Phrases
    denial: Phrases
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
        listed: list[str] = []
        for entry in languages.values():
            for name in names:
                listed.extend(entry.get(name, ()))
        return listed

    lists = {field.name: words(field.name) for field in fields(Anchors)}
    lists["filler"] = words("filler", "link", "option")
    lists["but"] = words("but", "contrast")
    lists["negation"] = words("not")
    lists["denial"] = words("not", "wrong")
    lists["joint"] = [*words("void"), *_LIST_SIGNS]
    none, unknown = _anywhere(lists.pop("none")), _anywhere(lists.pop("unknown"))
    phrases = {name: Phrases(listed) for name, listed in lists.items()}
    return Anchors(**phrases, none=none, unknown=unknown)


def _anywhere(phrases: Iterable[str]) -> re.Pattern[str]:
    """Phrases that may go on with any ending."""
    patterns: list[str] = []
    for phrase in sorted(phrases):
        pattern = re.escape(phrase)
        if phrase[0].isascii():
            pattern = rf"(?<!\w){pattern}"
        patterns.append(pattern)
    return re.compile("|".join(patterns), re.IGNORECASE)
