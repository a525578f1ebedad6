"""Text in any script: normalisation, sentences, words and the tokens of lexical search."""

from __future__ import annotations

import itertools
import re
import threading
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import regex
import Stemmer

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+(?=[^a-z])|(?<=[।॥。！？])\s*|\n{2,}"
)
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
"""Scripts that put no space between words: each letter with its marks is a unit of its own."""
_JOINERS = r"\u200c\u200d"
_WORD = regex.compile(
    rf"\d+[.,]\d+"
    rf"|[\p{{Devanagari}}--[।॥]][\p{{Devanagari}}\p{{M}}{_JOINERS}--[।॥]]*"
    rf"|[[{_UNSPACED}]&&[\p{{L}}\p{{N}}]]\p{{M}}*"
    rf"|[[\p{{L}}\p{{N}}]--[\p{{Devanagari}}{_UNSPACED}]][[\p{{L}}\p{{M}}\p{{N}}{_JOINERS}]--[\p{{Devanagari}}{_UNSPACED}]]*",
    regex.VERSION1,
)
_UNSPACED_LETTER = regex.compile(rf"[{_UNSPACED}]")
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
    """As :func:`normalise`, without what may be written or left out: accents of Latin and Greek letters (``córnea`` and
    ``cornea`` meet), vowel points of Arabic and Hebrew, joiners.
    """
    if text.isascii():
        return text.lower()
    if len(text) <= _WORD_LENGTH:
        return _fold_word(text)
    return _fold(text)


_IGNORED_MARKS = regex.compile(
    r"(?<=[\p{Latin}\p{Greek}]\p{M}*)\p{M}"  # accents, also several on one letter (ế)
    r"|[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"  # Arabic vowel points and the tatweel
    r"|[\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7]"  # Hebrew points and accents
    rf"|[{_JOINERS}\u200b\u2060\ufeff\u00ad]"  # letters that have no width
)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", normalise(text))
    return unicodedata.normalize("NFC", _IGNORED_MARKS.sub("", decomposed))


_WORD_LENGTH = 32
"""Texts up to this length are folded once and remembered: they are words, and words come again."""
_fold_word = lru_cache(maxsize=65536)(_fold)


def plain(text: str) -> str:
    """Compatibility form, lower case, single spaces, no full stop at the end: for comparing the texts of options."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", folded).strip(" .。।;；,，、")


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
    """Word-like units in order, by Unicode's classes of letters and marks. A number keeps its decimal mark; in scripts
    without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan) each letter with its marks is a unit.
    """
    if len(text) <= _QUESTION_LENGTH:
        return list(_remembered_spans(text))
    return list(_spans(text))


_QUESTION_LENGTH = 4000
"""Texts up to this length may be questions, at which the guards, the glossary and the detection look one after the other."""


def _spans(text: str) -> tuple[Word, ...]:
    in_order: list[Word] = []
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        surface = match.group()
        in_order.append(Word(fold(surface), match.start(), match.end(), surface))
    return tuple(in_order)


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
    if word in STOPWORDS:
        return ""
    return stem(word)


def search_tokens(text: str) -> list[str]:
    """Tokens for BM25: stemmed words without stop words; pairs of neighbours in scripts without spaces."""
    if text.isascii():  # most of a large collection, and five times faster so
        return list(filter(None, map(_ascii_token, _ASCII_WORD.findall(text.lower()))))
    tokens: list[str] = []
    for is_unspaced, run in itertools.groupby(words(text), _is_unspaced):
        if is_unspaced:
            tokens.extend(_pairs(list(run)))
            continue
        for word in run:
            if word.isascii():
                tokens.append(_ascii_token(word))
            else:
                tokens.append(stem(word, "hi"))
    return list(filter(None, tokens))


def _is_unspaced(word: str) -> bool:
    return _UNSPACED_LETTER.match(word) is not None


def _pairs(units: list[str]) -> list[str]:
    """Each unit with its neighbour; a unit that stands alone is a token itself."""
    if len(units) == 1:
        return units
    return [first + second for first, second in itertools.pairwise(units)]


def script_counts(text: str) -> Counter[str]:
    """Script to its number of letters in the text: ``LATIN``, ``DEVANAGARI``, ``CJK``, ``HIRAGANA`` …

    The script is the first word of a letter's Unicode name; a letter without a name counts as ``?``.
    """
    counts: Counter[str] = Counter()
    for char in text:
        if char.isalpha():
            counts[_script(char)] += 1
    return counts


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ")[0].split("-")[0]
