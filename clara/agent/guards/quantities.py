"""Numbers and units as values, in seven languages: digits of every script, decimal commas, spelled numbers, conversions.

A number is read without knowing the language where the notation allows it: ``1.500`` and ``1,500`` may be a thousand and
a half or one and a half, so both readings are kept and two numbers agree where they share one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from clara.agent.guards.tables import CARDINALS, QUANTIFIERS, ROMAN, UNITS
from clara.language.marks import without_marks
from clara.language.text import fold, words

_SUPERSCRIPT = str.maketrans({char: f"^{digit}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
_NUMBER = re.compile(r"(?<![\d^])\d{1,3}(?: \d{3})+(?![\d.,]*\d)|\d+(?:[.,]\d+)*")
_SIGN = re.compile(r"(?:(?<![0-9A-Za-z)\]])[-−–]|(?:^|[(\[,;:/])\s*[-−–] ?|\+ ?)$")
_IN_THOUSANDS = re.compile(r"(?!0\D)\d+(?:[., ]\d{3})+")
_LIST_NUMBER = re.compile(r"(?m)^\s*\d{1,2}\s?[-.)]\s")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text, with its sign and the unit behind it."""

    text: str
    """Canonical: ASCII digits, decimal point, no thousands mark, no trailing zeros."""
    readings: frozenset[float]
    """What it may stand for; more than one where a mark may be decimal or a thousands mark."""
    sign: str = ""
    """``-`` or ``+`` where it is written."""
    unit: str | None = None
    """A key of :data:`clara.agent.guards.tables.UNITS`."""

    def bases(self) -> frozenset[tuple[str, float]]:
        """Dimension and value in the dimension's base unit, rounded to six digits; empty without a unit."""
        if self.unit is None:
            return frozenset()
        unit = UNITS[self.unit]
        return frozenset((unit.dimension, float(f"{value * unit.factor:.6g}")) for value in self.readings)


@lru_cache(maxsize=1)
def _unit_pattern() -> re.Pattern[str]:
    alternatives: list[str] = []
    for name in sorted(_unit_names(), key=len, reverse=True):
        alternative = re.escape(name)
        if re.search(r"[A-Za-z]\Z", name):
            alternative += r"(?![a-z])"
        alternatives.append(alternative)
    return re.compile(rf"[\s-]?({'|'.join(alternatives)})")


@lru_cache(maxsize=1)
def _unit_names() -> dict[str, str]:
    """Name to the key of its unit."""
    keys: dict[str, str] = {}
    for key, unit in UNITS.items():
        keys |= dict.fromkeys(unit.names, key)
    return keys


def _family(unit: str) -> tuple[str, float]:
    """Names of one unit: the same dimension and factor."""
    return UNITS[unit].dimension, UNITS[unit].factor


def same_family(one: Quantity, other: Quantity) -> bool:
    """True if both have a unit and a translation may exchange the two."""
    if one.unit is None or other.unit is None:
        return False
    return _family(one.unit) == _family(other.unit)


_RANGE = re.compile(r"\s*(?:-|–|—|~|to|a|à|at|and|or|y|e|et|o|ou|至|到|或|से|hanggang|x|×)\s*$")


def quantities(text: str) -> list[Quantity]:
    """The numbers that ``text`` writes in digits, in order, with their units; citation marks ``[1]`` are none."""
    folded = fold(without_marks(text).translate(_SUPERSCRIPT))
    backwards: list[Quantity] = []
    next_start, next_unit = len(folded), None  # the first number of a range has the unit of the second
    for match in reversed(list(_NUMBER.finditer(folded))):
        before = folded[: match.start()]
        unit = _unit(folded, match.end(), before)
        if unit is None and _RANGE.match(folded[match.end() : next_start]):
            unit = next_unit
        backwards.append(Quantity(canonical(match.group()), _readings(match.group()), _sign(before), unit))
        next_start, next_unit = match.start(), unit
    return backwards[::-1]


def _sign(before: str) -> str:
    """The sign that ends the text before a number; a dash behind another number is one of a range."""
    sign = _SIGN.search(before)
    if sign is None:
        return ""
    if before.endswith("+"):
        return "+"
    if re.search(r"\d[^\w,;:]*$", before):
        return ""
    if "+" in sign.group():
        return "+"
    return "-"


def _unit(folded: str, end: int, before: str) -> str | None:
    if before.endswith("百分之"):
        return "percent"
    match = _unit_pattern().match(folded, end)
    if match is None:
        return None
    return _unit_names()[match[1]]


def canonical(number: str) -> str:
    """One notation for a number in digits: ``1,50`` is ``1.5``, ``1.000`` and ``1 000`` are ``1000``, ``007`` is ``7``."""
    if _IN_THOUSANDS.fullmatch(number):
        return re.sub(r"\D", "", number)
    *whole, fraction = re.split(r"[., ]", number)
    if not whole:
        whole, fraction = [fraction], ""
    significant = "".join(whole).lstrip("0") or "0"
    return f"{significant}.{fraction.rstrip('0')}".rstrip(".")


