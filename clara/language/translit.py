"""Devanagari in Latin letters, and one key for the many Latin spellings of Hindi.

The scheme is ISO 15919 without its diacritics; the inherent vowel is dropped at the end of a word, as Hindi is spoken.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_VOWELS = dict(zip("अआइईउऊऋएऐओऔऑऍ", "a aa i ii u uu ri e ai o au o e".split(), strict=True))
_SIGNS = dict(zip("ािीुूृेैोौॉॅ", "aa i ii u uu ri e ai o au o e".split(), strict=True))
_CONSONANTS = dict(
    zip(
        "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
        "k kh g gh n ch chh j jh n t th d dh n t th d dh n p ph b bh m y r l v sh sh s h l".split(),
        strict=True,
    )
)
_NUKTA = {"क": "q", "ख": "kh", "ग": "g", "ज": "z", "ड": "r", "ढ": "rh", "फ": "f"}
_OTHER = {"ं": "n", "ँ": "n", "ः": "h", "।": ".", "॥": "."}
_DEVANAGARI = re.compile(r"[\u0900-\u097f]+")


def devanagari_to_latin(text: str) -> str:
    """Every stretch of Devanagari in plain Latin letters; the rest as it is."""
    return _DEVANAGARI.sub(lambda match: _word(unicodedata.normalize("NFD", match.group())), text)


def _word(word: str) -> str:
    out: list[str] = []
    pending = False  # a consonant whose inherent vowel is not yet decided
    for index, char in enumerate(word):
        if char in _CONSONANTS:
            if pending:
                out.append("a")
            if word[index + 1 : index + 2] == "़":
                out.append(_NUKTA.get(char, _CONSONANTS[char]))
            else:
                out.append(_CONSONANTS[char])
            pending = True
        elif char in _SIGNS:
            out.append(_SIGNS[char])
            pending = False
        elif char == "्":
            pending = False
        elif char in _VOWELS:
            if pending:
                out.append("a")
            out.append(_VOWELS[char])
            pending = False
        elif char != "़":
            if pending and char in "ंँः":
                out.append("a")
            out.append(_OTHER.get(char, char))
            pending = False
    return "".join(out)


_FOLDS = (
    (re.compile(r"chh"), "ch"),
    (re.compile(r"sh"), "s"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"[wv]"), "v"),
    (re.compile(r"z"), "j"),
    (re.compile(r"(?<=[kgcjtdpb])h"), ""),
    (re.compile(r"e[iy]"), "e"),
    (re.compile(r"ee|ii"), "i"),
    (re.compile(r"oo|uu"), "u"),
    (re.compile(r"ksh|x"), "ks"),
    (re.compile(r"y(?=$|[^aeiou])"), "i"),
    (re.compile(r"ei(?=n?$)"), "e"),
    (re.compile(r"[nm](?=[^aeiouy]|$)"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"(?<=.)a"), ""),
    (re.compile(r"(?<=.)h"), ""),
)


@lru_cache(maxsize=65536)
def hindi_key(word: str) -> str:
    """One key for the ways in which people spell a Hindi word in Latin letters (``mein``, ``mem``, ``me``)."""
    for pattern, to in _FOLDS:
        word = pattern.sub(to, word)
    return word
