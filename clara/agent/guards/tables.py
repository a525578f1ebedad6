"""Units, number words and Roman numerals of seven languages; the data is ``tables.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clara.language.text import fold

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement with its factor to the base unit of its dimension."""

    dimension: str
    factor: float
    names: tuple[str, ...]
    """Folded symbols and names in seven languages."""


def _folded(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(word.replace("_", " ")) for word in text.split()))


UNITS: dict[str, Unit] = {}
for _key, _row in _DATA["units"].items():
    UNITS[_key] = Unit(_row["dimension"], _row["factor"], _folded(_row["names"]))
"""Unit symbol to what it is called."""

CARDINALS: dict[str, dict[str, float]] = {}
for _language, _rows in _DATA["cardinals"].items():
    CARDINALS[_language] = {}
    for _value, _names in _rows.items():
        CARDINALS[_language] |= dict.fromkeys(_folded(_names), float(_value))
"""Language to the words that mean a number and nothing else."""

QUANTIFIERS: dict[str, dict[str, tuple[float, ...]]] = {}
for _language, _rows in _DATA["quantifiers"].items():
    QUANTIFIERS[_language] = {}
    for _row in _rows:
        QUANTIFIERS[_language] |= dict.fromkeys(_folded(_row["words"]), tuple(_row["values"]))
"""Language to the words that may stand for a number."""

_NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi".split()
ROMAN: dict[str, int] = dict(zip(_NUMERALS, range(1, 22), strict=True))
"""Roman numerals of nerves, layers, types and centuries."""
