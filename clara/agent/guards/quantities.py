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
from clara.language.text import fold, words

_SUPERSCRIPT = str.maketrans({char: f"^{digit}" for digit, char in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
_NUMBER = re.compile(r"(?<![\d^])\d{1,3}(?: \d{3})+(?![\d.,]*\d)|\d+(?:[.,]\d+)*")
_SIGN = re.compile(r"(?:(?<![0-9A-Za-z)\]])[-−–]|(?:^|[(\[,;:/])\s*[-−–] ?|\+ ?)$")
_CITATION = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
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
    named = [(name, key) for key, unit in UNITS.items() for name in unit.names]
    named.sort(key=lambda pair: -len(pair[0]))
    return re.compile(
        r"[\s-]?("
        + "|".join(
            re.escape(name) + (r"(?![a-z])" if name[-1].isascii() and name[-1].isalpha() else "") for name, _ in named
        )
        + ")"
    )


@lru_cache(maxsize=1)
def _unit_names() -> dict[str, str]:
    return {name: key for key, unit in UNITS.items() for name in unit.names}


def _family(unit: str) -> tuple[str, float]:
    """Names of one unit: the same dimension and factor."""
    return UNITS[unit].dimension, UNITS[unit].factor


def same_family(one: Quantity, other: Quantity) -> bool:
    """True if both have a unit and a translation may exchange the two."""
    return one.unit is not None and other.unit is not None and _family(one.unit) == _family(other.unit)


_RANGE = re.compile(r"\s*(?:-|–|—|~|to|a|à|at|and|or|y|e|et|o|ou|至|到|或|से|hanggang|x|×)\s*$")


def quantities(text: str) -> list[Quantity]:
    """The numbers that ``text`` writes in digits, in order, with their units; citation marks ``[1]`` are none."""
    folded = fold(_CITATION.sub(" ", text).translate(_SUPERSCRIPT))
    matches = list(_NUMBER.finditer(folded))
    found: list[Quantity] = []
    for match in reversed(matches):
        before = folded[: match.start()]
        sign = _SIGN.search(before)
        unit = _unit(folded, match.end(), before)
        if unit is None and found and _RANGE.match(folded[match.end() : matches[len(matches) - len(found)].start()]):
            unit = found[-1].unit
        signed = sign is not None and not _ends_a_range(before)
        mark = ("+" if "+" in sign.group() else "-") if signed and sign else ""
        found.append(Quantity(canonical(match.group()), _readings(match.group()), mark, unit))
    return found[::-1]


def _ends_a_range(before: str) -> bool:
    return re.search(r"\d[^\w,;:]*$", before) is not None and not before.endswith("+")


def _unit(folded: str, end: int, before: str) -> str | None:
    if before.endswith("百分之"):
        return "percent"
    match = _unit_pattern().match(folded, end)
    return _unit_names()[match[1]] if match else None


def canonical(number: str) -> str:
    """One notation for a number in digits: ``1,50`` is ``1.5``, ``1.000`` and ``1 000`` are ``1000``, ``007`` is ``7``."""
    parts = re.split(r"[., ]", number)
    if len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and parts[0] != "0":
        return "".join(parts)
    value = parts[0] if len(parts) == 1 else f"{''.join(parts[:-1])}.{parts[-1]}"
    whole, _, fraction = value.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


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
    found = words(text)
    soft = QUANTIFIERS.get(language, {}) | QUANTIFIERS["en"]
    values = {value for word in found for value in soft.get(word, ())}
    values |= {
        CARDINALS[code][word] for code in {language, "en"} & set(CARDINALS) for word in found if word in CARDINALS[code]
    }
    return values | {float(ROMAN[word]) for word in found if word in ROMAN}


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
    lost_all = [q for q in lost if not q.readings & in_target and not _converted(q, after)]
    added_all = [q for q in added if not q.readings & in_source and not _converted(q, before)]
    yield from (f"the number {q.text} of {where} is missing" for q in lost_all)
    yield from (f"the number {q.text} in {where} is not in the original" for q in added_all)
    if not lost_all and not added_all:
        yield from _signs(where, before, after)
        yield from _units(where, before, after)
    yield from _words(where, source, target, languages, before, after)


def _unlisted(text: str) -> str:
    """The text without the numbers that only count the lines of a list."""
    return _LIST_NUMBER.sub("\n", text)


def _unmatched(one: Sequence[Quantity], other: Sequence[Quantity]) -> list[Quantity]:
    """The quantities of ``one`` that find no partner in ``other``; each partner serves once."""
    left = list(other)
    result: list[Quantity] = []
    for quantity in one:
        partner = next((o for o in left if o.text == quantity.text), None) or next(
            (o for o in left if o.readings & quantity.readings), None
        )
        if partner is None:
            result.append(quantity)
        else:
            left.remove(partner)
    return result


def _converted(quantity: Quantity, others: Sequence[Quantity]) -> bool:
    """True if another quantity says the same in another unit (0.03 mm and 30 µm)."""
    return any(quantity.bases() & other.bases() for other in others)


def _signs(where: str, before: Sequence[Quantity], after: Sequence[Quantity]) -> Iterable[str]:
    one, other = (Counter((q.text, q.sign) for q in side if q.sign == "-") for side in (before, after))
    for text, _ in (one - other) + (other - one):
        yield f"the sign of {text} in {where} changed"


def _units(where: str, before: Sequence[Quantity], after: Sequence[Quantity]) -> Iterable[str]:
    """A number whose unit is another one, and a unit that is nowhere on the other side."""
    for text in dict.fromkeys(q.text for q in before):
        one = {q.unit for q in before if q.text == text and q.unit}
        other = {q.unit for q in after if q.text == text and q.unit}
        if one and other and {_family(u) for u in one}.isdisjoint({_family(u) for u in other}):
            yield f"the unit of {text} in {where} changed from {'/'.join(sorted(one))} to {'/'.join(sorted(other))}"


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
        there = spelled(other, codes[1]) | {value for q in quants for value in q.readings}
        for value in sorted(cardinals(text, codes[0]) - there):
            yield f"the number {value:g} {how.format(where)}"
