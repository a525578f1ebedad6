"""The plots of the report, from a metrics document alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from clara.bench.report.svg import SERIES, legend, line, marker, number, path, picture, text

Document = dict[str, Any]
_WIDTH = 760.0
_LEFT = 120.0
_RIGHT = 20.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot with its caption; ``legend`` is empty where the plot names its runs itself."""

    key: str
    title: str
    caption: str
    svg: str
    legend: str = ""


def figures(document: Document) -> list[Figure]:
    """The plots that the document has data for."""
    makers: tuple[Callable[[Document], Figure | None], ...] = (_accuracy, _gaps, _heat_map, _reliability, _selective, _cost)
    return [figure for make in makers if (figure := make(document)) is not None]


def languages_of(document: Document) -> list[str]:
    """All languages of a document, English first."""
    named = dict.fromkeys(language for run in document["runs"] for language in run["languages"])
    return sorted(named, key=lambda language: language != "english")


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        kept = min(max(value, self.low), self.high)
        return self.start + (kept - self.low) / (self.high - self.low) * (self.end - self.start)


Point = tuple[float, tuple[float, float] | None, str]
"""Value, interval, and what the tool tip says."""


Groups = Sequence[tuple[str, Sequence[Point | None]]]


def _dot_plot(name: str, description: str, groups: Groups, low: float, high: float) -> str:
    """Groups below each other, a dot with its interval for each run."""
    series = max(len(points) for _, points in groups)
    step = 15.0 if series > 2 else 18.0
    band = step * series + 14
    height = band * len(groups) + 34
    x = _Scale(low, high, _LEFT, _WIDTH - _RIGHT)
    bands, parts = list[str](), _ticks(x, height - 28)
    for place, (group, points) in enumerate(groups):
        top = place * band
        bands.append(
            f'<rect class="band{place % 2}" x="0" y="{number(top)}" width="{number(_WIDTH)}" height="{number(band)}"/>'
        )
        parts.append(text(8, top + band / 2 + 4, group, "label"))
        for run, point in enumerate(points):
            if point is None:
                continue
            value, bounds, tip = point
            y = top + 7 + step * (run + 0.5)
            if bounds is not None:
                parts.append(line(x(bounds[0]), y, x(bounds[1]), y, f"whisker s{run % SERIES}"))
            parts.append(marker(x(value), y, run, tip))
    return picture(_WIDTH, height, name, description, bands + parts)


def _ticks(x: _Scale, bottom: float) -> list[str]:
    span = x.high - x.low
    step = next(size for size in (1, 2, 5, 10, 20, 25, 50, 100) if span / size <= 10 or size == 100)
    first = math.ceil(x.low / step) * step
    marks = [first + step * n for n in range(int((x.high - first) / step + 1e-9) + 1)]
    lines = [line(x(mark), 0, x(mark), bottom, "zero" if mark == 0 and x.low < 0 else "grid") for mark in marks]
    return lines + [text(x(mark), bottom + 18, f"{mark:g}".replace("-", "−"), "tick", "middle") for mark in marks]


def _accuracy(document: Document) -> Figure:
    runs = document["runs"]
    groups: list[tuple[str, list[Point | None]]] = []
    for language in languages_of(document):
        cells = [(run["name"], run["languages"].get(language)) for run in runs]
        groups.append((language, [_accuracy_point(name, language, cell) if cell else None for name, cell in cells]))
    said = "; ".join(
        f"{run['name']}: mean {run['mean']:.1f} %, worst {run['worst_language']} {run['worst_accuracy']:.1f} %"
        for run in runs
    )
    return Figure(
        "accuracy",
        "Accuracy by language",
        "Per cent of answers that are right, with 95 % Wilson intervals.",
        _dot_plot("Accuracy by language", said, groups, 0, 100),
        legend(run["name"] for run in runs),
    )


