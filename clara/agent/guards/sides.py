"""Right and left, in the order in which a text names them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from clara.agent.guards.quantities import spelled
from clara.language.lexicon import SIDES
from clara.language.text import fold, spans

_NOT_A_SIDE = {
    # "right" is also correct, an angle, and a moment; "left" is also what remains
    "en": r"\bright (?:answer|alternative|option|statement|choice|order|sequence|one|correlation|association|angles?|after"
    r"|now|away|time)\b|\b(?:is|are|be|being|been|was|were|has|have|had|the|what|which|all) "
    r"(?:right[.:?]|left (?:untreated|alone|in|out|to|behind|with|open))",
    # straight muscles: "muscle droit latéral"
    "fr": r"\b(?:muscles? )?droits? (?:lateral|lateraux|medial|mediaux|median|internes?|externes?|superieurs?|inferieurs?)\b"
    r"|\bmuscles? droits?\b|\bangles? droits?\b|\btout droit\b|\bimages? droites?\b",
    "es": r"\bangulos? rectos?\b|\bel derecho a\b|\bimagen(?:es)? derechas?\b",
    "pt": r"\bo direito (?:a|de)\b|\bimage(?:m|ns) direitas?\b",
    "zh": r"左右|左氧|左旋|右旋",
}
_ABBREVIATIONS = {
    # Latin oculus dexter and sinister are used everywhere (*), the others in one language
    "OD": ("right", "*"),
    "OS": ("left", "*"),
    "OE": ("left", "pt"),
    "OI": ("left", "es"),
    "OG": ("left", "fr"),
}


_SIDE_OF_WORD: dict[str, dict[str, str]] = {}
"""Language to its words to the side that they mean."""
for _side, _languages in SIDES.items():
    for _language, _words in _languages.items():
        _SIDE_OF_WORD.setdefault(_language, {}).update(dict.fromkeys(_words - {"os", "od"}, _side))


def sides(text: str, language: str) -> list[str]:
    """``right`` and ``left`` in the order of the text; a language that the lexicon does not know has none."""
    if language not in SIDES["right"]:
        return []
    folded = fold(text)
    if language in _NOT_A_SIDE:
        folded = re.sub(_NOT_A_SIDE[language], " ", folded)
    sides_in_order: list[str] = []
    for word in spans(folded):
        side = _SIDE_OF_WORD[language].get(word.text)
        if side is not None:
            sides_in_order.append(side)
    return sides_in_order


def abbreviated(text: str, language: str) -> list[str]:
    """Sides in capital letters, ``OD`` or ``OS``; they are also other abbreviations, so alone they prove nothing."""
    sides_in_order: list[str] = []
    for word in spans(text):
        side, used_in = _ABBREVIATIONS.get(word.surface, ("", ""))
        if used_in in ("*", language):
            sides_in_order.append(side)
    return sides_in_order


def compare(where: str, source: str, target: str, languages: tuple[str, str]) -> Iterable[str]:
    """Flags for a side that was lost or added, and for two sides that changed places."""
    if not SIDES["right"].keys() >= set(languages):
        return
    before, after = _comparable(source, target, languages)
    if _both(before, target, after, languages[1]) or _both(after, source, before, languages[0]):
        return
    for side in SIDES:
        if side in before and side not in after:
            yield f"{side} was lost in {where}"
        elif side in after and side not in before:
            yield f"{side} was added in {where}"
    if _changed_places(before, after):
        yield f"right and left changed places in {where}"


def _comparable(source: str, target: str, languages: tuple[str, str]) -> tuple[list[str], list[str]]:
    """The sides of both texts; abbreviations count only where the other text names a side too."""
    before, after = sides(source, languages[0]), sides(target, languages[1])
    before_or_short = before or abbreviated(source, languages[0])
    after_or_short = after or abbreviated(target, languages[1])
    if before_or_short and after_or_short:
        return before_or_short, after_or_short
    return before, after


def _changed_places(before: list[str], after: list[str]) -> bool:
    """True if both texts name the same sides in reversed order, or one names more right and the other more left."""
    if set(before) != set(after):
        return False
    if Counter(before) == Counter(after):
        return before != after and before == after[::-1]
    return _surplus(before) * _surplus(after) < 0


def _surplus(named: list[str]) -> int:
    """How much more often right is named than left."""
    return named.count("right") - named.count("left")


def _both(named: list[str], other: str, other_named: list[str], language: str) -> bool:
    """True if one text says "right and left" where the other says "both"."""
    if other_named or set(named) != set(SIDES):
        return False
    return 2.0 in spelled(other, language)
