"""Mends a letter too many, too few, wrong or exchanged in words that matter, so that hurried typing is understood."""

from __future__ import annotations

import re
from collections import defaultdict

_WORD = re.compile(r"[a-z]{5,}")
_LONG = 8
"""A shorter word with one letter replaced is mostly another word (stolen, swollen)."""


class Corrector:
    """Replaces a word by the vocabulary's word at Damerau-Levenshtein distance 1, if there is one with the same first
    letter.

    Doubled letters count as one: "dissapeared" is one letter from "disappeared".
    """

    def __init__(self, vocabulary: frozenset[str]) -> None:
        self._known = vocabulary
        self._near: dict[str, set[str]] = defaultdict(set)
        for word in vocabulary:
            for form in _deletes(_single(word)):
                self._near[form].add(word)

    def mend(self, text: str) -> str:
        """``text`` (folded) with its misspelled words mended."""
        return _WORD.sub(lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        if word in self._known:
            return word
        plain = _single(word)
        candidates = {
            known
            for form in _deletes(plain)
            for known in self._near.get(form, ())
            if known[0] == word[0] and _one_apart(plain, _single(known))
        }
        return min(candidates) if len(word) >= 6 and candidates else word


def _single(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _deletes(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_apart(a: str, b: str) -> bool:
    """True if one letter is inserted, deleted, replaced or exchanged with its neighbour."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    length, a, b = len(a), a[start:], b[start:]
    if a == b:
        return True
    if len(a) == len(b):
        replaced = length >= _LONG and a[1:] == b[1:]
        return replaced or (len(a) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:])
    return a[1:] == b or b[1:] == a