def _accuracy_point(name: str, language: str, cell: dict[str, Any]) -> Point:
    low, high = cell["ci95"]
    tip = f"{name}, {language}: {cell['accuracy']:.1f} % [{low:.1f}, {high:.1f}], n = {cell['n']}"
    return cell["accuracy"], (low, high), tip


def _gaps(document: Document) -> Figure | None:
    runs = document["runs"]
    others = [language for language in languages_of(document) if any(language in run["gap_to_english"] for run in runs)]
    if not others:
        return None
    groups = [(language, [_gap_point(run, language) for run in runs]) for language in others]
    reach = [value for _, points in groups for point in points if point for value in (point[0], *(point[1] or ()))]
    low, high = 5 * math.floor(min(0, *reach) / 5) - 1, 5 * math.ceil(max(0, *reach) / 5) + 1
    said = "; ".join(
        f"{run['name']}: largest gap {max(run['gap_to_english'].values()):.1f} points"
        for run in runs
        if run["gap_to_english"]
    )
    return Figure(
        "gaps",
        "Gap to English",
        "Points of accuracy behind English (right of zero: English is better), with 95 % intervals of the bootstrap paired "
        "on the question.",
        _dot_plot("Gap to English", said, groups, low, high),
        legend(run["name"] for run in runs),
    )


def _gap_point(run: dict[str, Any], language: str) -> Point | None:
    gap = run["gap_to_english"].get(language)
    if gap is None:
        return None
    bounds = run["gap_to_english_ci95"][language]
    interval = (bounds[0], bounds[1]) if bounds else None
    said = f" [{bounds[0]:.1f}, {bounds[1]:.1f}]" if bounds else ""
    return gap, interval, f"{run['name']}, {language}: {gap:.1f} points{said}"


def _heat_map(document: Document) -> Figure:
    runs, languages = document["runs"], languages_of(document)
    left, cell = 200.0, (_WIDTH - 200 - 4) / len(languages)
    parts = [text(left + cell * (n + 0.5), 14, language, "tick", "middle") for n, language in enumerate(languages)]
    for row, run in enumerate(runs):
        y = 22 + 30 * row
        name = run["name"] if len(run["name"]) < 30 else run["name"][:28] + "…"
        parts.append(text(left - 8, y + 19, name, "label", "end"))
        for column, language in enumerate(languages):
            entry = run["languages"].get(language)
            if entry is None:
                continue
            x, share = left + cell * column, entry["accuracy"] / 100
            tip = escape(f"{run['name']}, {language}: {entry['accuracy']:.1f} %")
            place = f'x="{number(x + 1)}" y="{number(y)}" width="{number(cell - 2)}" height="28" rx="3"'
            parts.append(f'<rect class="heat" {place} fill-opacity="{0.04 + 0.48 * share:.3f}"><title>{tip}</title></rect>')
            parts.append(text(x + cell / 2, y + 19, f"{entry['accuracy']:.1f}", "label", "middle"))
    said = "The figures of the parity table; darker is more accurate."
    svg = picture(_WIDTH, 24 + 30 * len(runs), "Accuracy, run by language", said, parts)
    return Figure("heat", "Accuracy, run by language", "Per cent right; the stronger the colour, the more.", svg)


def _square(
    name: str, said: str, across: str, up: str, draw: Callable[[_Scale, _Scale], Iterable[str]], right: float = 1
) -> str:
    """Axes from 0 to ``right`` and from 0 to 1, and what ``draw`` adds."""
    width, height, left, bottom = 420.0, 360.0, 56.0, 44.0
    x, y = _Scale(0, right, left, width - 14), _Scale(0, 1, height - bottom, 12)
    parts: list[str] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        mark = share * right
        parts += [line(x(mark), y(0), x(mark), y(1), "grid"), line(x(0), y(share), x(right), y(share), "grid")]
        parts += [
            text(x(mark), y(0) + 18, f"{mark:.2g}", "tick", "middle"),
            text(left - 8, y(share) + 4, f"{share:g}", "tick", "end"),
        ]
    parts += [
        text((left + width - 14) / 2, height - 6, across, "axis", "middle"),
        f'<text class="axis" text-anchor="middle" transform="translate(14 {number(height / 2)}) rotate(-90)">{up}</text>',
    ]
    return picture(width, height, name, said, [*parts, *draw(x, y)])


