"""Words of one origin in several languages: what is left when the spelling habits are taken away."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from clara.language.text import fold

_HABITS = (("ph", "f"), ("th", "t"), ("rh", "r"), ("ch", "k"), ("qu", "k"), ("y", "i"), ("x", "ks"), ("z", "s"), ("v", "b"))


@lru_cache(maxsize=16384)
def skeleton(word: str) -> str:
    """A word without what languages change: accents, ``ph``/``f``, ``y``/``i``, ``c``/``k``/``qu``, doubled letters,
    final vowels."""
    text = fold(word)
    for old, new in _HABITS:
        text = text.replace(old, new)
    text = re.sub(r"c(?=[eiy])", "s", text).replace("c", "k").replace("h", "")
    text = re.sub(r"^e(?=s[a-z])", "", text)  # esclera, sclera
    text = re.sub(r"(.)\1", r"\1", text).replace("ae", "e").replace("oe", "e")
    return re.sub(r"[aeo]?s?$", "", text)


def alike(one: str, other: str) -> bool:
    """True if two words are the same name in two spellings."""
    a, b = skeleton(one), skeleton(other)
    return a == b or SequenceMatcher(None, a, b).ratio() >= 0.8
