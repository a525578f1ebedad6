"""English terms behind words that sound alike: transliterations (``ऑब्लिक``, oblique), Latin cognates (``trochléaire``).

Medical Hindi writes many English terms in Devanagari, and Romance languages share the Greek and Latin ones. A word that the
glossary does not know is compared by its consonants, as they are spoken, with the English words that it does know.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable

_SHORTEST = 4
"""Consonants (an initial vowel counts as one) that a key must have: shorter words are alike by chance."""
HEARD = 0.6
"""Least likeness of the letters, from 0 to 1, of a transliteration to its word: only the sound is left."""
WRITTEN = 0.85
"""The same of a cognate in Latin script: its spelling is left too, and other words sound alike."""
_FOLDS = (
    (re.compile(r"[^a-z]"), ""),
    (re.compile(r"ph"), "f"),
    (re.compile(r"ch|q(?:ue?)?"), "k"),
    (re.compile(r"sc(?=[eiy])|c(?=[eiy])|sh|z|ti(?=on)"), "s"),
    (re.compile(r"c"), "k"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"w"), "v"),
    (re.compile(r"(?<=[kgtdbj])h"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"^[aeiouyh]+"), "a"),
    (re.compile(r"(?<=.)[aeiouyh]"), ""),
)


def sound_key(word: str) -> str:
    """The consonants of a folded Latin word as they are spoken, with one sign for a vowel at the beginning."""
    for pattern, to in _FOLDS:
        word = pattern.sub(to, word)
    return word


class Cognates:
    """Finds, among known English words, the one that a foreign word sounds like."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_key: dict[str, list[str]] = defaultdict(list)
        for word in sorted(set(words)):
            key = sound_key(word)
            if len(key) >= _SHORTEST:
                self._by_key[key].append(word)

    def find(self, word: str, least: float, endings: tuple[str, ...] = ()) -> str | None:
        """The English word, or None if none sounds and looks alike.

        Args:
            word: folded, in Latin letters.
            least: likeness of the letters that is asked for, :data:`HEARD` or :data:`WRITTEN`.
            endings: of the foreign language, tried off one after the other.
        """
        for form in dict.fromkeys(map(word.removesuffix, ("", *endings))):
            near = self._by_key.get(sound_key(form), ())
            best = max(near, key=lambda known: _likeness(form, known), default=None)
            if best is not None and _likeness(form, best) >= least:
                return best
        return None


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
