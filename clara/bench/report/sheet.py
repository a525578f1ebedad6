"""One model of a table for every surface: the terminal, the HTML report, LaTeX and Markdown write the same cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clara.bench.figures.runs import joined

Document = Mapping[str, Any]
"""The metrics document, as docs/contract.md lists it."""

NOTHING = "–"
_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its figure or word, what it sorts by, and what qualifies a figure."""

    text: str
    sort: float | str
    bounds: tuple[float, float] | None = None
    """The 95 % interval."""
    gap: float | None = None
    """Language less English in points: − where the language is behind."""
    star: bool = False
    """True where the gap to English is significant."""

    @property
    def full(self) -> str:
        """The figure with its interval, for a page that is wide enough."""
        interval = ""
        if self.bounds is not None:
            low, high = self.bounds
            interval = minus(f" [{low:.1f}, {high:.1f}]")
        return self.text + interval + "*" * self.star

    @property
    def brief(self) -> str:
        """The figure with its interval in whole numbers and the points against English, for a terminal."""
        text = self.text
        if self.bounds is not None:
            low, high = self.bounds
            text += minus(f" [{low:.0f}–{high:.0f}]")
        if self.gap is not None:
            text += f" {signed(self.gap)}"
        return text + "*" * self.star


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table; the first ``heads`` cells of a row name it."""

    key: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heads: int = 1

    @property
    def folded(self) -> bool:
        """Long tables lie folded; a table of runs never does."""
        return self.heads > 1 and len(self.rows) > 12


def word(text: str) -> Cell:
    """A cell of words."""
    return Cell(text, text.lower())


def figure(value: float | None, form: str = ".1f", unit: str = "", bounds: Sequence[float] | None = None) -> Cell:
    """A cell of one figure, with its interval if there is one."""
    if value is None:
        return Cell(NOTHING, float("-inf"))
    interval = None if bounds is None else (bounds[0], bounds[1])
    return Cell(minus(format(value, form)) + unit, value, interval)


def p_value(value: float) -> Cell:
    """A cell of a p value."""
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)


def minus(text: str) -> str:
    """The text with a minus sign in place of the hyphen."""
    return text.replace("-", "−")


def signed(points: float, decimals: int = 1) -> str:
    """Points with their sign."""
    return minus(f"{round(points, decimals) + 0.0:+.{decimals}f}")


def is_significant(test: Mapping[str, Any] | None) -> bool:
    """True if a McNemar test, corrected after Holm, shows a difference."""
    return test is not None and test["p_holm"] < _SIGNIFICANT


def languages_of(document: Document) -> list[str]:
    """All languages of a document: those of the first run in its order, then what the others add."""
    return joined(run["languages"] for run in document["runs"])


def count(run: Mapping[str, Any], outcome: str) -> int:
    """Answers of one class over all languages of a run."""
    total = 0
    for cell in run["languages"].values():
        total += cell[outcome]
    return total
