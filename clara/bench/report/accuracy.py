"""The parity table: a row a run, a column a language, and how evenly accuracy is spread over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from clara.bench.figures.runs import NOT_ANSWERED
from clara.bench.report.sheet import Cell, Document, Sheet, count, figure, is_significant, languages_of, signed, word

TERMINAL = (
    "run", "languages", "mean", "worst", "behind", "range", "consistency", "kappa",
    "repeats", "recovered", "calibration", "lost",
)  # fmt: skip
PAGE = ("run", "languages", "mean", "repeats", "worst", "behind", "range", "variation", "consistency", "kappa")
ARTICLE = ("run", "languages", "mean", "behind", "range", "consistency")
"""Names of :data:`_GROUPS`: what each surface has room for."""

UNDETERMINED = "undetermined"
"""In place of a share whose interval says nothing."""

RunFigures = Mapping[str, Any]
"""One entry of the document's ``runs``."""


@dataclass(frozen=True, slots=True)
class ParityColumn:
    """One column of the parity table."""

    title: str
    cell: Callable[[RunFigures], Cell]


def parity_sheet(
    document: Document,
    groups: Sequence[str] = PAGE,
    key: str = "parity",
    caption: str = "Accuracy in % [95 % interval]",
) -> Sheet:
    """The parity table with these groups of columns."""
    columns: list[ParityColumn] = []
    for name in groups:
        columns.extend(_GROUPS[name](document))
    header = [column.title for column in columns]
    rows: list[tuple[Cell, ...]] = []
    for run in document["runs"]:
        cells = [column.cell(run) for column in columns]
        rows.append(tuple(cells))
    return Sheet(key, caption, tuple(header), tuple(rows))


def _languages(document: Document) -> list[ParityColumn]:
    return [ParityColumn(language, partial(_accuracy, language)) for language in languages_of(document)]


def _accuracy(language: str, run: RunFigures) -> Cell:
    cell = run["languages"].get(language)
    if cell is None:
        return figure(None)
    accuracy = figure(cell["accuracy"], bounds=cell["ci95"])
    gap = run["gap_to_english"].get(language)
    if gap is None:
        return accuracy
    star = is_significant(run["mcnemar_vs_english"].get(language))
    return Cell(accuracy.text, accuracy.sort, accuracy.bounds, gap, star)


def _repeats(document: Document) -> list[ParityColumn]:
    if not any(run["repeat_spread"] for run in document["runs"]):
        return []
    return [ParityColumn("SD of repeats", _spread)]


def _spread(run: RunFigures) -> Cell:
    spread = run["repeat_spread"]
    return figure(spread["sd"] if spread else None)


def _worst(run: RunFigures) -> Cell:
    return Cell(f"{run['worst_language']} {run['worst_accuracy']:.1f}", run["worst_accuracy"])


def furthest_behind(run: RunFigures) -> Cell:
    """The language with the lowest gap to English, and that gap."""
    gaps: Mapping[str, float] = run["gap_to_english"]
    if not gaps:
        return figure(None)
    language = min(gaps, key=gaps.__getitem__)
    return Cell(f"{language} {signed(gaps[language])}", gaps[language])


def _consistency(run: RunFigures) -> Cell:
    share = run["consistency"]
    if share is None:
        return figure(None)
    return figure(100 * share, ".0f", " %")


def _kappa(run: RunFigures) -> Cell:
    agreement = run["fleiss_kappa"]
    return figure(agreement["kappa"] if agreement else None, ".2f")


def recovered_cell(entry: Mapping[str, Any] | None) -> Cell:
    """The performance gap recovered, in per cent; no figure where its interval says nothing."""
    if entry is None:
        return figure(None)
    if entry["share"] is None:
        return Cell(UNDETERMINED, float("-inf"))
    bounds = entry["ci95"]
    interval = None if bounds is None else (100 * bounds[0], 100 * bounds[1])
    return figure(100 * entry["share"], unit=" %", bounds=interval)


def spread_cell(entry: Mapping[str, Any] | None) -> Cell:
    """How max − min changed against the baseline, in points: + where the spread grew."""
    if entry is None:
        return figure(None)
    change = entry["max_min"]
    low, high = change["ci95"]
    return Cell(signed(change["change"]), change["change"], (low, high))


def _recovered(document: Document) -> list[ParityColumn]:
    means: dict[str, Mapping[str, Any]] = {}
    baselines: set[str] = set()
    for entry in document["gap_closed"]:
        if entry["language"] == "mean":
            means[entry["run"]] = entry
            baselines.add(entry["baseline"])
    if not means:
        return []
    baseline = baselines.pop() if len(baselines) == 1 else "its baseline"
    return [
        ParityColumn(f"gap recovered to {baseline}", lambda run: recovered_cell(means.get(run["name"]))),
        ParityColumn("change of max − min", lambda run: spread_cell(means.get(run["name"]))),
    ]


def _calibrated(document: Document) -> list[ParityColumn]:
    if not any(run["calibration"] for run in document["runs"]):
        return []
    return [ParityColumn("ECE", partial(_calibration, "ece")), ParityColumn("AURC", partial(_calibration, "aurc"))]


def _calibration(name: str, run: RunFigures) -> Cell:
    measured = run["calibration"]
    return figure(measured[name] if measured else None, ".2f")


def _lost(document: Document) -> list[ParityColumn]:
    columns: list[ParityColumn] = []
    for outcome in lost_outcomes(document):
        columns.append(ParityColumn(outcome.replace("_", " "), partial(_count, outcome)))
    return columns


def _count(outcome: str, run: RunFigures) -> Cell:
    return figure(count(run, outcome), "d")


def lost_outcomes(document: Document) -> list[str]:
    """The ways of not answering that occur in the document."""
    totals: Counter[str] = Counter()
    for run in document["runs"]:
        for outcome in NOT_ANSWERED:
            totals[outcome] += count(run, outcome)
    return list(filter(totals.get, NOT_ANSWERED))


def _always(title: str, cell: Callable[[RunFigures], Cell]) -> Callable[[Document], list[ParityColumn]]:
    return lambda _document: [ParityColumn(title, cell)]


_GROUPS: Mapping[str, Callable[[Document], list[ParityColumn]]] = {
    "run": _always("run", lambda run: word(run["name"])),
    "languages": _languages,
    "mean": _always("mean", lambda run: figure(run["mean"], bounds=run["mean_ci95"])),
    "repeats": _repeats,
    "worst": _always("worst", _worst),
    "behind": _always("most behind English", furthest_behind),
    "range": _always("max − min", lambda run: figure(run["max_min_gap"], bounds=run["max_min_gap_ci95"])),
    "variation": _always("variation", lambda run: figure(run["cv"], ".3f")),
    "consistency": _always("consistency", _consistency),
    "kappa": _always("Fleiss' kappa", _kappa),
    "recovered": _recovered,
    "calibration": _calibrated,
    "lost": _lost,
}
"""Columns by the name under which a surface asks for them; none where the document has nothing to show there."""
