"""The words of each concept in each language (``words/<language>.toml``), and where a text mentions them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

from clara.language.text import fold
from clara.safety.spelling import key
from clara.safety.typos import Corrector

_FOLDER = Path(__file__).parent / "words"
_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[\u0900-\u097f]+|[^\W_\u0900-\u097f\u3400-\u4dbf\u4e00-\u9fff]+")
_GAP = r"(?:\S+ ){0,5}?"
_INFLECTED = 6
"""Letters from which on a word standing alone is found in its inflected forms too."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named by the tokens from ``start`` up to ``end``."""

    concept: str
    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The patterns of one language."""

    language: str
    patterns: dict[str, re.Pattern[str]]
    corrector: Corrector

    def mentions(self, tokens: tuple[str, ...]) -> list[Mention]:
        """Every mention of every concept in a piece of text."""
        joint = "" if self.language == "zh" else " "
        words = [self._spelled(token) for token in tokens]
        starts = list(accumulate((len(word) + len(joint) for word in words), initial=0))
        text = joint.join(words) + joint
        at = {offset: index for index, offset in enumerate(starts)}
        mentions: list[Mention] = []
        for concept, pattern in self.patterns.items():
            for match in pattern.finditer(text):
                start, end = at.get(match.start()), at.get(match.end() + len(joint))
                if start is not None and end is not None:
                    mentions.append(Mention(concept, start, end, self.language))
        return mentions

    def _spelled(self, token: str) -> str:
        word = key(token, self.language)
        return word if self.language == "zh" else self.corrector.corrected(word)


def tokens(piece: str) -> tuple[str, ...]:
    """Words of a folded piece of text; each Chinese character is one. The apostrophe of "can't" does not part it."""
    return tuple(_TOKEN.findall(re.sub(r"(?<=n)['’‘`´](?=t\b)", "", piece).replace("œ", "oe")))


@cache
def vocabulary(language: str) -> Vocabulary:
    """The patterns of one of the seven languages."""
    entries: dict[str, str] = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    if language == "zh":
        return Vocabulary(language, {name: re.compile(text) for name, text in entries.items()}, Corrector(frozenset()))
    patterns: dict[str, re.Pattern[str]] = {}
    known: set[str] = set()
    for name, text in entries.items():
        phrases = [_words(phrase) for phrase in fold(text).split("|")]
        patterns[name] = _compiled(phrases, language)
        for phrase in phrases:
            known.update(key(word, language) for word in phrase if len(word) > 4 and "*" not in word)
    return Vocabulary(language, patterns, Corrector(frozenset(known)))


def _words(phrase: str) -> list[str]:
    """The words of an entry: tokens, some with a star at the end, and the gap ``~``."""
    words: list[str] = []
    for part in phrase.split():
        if part == "~":
            words.append(part)
            continue
        words.extend(tokens(part))
        if part.endswith("*"):
            words[-1] += "*"
    return words


def _compiled(phrases: list[list[str]], language: str) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=lambda words: len(" ".join(words)), reverse=True)
    parts = dict.fromkeys(_phrase(words, language) for words in longest_first)
    return re.compile(rf"(?<!\S)(?:{'|'.join(parts)})(?!\S)")


def _phrase(words: list[str], language: str) -> str:
    pattern = ""
    for word in words:
        pattern += _GAP if word == "~" else _word(word, language, alone=len(words) == 1) + " "
    return pattern.removesuffix(" ")


def _word(word: str, language: str, *, alone: bool) -> str:
    """A word with the endings (in Filipino also the prefixes) that its language may give it."""
    if word.endswith("*"):
        return re.escape(key(word[:-1], language)) + r"\S*"
    spelled = key(word, language)
    if not alone or len(spelled) < _INFLECTED:
        return re.escape(spelled)
    if language == "fil":
        return rf"\S{{0,5}}{spelled}\S{{0,3}}"
    if language in ("es", "pt", "fr"):
        return re.escape(spelled[:-1]) + r"\S{0,4}"
    return rf"{re.escape(spelled)}\S{{0,2}}"