def _calibrated(document: Document) -> list[tuple[int, dict[str, Any]]]:
    return [(n, run) for n, run in enumerate(document["runs"]) if run["calibration"]]


def _reliability(document: Document) -> Figure | None:
    runs = _calibrated(document)
    if not runs:
        return None

    def draw(x: _Scale, y: _Scale) -> Iterable[str]:
        yield line(x(0), y(0), x(1), y(1), "diagonal")
        for n, run in runs:
            bins = run["calibration"]["bins"]
            points = [(x(entry["confidence"]), y(entry["accuracy"])) for entry in bins]
            yield path(points, f"curve s{n % SERIES}")
            for (px, py), entry in zip(points, bins, strict=True):
                at = f"confidence {entry['confidence']:.2f}, accuracy {entry['accuracy']:.2f}, n = {entry['n']}"
                yield marker(px, py, n, f"{run['name']}: {at}")

    said = "; ".join(f"{run['name']}: expected calibration error {run['calibration']['ece']:.3f}" for _, run in runs)
    svg = _square("Reliability", said, "confidence", "accuracy", draw)
    caption = "Accuracy against confidence in ten bins; on the diagonal a confidence means what it says. " + said + "."
    return Figure("reliability", "Reliability", caption, svg, legend(run["name"] for run in document["runs"]))


def _selective(document: Document) -> Figure | None:
    runs = _calibrated(document)
    if not runs:
        return None

    def draw(x: _Scale, y: _Scale) -> Iterable[str]:
        for n, run in runs:
            curve = run["calibration"]["risk_coverage"]
            yield path([(x(coverage), y(risk)) for coverage, risk in curve], f"curve s{n % SERIES}")
            yield marker(x(curve[-1][0]), y(curve[-1][1]), n, f"{run['name']}: risk {curve[-1][1]:.2f} if all is answered")

    said = "; ".join(f"{run['name']}: area {run['calibration']['aurc']:.3f}" for _, run in runs)
    svg = _square("Risk and coverage", said, "coverage", "risk", draw)
    caption = "Share of errors if only the most confident answers are given; lower is better. " + said + "."
    return Figure("selective", "Risk and coverage", caption, svg, legend(run["name"] for run in document["runs"]))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below ``least``."""
    power = 10 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least)


def _cost(document: Document) -> Figure | None:
    spent = [run["usage"]["seconds"] / run["n_items"] for run in document["runs"]]
    if not any(spent):
        return None
    most = 4 * _round_step(max(spent) / 4)

    def draw(x: _Scale, y: _Scale) -> Iterable[str]:
        for n, (run, seconds) in enumerate(zip(document["runs"], spent, strict=True)):
            low, high = (bound / 100 for bound in run["mean_ci95"])
            yield line(x(seconds), y(low), x(seconds), y(high), f"whisker s{n % SERIES}")
            yield marker(x(seconds), y(run["mean"] / 100), n, f"{run['name']}: {run['mean']:.1f} %, {seconds:.3g} s an item")

    pairs = zip(document["runs"], spent, strict=True)
    said = "; ".join(f"{run['name']}: {seconds:.3g} s an item, {run['mean']:.1f} %" for run, seconds in pairs)
    svg = _square("Cost and accuracy", said, "seconds an item", "mean accuracy", draw, most)
    caption = "Mean accuracy over languages, with its 95 % interval, against wall-clock seconds an item. " + said + "."
    return Figure("cost", "Cost and accuracy", caption, svg, legend(run["name"] for run in document["runs"]))
