"""Do the translated options stand in the order of the original? Compared by what keeps its shape across languages.

Two options are alike where they share glossary concepts, numbers or words of the same letters (``episclera``,
``epiesclera``). What all options share decides nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clara.agent.guards.letters import skeleton
from clara.agent.guards.quantities import quantities
from clara.knowledge.glossary import shipped_glossary
from clara.language.text import search_tokens, spans
from clara.language.translit import devanagari_to_latin
from clara.types import Option

_MARGIN = 0.6
"""How much more alike exchanged options must be; half a shared word is no evidence."""

Features = frozenset[str]


def compare(options: Sequence[Option], english: Sequence[Option], language: str) -> Iterable[str]:
    """A flag for each two options whose translations fit better the other way round."""
    if [o.label for o in options] != [o.label for o in english] or len(options) < 2:
        return
    source, target = [_features(o.text, language) for o in options], [_features(o.text, "en") for o in english]
    weight = _weights(source, target)
    likeness = [[sum(weight[f] for f in one & other) for other in target] for one in source]
    for i, j in itertools.combinations(range(len(options)), 2):
        if likeness[i][j] + likeness[j][i] > likeness[i][i] + likeness[j][j] + _MARGIN:
            yield f"options {options[i].label} and {options[j].label} changed places"


def _features(text: str, language: str) -> Features:
    found: set[str] = set()
    for match in shipped_glossary().matches(spans(text), language):
        found.add(f"concept {match.entry.id}")
        if language != "en":
            found |= {_word(token) for token in search_tokens(match.entry.english)}
    for quantity in quantities(text):
        found.add(f"number {quantity.sign}{quantity.text}")
    plain = devanagari_to_latin(text) if language == "hi" else text
    found |= {_word(word) for word in re.findall(r"[^\W\d_]{3,}", plain) if word.isascii() or language != "zh"}
    found |= {f"numeral {word}" for word in re.findall(r"\b[IVX]+\b", text)}
    return frozenset(found)


def _word(word: str) -> str:
    return f"word {skeleton(word)[:5]}"


def _weights(source: Sequence[Features], target: Sequence[Features]) -> dict[str, float]:
    """1 for what one option has, 0 for what all have; the side that has it more often decides."""
    n = max(2, len(source))
    counts = [Counter(feature for features in side for feature in features) for side in (source, target)]
    return {f: 1 - (max(counts[0][f], counts[1][f]) - 1) / (n - 1) for f in counts[0].keys() & counts[1].keys()}