def _readings(number: str) -> frozenset[float]:
    values = {float(canonical(number))}
    if re.fullmatch(r"\d+[.,]\d+", number):
        values.add(float(number.replace(",", ".")))
    return frozenset(values)


def numbers(text: str) -> Counter[str]:
    """How often each number stands in ``text``, in canonical notation."""
    return Counter(quantity.text for quantity in quantities(text))


def spelled(text: str, language: str) -> set[float]:
    """Values that number words, ordinals, Roman numerals and words such as "both" or "half" may stand for."""
    quantifiers = QUANTIFIERS.get(language, {}) | QUANTIFIERS["en"]
    values = cardinals(text, language) | cardinals(text, "en")
    for word in words(text):
        values.update(quantifiers.get(word, ()))
        if word in ROMAN:
            values.add(float(ROMAN[word]))
    return values


def cardinals(text: str, language: str) -> set[float]:
    """Values of the number words of ``text`` that mean a number and nothing else; two and above."""
    table = CARDINALS.get(language, {})
    return {table[word] for word in words(text) if word in table}


def compare(where: str, source: str, target: str, languages: tuple[str, str]) -> Iterable[str]:
    """Flags for numbers and units that were lost, changed or added between ``source`` and ``target``.

    Args:
        languages: codes of the two languages, source first.
    """
    before, after = quantities(_unlisted(source)), quantities(_unlisted(target))
    lost, added = _unmatched(before, after), _unmatched(after, before)
    in_source, in_target = spelled(source, languages[0]), spelled(target, languages[1])
    lost = [quantity for quantity in lost if not _is_said(quantity, after, in_target)]
    added = [quantity for quantity in added if not _is_said(quantity, before, in_source)]
    for quantity in lost:
        yield f"the number {quantity.text} of {where} is missing"
    for quantity in added:
        yield f"the number {quantity.text} in {where} is not in the original"
    if not lost and not added:
        yield from _signs(where, before, after)
        yield from _units(where, before, after)
    yield from _words(where, source, target, languages, before, after)


def _unlisted(text: str) -> str:
    """The text without the numbers that only count the lines of a list."""
    return _LIST_NUMBER.sub("\n", text)


def _unmatched(one: Sequence[Quantity], other: Sequence[Quantity]) -> list[Quantity]:
    """The quantities of ``one`` that find no partner in ``other``; each partner serves once."""
    left = list(other)
    unmatched: list[Quantity] = []
    for quantity in one:
        partner = _partner(quantity, left)
        if partner is None:
            unmatched.append(quantity)
        else:
            left.remove(partner)
    return unmatched


def _partner(quantity: Quantity, others: Sequence[Quantity]) -> Quantity | None:
    """The quantity written alike, else one that may stand for the same value."""
    for other in others:
        if other.text == quantity.text:
            return other
    for other in others:
        if other.readings & quantity.readings:
            return other
    return None


def _is_said(quantity: Quantity, others: Sequence[Quantity], spelled_out: set[float]) -> bool:
    """True if the other side says the same in words, or in another unit (0.03 mm and 30 µm)."""
    if not quantity.readings.isdisjoint(spelled_out):
        return True
    return any(quantity.bases() & other.bases() for other in others)


def _signs(where: str, before: Sequence[Quantity], after: Sequence[Quantity]) -> Iterable[str]:
    source, target = _negative(before), _negative(after)
    for text in (source - target) + (target - source):
        yield f"the sign of {text} in {where} changed"


def _negative(side: Sequence[Quantity]) -> Counter[str]:
    return Counter(quantity.text for quantity in side if quantity.sign == "-")


def _units(where: str, before: Sequence[Quantity], after: Sequence[Quantity]) -> Iterable[str]:
    """A number whose unit is another one, and a unit that is nowhere on the other side."""
    units_before, units_after = _units_of_numbers(before), _units_of_numbers(after)
    for text, units in units_before.items():
        others = units_after.get(text, set())
        if others and set(map(_family, units)).isdisjoint(map(_family, others)):
            yield f"the unit of {text} in {where} changed from {'/'.join(sorted(units))} to {'/'.join(sorted(others))}"


def _units_of_numbers(side: Sequence[Quantity]) -> dict[str, set[str]]:
    """Each number that has a unit, with all the units it has."""
    units: dict[str, set[str]] = {}
    for quantity in side:
        if quantity.unit is not None:
            units.setdefault(quantity.text, set()).add(quantity.unit)
    return units


def _words(
    where: str,
    source: str,
    target: str,
    languages: tuple[str, str],
    before: Sequence[Quantity],
    after: Sequence[Quantity],
) -> Iterable[str]:
    """Number words whose value is nowhere on the other side, in digits or in words."""
    for text, other, quants, codes, how in (
        (source, target, after, languages, "of {} is missing"),
        (target, source, before, languages[::-1], "in {} is not in the original"),
    ):
        other_values = spelled(other, codes[1])
        for quantity in quants:
            other_values |= quantity.readings
        for value in sorted(cardinals(text, codes[0]) - other_values):
            yield f"the number {value:g} {how.format(where)}"
