"""Text in any script: normalisation, sentences, words and the tokens of lexical search."""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import Stemmer

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+(?=[^a-z])|(?<=[।॥。！？])\s*|\n{2,}"
)
_DEVA = r"[\u0900-\u0963\u0966-\u097F]"  # with vowel signs, which \w leaves out; without danda
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3040-\u30ff]")
_WORD = re.compile(rf"\d+[.,]\d+|{_DEVA}+|{_HAN.pattern}|(?:(?!{_DEVA}|{_HAN.pattern})[^\W_])+")
_ASCII_WORD = re.compile(r"[0-9]+[.,][0-9]+|[a-z0-9]+")
_DIGITS = {ord(c): str(unicodedata.digit(c)) for c in "०१२३४५६७८९０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"}

STOPWORDS = frozenset(
    "a about after all also an and any are as at be because been before being between both but by can could did do does "
    "d for from had has have he her his how if in into is it its may might more most must no nor not of on one only or "
    "other our out over own s same she should so some such t than that the their them then there these they this those to "
    "under until up was we were what when where which while who whom whose why will with would you your".split()
)
"""English words that carry no meaning of their own in a search."""


def normalise(text: str) -> str:
    """Compatibility form (NFKC), ASCII digits, lower case, accents kept."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).translate(_DIGITS).casefold()


def fold(text: str) -> str:
    """As :func:`normalise`, and Latin letters lose their accents (``córnea`` and ``cornea`` meet)."""
    if text.isascii():
        return text.lower()
    return _fold_word(text) if len(text) <= _WORD_LENGTH else _fold(text)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", normalise(text))
    kept = (
        char
        for index, char in enumerate(decomposed)
        if not (unicodedata.combining(char) and index and decomposed[index - 1] < "\u0250")
    )
    return unicodedata.normalize("NFC", "".join(kept))


_WORD_LENGTH = 32
"""Texts up to this length are folded once and remembered: they are words, and words come again."""
_fold_word = lru_cache(maxsize=65536)(_fold)


def sentences(text: str) -> list[str]:
    """Sentences in any script: full stop, danda, ideographic full stop, blank line."""
    flat = [" ".join(part.split()).strip(" #-*") for part in _SENTENCE_END.split(text)]
    return [part for part in flat if part]


@dataclass(frozen=True, slots=True)
class Word:
    """A word-like unit and where it stands in the NFC form of the text."""

    text: str
    """Folded: lower case, ASCII digits, no Latin accents."""
    start: int
    end: int
    surface: str
    """As it is written."""


def spans(text: str) -> list[Word]:
    """Word-like units in order; each Chinese or Japanese character is one, a number keeps its decimal mark."""
    return list(_remembered_spans(text) if len(text) <= _QUESTION_LENGTH else _spans(text))


_QUESTION_LENGTH = 4000
"""Texts up to this length may be questions, at which the guards, the glossary and the detection look one after the other."""


def _spans(text: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        surface = match.group()
        found.append(Word(fold(surface), match.start(), match.end(), surface))
    return tuple(found)


_remembered_spans = lru_cache(maxsize=512)(_spans)


def words(text: str) -> list[str]:
    """The folded words of :func:`spans`."""
    return [word.text for word in spans(text)]


_STEMMERS = {"en": "english", "es": "spanish", "pt": "portuguese", "fr": "french", "hi": "hindi"}


_LOCAL = threading.local()  # PyStemmer's objects must not be shared between threads


def _stemmer(language: str) -> Any:
    if not hasattr(_LOCAL, language):
        setattr(_LOCAL, language, Stemmer.Stemmer(_STEMMERS[language]))
    return getattr(_LOCAL, language)


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "en") -> str:
    """The Snowball stem of one folded word; the word itself where the language has no stemmer."""
    if language not in _STEMMERS or word.isascii() == (language == "hi"):
        return word
    return str(_stemmer(language).stemWord(word))


@lru_cache(maxsize=65536)
def _ascii_token(word: str) -> str:
    return "" if word in STOPWORDS else stem(word)


def search_tokens(text: str) -> list[str]:
    """Tokens for BM25: stemmed Latin words without stop words, Chinese bigrams, Devanagari words."""
    if text.isascii():  # most of a large collection, and five times faster so
        return [token for word in _ASCII_WORD.findall(text.lower()) if (token := _ascii_token(word))]
    tokens: list[str] = []
    han: list[str] = []

    def flush() -> None:
        if len(han) == 1:
            tokens.append(han[0])
        tokens.extend(a + b for a, b in itertools.pairwise(han))
        han.clear()

    for word in words(text):
        if len(word) == 1 and _HAN.match(word):
            han.append(word)
            continue
        flush()
        if word not in STOPWORDS:
            tokens.append(stem(word) if word.isascii() else stem(word, "hi"))
    flush()
    return tokens
