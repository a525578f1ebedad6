"""The tables of the HTML report as data: what a cell shows and what it sorts by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from clara.bench.figures.runs import NOT_ANSWERED
from clara.bench.report.plots import languages_of
from clara.bench.report.tables import count, signed, star

Document = dict[str, Any]


class Cell(NamedTuple):
    """One cell."""

    text: str
    sort: float | str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sortable table; the first ``heads`` cells of a row name it."""

    key: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heads: int = 1
    folded: bool = False
    """Long tables lie folded."""


def sheets(document: Document) -> list[Sheet]:
    """All tables that the document has rows for."""
    made = (
        parity_sheet(document),
        _gaps(document),
        _comparisons(document),
        _gap_closed(document),
        _calibration(document),
        _position(document),
        _outcomes(document),
    )
    return [sheet for sheet in made if sheet.rows]


def _word(text: str) -> Cell:
    return Cell(text, text.lower())


def _number(value: float | None, form: str = ".1f", after: str = "") -> Cell:
    if value is None:
        return Cell("–", float("-inf"))
    return Cell(format(value, form).replace("-", "−") + after, value)


def _bounded(value: float, bounds: Sequence[float] | None, after: str = "") -> Cell:
    said = f" [{bounds[0]:.1f}, {bounds[1]:.1f}]" if bounds else ""
    return Cell(f"{value:.1f}{said}".replace("-", "−") + after, value)


def _p(value: float) -> Cell:
    return Cell("< 0.001" if value < 0.001 else f"{value:.3f}", value)


def parity_sheet(document: Document, key: str = "parity", caption: str = "Accuracy in % [95 % interval]") -> Sheet:
    """A row a run, a column a language, and how evenly accuracy is spread."""
    languages = languages_of(document)
    header = ("run", *languages, "mean", "worst", "max − min", "variation", "consistency", "kappa")
    rows: list[tuple[Cell, ...]] = []
    for run in document["runs"]:
        cells = [(run["languages"].get(language), star(run, language)) for language in languages]
        rows.append(
            (
                _word(run["name"]),
                *(_bounded(cell["accuracy"], cell["ci95"], mark) if cell else _number(None) for cell, mark in cells),
                _bounded(run["mean"], run["mean_ci95"]),
                Cell(f"{run['worst_language']} {run['worst_accuracy']:.1f}", run["worst_accuracy"]),
                _bounded(run["max_min_gap"], run["max_min_gap_ci95"]),
                _number(run["cv"], ".3f"),
                _number(None if run["consistency"] is None else 100 * run["consistency"], ".1f", " %"),
                _number(run["fleiss_kappa"] and run["fleiss_kappa"]["kappa"], ".2f"),
            )
        )
    return Sheet(key, caption, header, tuple(rows))


def _gaps(document: Document) -> Sheet:
    header = ("run", "language", "points behind English", "only English right", "only it right", "p", "p (Holm)")
    rows = [
        (
            _word(run["name"]),
            _word(language),
            _bounded(gap, run["gap_to_english_ci95"][language]),
            _number(test["b"], "d"),
            _number(test["c"], "d"),
            _p(test["p"]),
            _p(test["p_holm"]),
        )
        for run in document["runs"]
        for language, gap in run["gap_to_english"].items()
        for test in (run["mcnemar_vs_english"][language],)
    ]
    caption = "Gap to English with paired bootstrap interval and exact McNemar test, corrected over the languages of a run"
    return Sheet("gaps", caption, header, tuple(rows), heads=2, folded=len(rows) > 12)


def _comparisons(document: Document) -> Sheet:
    header = (
        "first",
        "second",
        "language",
        "first − second, points",
        "only first right",
        "only second right",
        "p",
        "p (Holm)",
    )
    rows = [
        (
            _word(entry["a"]),
            _word(entry["b"]),
            _word(entry["language"]),
            Cell(
                signed(entry["difference"]) + (f" [{entry['ci95'][0]:.1f}, {entry['ci95'][1]:.1f}]".replace("-", "−")),
                entry["difference"],
            ),
            _number(entry["mcnemar"]["b"], "d"),
            _number(entry["mcnemar"]["c"], "d"),
            _p(entry["mcnemar"]["p"]),
            _p(entry["mcnemar"]["p_holm"]),
        )
        for entry in document["comparisons"]
    ]
    caption = "Runs against each other, paired on the question, corrected over all of these comparisons"
    return Sheet("comparisons", caption, header, tuple(rows), heads=3, folded=len(rows) > 12)


def _gap_closed(document: Document) -> Sheet:
    header = ("run", "language", "baseline", "share of the gap closed")
    rows: list[tuple[Cell, ...]] = []
    for entry in document["gap_closed"]:
        bounds = entry["ci95"] and [100 * bound for bound in entry["ci95"]]
        share = _bounded(100 * entry["share"], bounds, " %")
        rows.append((_word(entry["run"]), _word(entry["language"]), _word(entry["baseline"]), share))
    caption = "Share of the baseline's gap to English that a strategy closes; no interval where that gap may be zero"
    return Sheet("closed", caption, header, tuple(rows), heads=2, folded=len(rows) > 12)


def _calibration(document: Document) -> Sheet:
    header = ("run", "language", "answers with a confidence", "ECE", "Brier", "AURC")
    rows: list[tuple[Cell, ...]] = []
    for run in document["runs"]:
        groups = [("all", run["calibration"]), *((name, cell["calibration"]) for name, cell in run["languages"].items())]
        for language, found in groups:
            if found:
                figures = (_number(found[name], ".3f") for name in ("ece", "brier", "aurc"))
                rows.append((_word(run["name"]), _word(language), _number(found["n"], "d"), *figures))
    caption = "Calibration and selective accuracy; lower is better"
    return Sheet("calibration", caption, header, tuple(rows), heads=2, folded=len(rows) > 12)


def _position(document: Document) -> Sheet:
    header = ("run", "language", "chosen (expected)", "χ²", "degrees", "p", "effect w")
    rows = [
        (
            _word(run["name"]),
            _word(language),
            _word(
                "  ".join(f"{letter} {bias['chosen'][letter]} ({bias['expected'][letter]:.0f})" for letter in bias["chosen"])
            ),
            _number(bias["chi2"]),
            _number(bias["df"], "d"),
            _p(bias["p"]),
            Cell(f"{bias['w']:.2f}{'' if bias['reliable'] else ' (few)'}", bias["w"]),
        )
        for run in document["runs"]
        for language, cell in run["languages"].items()
        if (bias := cell["position_bias"])
    ]
    caption = "Position bias: how often a letter is chosen against how often it is right"
    return Sheet("position", caption, header, tuple(rows), heads=2, folded=len(rows) > 12)


def _outcomes(document: Document) -> Sheet:
    lost = [kind for kind in NOT_ANSWERED if any(count(run, kind) for run in document["runs"])]
    header = (
        "run", "language", "answers", "correct", "wrong", *(kind.replace("_", " ") for kind in lost),
        "calls an item", "prompt tokens", "completion tokens", "seconds",
    )  # fmt: skip
    rows = [
        (
            _word(run["name"]),
            _word(language),
            *(_number(cell[name], "d") for name in ("n", "correct", "wrong", *lost)),
            *(_number(cell["cost"][name], ".1f") for name in ("calls", "prompt_tokens", "completion_tokens")),
            _number(cell["cost"]["seconds"], ".3g"),
        )
        for run in document["runs"]
        for language, cell in run["languages"].items()
    ]
    return Sheet("outcomes", "What became of the answers, and their cost an item", header, tuple(rows), 2, len(rows) > 12)
