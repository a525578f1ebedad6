"""The words of each concept in each language (``words/<language>.toml``), and where a text mentions them."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from clara.language.text import fold
from clara.safety.spelling import key
from clara.safety.typos import Corrector

PINYIN = "zh-Latn"
"""Chinese in Latin letters: its words are syllables, written apart or together."""
_FOLDER = Path(__file__).parent / "words"
_TOKEN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[\u0900-\u097f]+|[^\W_\u0900-\u097f\u3400-\u4dbf\u4e00-\u9fff]+")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_INFLECTED = 6
"""Letters from which on a word standing alone is found in its inflected forms too."""
_RUN_TOGETHER = 8
"""Letters from which on a phrase is found without its spaces too ("drain cleaner", "draincleaner")."""
_BEGINNING = 3
"""Letters by which the concepts that a word may begin are looked up."""
_PREFIX = 5
"""Letters that Filipino may put before a word standing alone."""


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
    beginnings: dict[str, set[str]]
    """The first letters (at most three) of a phrase's first word: the concepts of the phrases that begin so."""
    corrector: Corrector

    def mentions(self, tokens: tuple[str, ...]) -> tuple[Mention, ...]:
        """Every mention of every concept in a piece of text."""
        if self.language == "zh":
            characters = key("".join(tokens), "zh")
            if not HAN.search(characters):
                return ()
            return self._matches(tokens, "", characters, tuple(self.patterns))
        words = tuple(_spelled(token, self.language) for token in tokens)
        return self._matches(words, " ", " ".join((*words, "")), self.candidates(words))

    def candidates(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The concepts that the words may name, by their beginnings."""
        possible: set[str] = set()
        for word in words:
            for beginning in _beginnings(word, self.language):
                possible |= self.beginnings.get(beginning, set())
        return tuple(sorted(possible))

    def _matches(self, words: tuple[str, ...], joint: str, text: str, concepts: tuple[str, ...]) -> tuple[Mention, ...]:
        """The mentions in ``text``, which is made of the words, that begin and end with one."""
        at = {0: 0}
        offset = 0
        for index, word in enumerate(words, start=1):
            offset += len(word) + len(joint)
            at[offset] = index
        mentions: list[Mention] = []
        for concept in concepts:
            for match in self.patterns[concept].finditer(text):
                start, end = at.get(match.start(), -1), at.get(match.end() + len(joint), -1)
                if min(start, end) >= 0:
                    mentions.append(Mention(concept, start, end, self.language))
        return tuple(mentions)


@lru_cache(maxsize=4096)
def mentions_in(tokens: tuple[str, ...], language: str) -> tuple[Mention, ...]:
    """Every mention in a piece of text of the concepts of one language."""
    return vocabulary(language).mentions(tokens)


def tokens(piece: str) -> tuple[str, ...]:
    """Words of a folded piece of text; each Chinese character is one. The apostrophe of "can't" does not part it."""
    return tuple(_TOKEN.findall(re.sub(r"(?<=n)['’‘`´](?=t\b)", "", piece).replace("œ", "oe")))


@cache
def vocabulary(language: str) -> Vocabulary:
    """The patterns of one of the seven languages, or of Chinese in Latin letters."""
    entries: dict[str, str] = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    patterns: dict[str, re.Pattern[str]] = {}
    if language == "zh":
        for name, text in entries.items():
            patterns[name] = re.compile(text)
        return Vocabulary(language, patterns, {}, Corrector(frozenset()))
    gap = _gap(entries["not"], language)
    known: set[str] = set()
    beginnings: dict[str, set[str]] = defaultdict(set)
    for name, text in entries.items():
        phrases = [_words(phrase) for phrase in fold(text).split("|")]
        patterns[name] = _compiled(phrases, language, gap)
        for phrase in phrases:
            beginnings[_literal(phrase, language)[:_BEGINNING]].add(name)
            known.update(_correctable(phrase, language))
    return Vocabulary(language, patterns, beginnings, Corrector(frozenset(known)))


@lru_cache(maxsize=65536)
def _spelled(token: str, language: str) -> str:
    return vocabulary(language).corrector.corrected(key(token, language))


def _beginnings(word: str, language: str) -> set[str]:
    """What the first word of a phrase may begin with where ``word`` stands."""
    beginnings = {word[:1], word[:2], word[:_BEGINNING]}
    if language == "fil":
        for offset in range(1, _PREFIX + 1):
            beginnings.add(word[offset : offset + _BEGINNING])
    return beginnings


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


def _correctable(phrase: list[str], language: str) -> set[str]:
    """The words of a phrase that misspelled ones are corrected to."""
    words: set[str] = set()
    for word in phrase:
        if len(word) > 4 and not word.endswith("*"):
            words.add(key(word, language))
    return words


def _gap(negations: str, language: str) -> str:
    """Up to five words between the parts of a phrase; none of them negates what follows ("vue n'a pas baissé")."""
    words: list[str] = []
    for negation in fold(negations).split("|"):
        words.append(re.escape(key(tokens(negation)[0], language)))
    return rf"(?:(?!(?:{'|'.join(words)}) )\S+ ){{0,5}}?"


def _compiled(phrases: list[list[str]], language: str, gap: str) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=lambda words: len(" ".join(words)), reverse=True)
    parts = dict.fromkeys(_phrase(words, language, gap) for words in longest_first)
    return re.compile(rf"(?<!\S)(?:{'|'.join(parts)})(?!\S)")


def _phrase(words: list[str], language: str, gap: str) -> str:
    joint = " "
    if len("".join(words)) >= _RUN_TOGETHER:
        joint = " ?"
    if language == PINYIN:
        joint = " ?"
    pattern = ""
    for position, word in enumerate(words, start=1):
        if word == "~":
            pattern += gap
            continue
        pattern += _word(word, language, alone=len(words) == 1)
        if position < len(words):
            pattern += " " if words[position] == "~" else joint
    return pattern


def _word(word: str, language: str, *, alone: bool) -> str:
    """A word with the endings (in Filipino also the prefixes) that its language may give it."""
    literal = re.escape(_stem(word, language, alone=alone))
    if word.endswith("*"):
        return literal + r"\S*"
    if not _is_bent(word, language, alone=alone):
        return literal
    if language == "fil":
        return rf"\S{{0,{_PREFIX}}}{literal}\S{{0,3}}"
    if language in _ENDINGS:
        return literal + r"\S{0,4}"
    return literal + r"\S{0,2}"


_ENDINGS = ("es", "pt", "fr")
"""Languages whose words change their last letter."""


def _stem(word: str, language: str, *, alone: bool) -> str:
    """The letters that a word has in all its forms."""
    spelled = key(word.removesuffix("*"), language)
    if language in _ENDINGS and _is_bent(word, language, alone=alone):
        return spelled[:-1]
    return spelled


def _is_bent(word: str, language: str, *, alone: bool) -> bool:
    """True for a long word that is an entry by itself and has no star."""
    if not alone:
        return False
    if word.endswith("*"):
        return False
    return language != PINYIN and len(key(word, language)) >= _INFLECTED


def _literal(phrase: list[str], language: str) -> str:
    return _stem(phrase[0], language, alone=len(phrase) == 1)
