"""Do the translated options stand in the order of the original? Compared by what keeps its shape across languages.

Two options are alike where they share glossary concepts, numbers or words of the same letters (``episclera``,
``epiesclera``). What all options share decides nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clara.agent.guards.quantities import quantities
from clara.agent.guards.spelling import skeleton
from clara.knowledge.glossary import Glossary
from clara.language.text import search_tokens, spans
from clara.language.translit import devanagari_to_latin
from clara.types import Option, labels_of

_MARGIN = 0.6
"""How much more alike exchanged options must be; half a shared word is no evidence."""

Features = frozenset[str]


def compare(options: Sequence[Option], english: Sequence[Option], language: str, glossary: Glossary) -> Iterable[str]:
    """A flag for each two options whose translations fit better the other way round."""
    labels = labels_of(options)
    if labels != labels_of(english):
        return
    source = [_features(option.text, language, glossary) for option in options]
    target = [_features(option.text, "en", glossary) for option in english]
    weight = _weights(source, target)

    def likeness(at: int, other: int) -> float:
        return sum(weight[feature] for feature in source[at] & target[other])

    for first, second in itertools.combinations(range(len(options)), 2):
        exchanged = likeness(first, second) + likeness(second, first)
        in_place = likeness(first, first) + likeness(second, second)
        if exchanged > in_place + _MARGIN:
            yield f"options {labels[first]} and {labels[second]} changed places"


def _features(text: str, language: str, glossary: Glossary) -> Features:
    features: set[str] = set()
    words = _words_by_shape(text, language)
    for match in glossary.matches(spans(text), language):
        features.add(f"concept {match.entry.id}")
        if language != "en":
            words += search_tokens(match.entry.english)
    for word in words:
        features.add(f"word {skeleton(word)[:5]}")
    for quantity in quantities(text):
        features.add(f"number {quantity.sign}{quantity.text}")
    for numeral in re.findall(r"\b[IVX]+\b", text):
        features.add(f"numeral {numeral}")
    return frozenset(features)


def _words_by_shape(text: str, language: str) -> list[str]:
    """The words that may keep their letters in another language; of Chinese those in Latin letters."""
    if language == "hi":
        text = devanagari_to_latin(text)
    words = re.findall(r"[^\W\d_]{3,}", text)
    if language == "zh":
        return [word for word in words if word.isascii()]
    return words


def _weights(source: Sequence[Features], target: Sequence[Features]) -> dict[str, float]:
    """1 for what one option has, 0 for what all have; the side that has it more often decides."""
    others = max(2, len(source)) - 1
    before, after = Counter(itertools.chain.from_iterable(source)), Counter(itertools.chain.from_iterable(target))
    weights: dict[str, float] = {}
    for feature in before.keys() & after.keys():
        weights[feature] = 1 - (max(before[feature], after[feature]) - 1) / others
    return weights
