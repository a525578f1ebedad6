"""The parity table for the terminal, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from clara.bench.figures.runs import NOT_ANSWERED
from clara.bench.report.payload import printable
from clara.bench.report.plots import languages_of

CHANCE_NOTE = "is close to chance: a small gap between languages there is no fairness."

SIGNIFICANT = 0.05
GAP_NOTE = "* differs from English, p < 0.05 (McNemar, Holm)."


def rows(document: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and cells of the parity table, one row a run."""
    runs, languages = document["runs"], languages_of(document)
    lost = [kind for kind in NOT_ANSWERED if any(count(run, kind) for run in runs)]
    rated = [name for name in ("ece", "aurc") if any(run["calibration"] for run in runs)]
    closed = {entry["run"]: entry for entry in document["gap_closed"] if entry["language"] == "mean"}
    baselines = {entry["baseline"] for entry in closed.values()}
    baseline = next(iter(baselines)) if len(baselines) == 1 else "its baseline"
    spent = any(run["usage"]["seconds"] for run in runs)
    header = ["run", *languages, "mean", "worst", "most behind English", "max − min", "consistency", "Fleiss' kappa"]
    header += [f"gap of {baseline} closed"] * bool(closed) + [name.upper() for name in rated]
    header += ["seconds an item"] * spent + [kind.replace("_", " ") for kind in lost]
    return header, [
        [
            run["name"],
            *(_accuracy(run, language) for language in languages),
            f"{run['mean']:.1f} {_bounds(run['mean_ci95'])}",
            f"{run['worst_language']} {run['worst_accuracy']:.1f}",
            _furthest(run["gap_to_english"]),
            f"{run['max_min_gap']:.1f} {_bounds(run['max_min_gap_ci95'])}",
            "–" if run["consistency"] is None else f"{100 * run['consistency']:.0f} %",
            "–" if run["fleiss_kappa"] is None else f"{run['fleiss_kappa']['kappa']:.2f}",
            *([_closed(closed.get(run["name"]))] * bool(closed)),
            *(f"{run['calibration'][name]:.2f}" if run["calibration"] else "–" for name in rated),
            *([f"{run['usage']['seconds'] / run['n_items']:.2g}"] * spent),
            *(str(count(run, kind)) for kind in lost),
        ]
        for run in runs
    ]


def count(run: dict[str, Any], kind: str) -> int:
    """Answers of one class over all languages of a run."""
    return sum(cell[kind] for cell in run["languages"].values())


def _bounds(interval: Sequence[float]) -> str:
    return f"[{interval[0]:.0f}–{interval[1]:.0f}]"


def _closed(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return "–"
    bounds = f" [{100 * entry['ci95'][0]:.0f}–{100 * entry['ci95'][1]:.0f}]" if entry["ci95"] else ""
    return f"{100 * entry['share']:.0f} %{bounds}"


def _accuracy(run: dict[str, Any], language: str) -> str:
    """Accuracy, its interval, and the points that the language is behind (−) or ahead of (+) English."""
    cell = run["languages"].get(language)
    if cell is None:
        return "–"
    text = f"{cell['accuracy']:.1f} {_bounds(cell['ci95'])}"
    gap = run["gap_to_english"].get(language)
    if gap is None:
        return text
    return f"{text} {signed(-gap)}{star(run, language)}"


def star(run: Mapping[str, Any], language: str) -> str:
    """The mark of a language that differs from English."""
    test = run["mcnemar_vs_english"].get(language)
    return "*" if test and test["p_holm"] < SIGNIFICANT else ""


def _furthest(gaps: dict[str, float]) -> str:
    if not gaps:
        return "–"
    language = max(gaps, key=lambda name: gaps[name])
    return f"{language} {signed(-gaps[language])}"


def signed(points: float, decimals: int = 1) -> str:
    """Points with their sign."""
    return f"{round(points, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def notes(document: dict[str, Any]) -> list[str]:
    """What the reader must know beside the table."""
    runs = document["runs"]
    found = [f"{run['name']} {CHANCE_NOTE}" for run in runs if run["near_chance"]]
    found += [f"{run['name']} is partial: {run['missing']} answers are missing." for run in runs if run["missing"]]
    if "clean" in document and not document["clean"]["left_out"]:
        found.append("The audit flags none of these questions.")
    if any(test["p_holm"] < SIGNIFICANT for run in runs for test in run["mcnemar_vs_english"].values()):
        found.append(GAP_NOTE)
    return found


TITLE = "Accuracy in % [95 % interval], points against English"
_SIDE_BY_SIDE = 2
"""Most runs that stand side by side in a terminal of 80 columns."""


def tables(document: dict[str, Any]) -> list[Table | Text]:
    """The parity table for a terminal: a column a run, as many side by side as fit; then the same without flagged items."""
    document = printable(document)
    clean = document.get("clean")
    result: list[Table | Text] = [*_parity(document, TITLE)]
    if clean and clean["left_out"]:
        result += _parity(clean, f"Without {len(clean['left_out'])} flagged questions")
    return [*result, *(Text(note) for note in notes(document))]


def _parity(document: dict[str, Any], title: str) -> list[Table]:
    header, cells = rows(document)
    result: list[Table] = []
    for at in range(0, len(cells), _SIDE_BY_SIDE):
        part = cells[at : at + _SIDE_BY_SIDE]
        parity = Table(title=None if at else title)
        parity.add_column("")
        for row in part:
            parity.add_column(Text(row[0]), justify="right")
        for number, name in enumerate(header[1:], 1):
            parity.add_row(
                Text(name), *(Text(row[number]) for row in part), end_section=header[number + 1 :][:1] == ["mean"]
            )
        result.append(parity)
    return result
