"""The tables of the HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clara.bench.report.accuracy import lost_outcomes, parity_sheet, recovered_cell, spread_cell
from clara.bench.report.cost import cost_sheet, money_sheet
from clara.bench.report.sheet import Cell, Document, Sheet, figure, p_value, signed, word

Cells = tuple[Cell, ...]


def sheets(document: Document) -> list[Sheet]:
    """All tables that the document has rows for."""
    candidates = (
        parity_sheet(document),
        cost_sheet(document),
        money_sheet(document),
        _gaps(document),
        scores_sheet(document),
        _comparisons(document),
        _gap_recovered(document),
        _calibration(document),
        _reliability(document),
        _position(document),
        _outcomes(document),
    )
    return [sheet for sheet in candidates if sheet.rows]


def _languages(document: Document) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Run, language, and the figures of that language."""
    for run in document["runs"]:
        for language, cell in run["languages"].items():
            yield run["name"], language, cell


def _gaps(document: Document) -> Sheet:
    header = ("run", "language", "gap to English", "visible from", "only English right", "only it right", "p", "p (Holm)")
    rows: list[Cells] = []
    for run in document["runs"]:
        for language, gap in run["gap_to_english"].items():
            bounds = run["gap_to_english_ci95"][language]
            test = run["mcnemar_vs_english"][language]
            visible = figure(run["smallest_visible_gap"][language])
            rows.append((word(run["name"]), word(language), _points(gap, bounds), visible, *_tested(test)))
    caption = (
        "Gap: accuracy of the language less that of English, in points (− is behind), with paired bootstrap interval and "
        "exact McNemar test, corrected over the languages of a run; visible from: the gap that it sees with 80 % power"
    )
    return Sheet("gaps", caption, header, tuple(rows), heads=2)


def scores_sheet(document: Document) -> Sheet:
    """A row for each run, scorer and language; none without scorers."""
    header = ("run", "scorer", "language", "questions", "mean", "gap to English")
    rows: list[Cells] = []
    for entry in document.get("scores", ()):
        names = (word(entry["run"]), word(entry["scorer"]), word(entry["language"]))
        gap = figure(None) if entry["gap"] is None else _points(entry["gap"], entry["gap_ci95"])
        rows.append((*names, figure(entry["n"], "d"), figure(entry["mean"], bounds=entry["ci95"]), gap))
    caption = "Scores in % and their gaps in points (− is behind), with paired bootstrap intervals"
    return Sheet("scores", caption, header, tuple(rows), heads=3)


def _points(value: float, interval: list[float] | None) -> Cell:
    bounds = None if interval is None else (interval[0], interval[1])
    return Cell(signed(value), value, bounds)


def _tested(test: Mapping[str, Any]) -> Cells:
    return figure(test["b"], "d"), figure(test["c"], "d"), p_value(test["p"]), p_value(test["p_holm"])


def _comparisons(document: Document) -> Sheet:
    header = (
        "first", "second", "language", "first − second, points", "only first right", "only second right", "p", "p (Holm)",
    )  # fmt: skip
    rows: list[Cells] = []
    for entry in document["comparisons"]:
        names = (word(entry["a"]), word(entry["b"]), word(entry["language"]))
        rows.append((*names, _points(entry["difference"], entry["ci95"]), *_tested(entry["mcnemar"])))
    caption = "Runs against each other, paired on the question, corrected over all of these comparisons"
    return Sheet("comparisons", caption, header, tuple(rows), heads=3)


def _gap_recovered(document: Document) -> Sheet:
    header = ("run", "language", "baseline", "performance gap recovered", "why no figure", "change of max − min")
    rows: list[Cells] = []
    for entry in document["gap_closed"]:
        names = (word(entry["run"]), word(entry["language"]), word(entry["baseline"]))
        spread = spread_cell(entry if "max_min" in entry else None)
        rows.append((*names, recovered_cell(entry), word(entry["why"] or ""), spread))
    caption = (
        "Performance gap recovered: how much of the way to the baseline's English a strategy goes; beside it how the spread "
        "over languages changed, in points (+ is wider)"
    )
    return Sheet("recovered", caption, header, tuple(rows), heads=2)


def _calibration(document: Document) -> Sheet:
    header = ("run", "language", "answers with a confidence", "ECE", "Brier", "AURC")
    rows: list[Cells] = []
    for run in document["runs"]:
        for group, cell in {"all": run, **run["languages"]}.items():
            measured = cell["calibration"]
            if measured:
                figures = [figure(measured[name], ".3f") for name in ("ece", "brier", "aurc")]
                rows.append((word(run["name"]), word(group), figure(measured["n"], "d"), *figures))
    caption = "Calibration and selective accuracy; lower is better"
    return Sheet("calibration", caption, header, tuple(rows), heads=2)


def _reliability(document: Document) -> Sheet:
    header = ("run", "confidence", "answers", "mean confidence", "accuracy")
    rows: list[Cells] = []
    for run in document["runs"]:
        bins = run["calibration"]["bins"] if run["calibration"] else ()
        for entry in bins:
            span = word(f"{entry['low']:.1f} to {entry['high']:.1f}")
            low, high = entry["ci95"]
            accuracy = figure(100 * entry["accuracy"], unit=" %", bounds=(100 * low, 100 * high))
            confidence = figure(100 * entry["confidence"], unit=" %")
            rows.append((word(run["name"]), span, figure(entry["n"], "d"), confidence, accuracy))
    caption = "Reliability: the bins of the curve, with the Wilson interval of each accuracy"
    return Sheet("reliability", caption, header, tuple(rows), heads=2)


def _position(document: Document) -> Sheet:
    header = ("run", "language", "chosen (expected)", "χ²", "degrees", "p", "effect w")
    rows: list[Cells] = []
    for name, language, cell in _languages(document):
        bias = cell["position_bias"]
        if bias is None:
            continue
        letters = [f"{letter} {chosen} ({bias['expected'][letter]:.0f})" for letter, chosen in bias["chosen"].items()]
        few = "" if bias["reliable"] else " (few)"
        rows.append(
            (
                word(name),
                word(language),
                word("  ".join(letters)),
                figure(bias["chi2"]),
                figure(bias["df"], "d"),
                p_value(bias["p"]),
                Cell(f"{bias['w']:.2f}{few}", bias["w"]),
            )
        )
    caption = "Position bias: how often a letter is chosen against how often it is right"
    return Sheet("position", caption, header, tuple(rows), heads=2)


def _outcomes(document: Document) -> Sheet:
    lost = lost_outcomes(document)
    header = (
        "run", "language", "answers", "correct", "wrong", *[outcome.replace("_", " ") for outcome in lost],
        "calls an item", "prompt tokens", "completion tokens", "seconds",
    )  # fmt: skip
    rows: list[Cells] = []
    for name, language, cell in _languages(document):
        cost = cell["cost"]
        rows.append(
            (
                word(name),
                word(language),
                *[figure(cell[outcome], "d") for outcome in ("n", "correct", "wrong", *lost)],
                figure(cost["calls"]),
                figure(cost["prompt_tokens"]),
                figure(cost["completion_tokens"]),
                figure(cost["seconds"], ".3g"),
            )
        )
    return Sheet("outcomes", "What became of the answers, and their cost an item", header, tuple(rows), heads=2)
