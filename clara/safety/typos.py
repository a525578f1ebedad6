"""Corrects a letter too many, too few, wrong or exchanged in words that matter, so that hurried typing is understood."""

from __future__ import annotations

from collections import defaultdict

_SHORT = 6
"""Letters of the shortest known word that a misspelled one is taken for."""
_LONG = 8
"""A shorter word with one letter replaced is mostly another word (stolen, swollen)."""


class Corrector:
    """Replaces a word by the vocabulary's word at Damerau-Levenshtein distance 1, if there is one with the same first
    letter. Doubled letters are expected to be one already."""

    def __init__(self, vocabulary: frozenset[str]) -> None:
        self._known = vocabulary
        self._near: dict[str, set[str]] = defaultdict(set)
        for word in vocabulary:
            if len(word) >= _SHORT - 1:
                for form in _deletes(word):
                    self._near[form].add(word)

    def corrected(self, word: str) -> str:
        """The known word that ``word`` stands for; itself if there is none."""
        if word in self._known or len(word) < _SHORT - 1:
            return word
        candidates: set[str] = set()
        for form in _deletes(word):
            candidates |= self._near.get(form, set())
        near: list[str] = []
        for known in candidates:
            if max(len(known), len(word)) < _SHORT:
                continue
            if known[0] == word[0] and _is_one_apart(word, known):
                near.append(known)
        return min(near, default=word)


def _deletes(word: str) -> set[str]:
    forms = {word}
    for at in range(len(word)):
        forms.add(word[:at] + word[at + 1 :])
    return forms


def _is_one_apart(a: str, b: str) -> bool:
    """True if one letter is inserted, deleted, replaced (in a long word) or exchanged with its neighbour."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        start += 1
    length, a, b = len(a), a[start:], b[start:]
    if a == b:
        return True
    if len(a) != len(b):
        shorter, longer = sorted((a, b), key=len)
        return shorter == longer[1:]
    if a[1::-1] + a[2:] == b:
        return True
    return length >= _LONG and a[1:] == b[1:]
