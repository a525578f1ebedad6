"""The plots of the report, from a metrics document alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from operator import itemgetter
from typing import NamedTuple

from clara.bench.report.accuracy import RunFigures
from clara.bench.report.sheet import Document, languages_of, minus, signed
from clara.bench.report.svg import SERIES, legend, line, marker, number, path, picture, text

_WIDTH = 760.0
_LEFT = 120.0
_RIGHT = 20.0
_COUNTED = 2
"""Most runs whose bins carry their counts in the plot of reliability; the table has them for all."""


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
    candidates = (
        _accuracy(document),
        _gaps(document),
        _heat_map(document),
        _reliability(document),
        _selective(document),
        _cost(document),
    )
    return [figure for figure in candidates if figure is not None]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)


class Point(NamedTuple):
    """One dot."""

    value: float
    bounds: tuple[float, float] | None
    tip: str


Groups = Sequence[tuple[str, Sequence[Point | None]]]


def _dot_plot(name: str, description: str, groups: Groups, low: float, high: float) -> str:
    """Groups below each other, a dot with its interval for each run."""
    _, points = groups[0]
    series = len(points)
    step = 15.0 if series > 2 else 18.0
    band = step * series + 14
    height = band * len(groups) + 34
    x = _Scale(low, high, _LEFT, _WIDTH - _RIGHT)
    bands: list[str] = []
    parts = _ticks(x, height - 28)
    for place, (group, points) in enumerate(groups):
        top = place * band
        area = f'x="0" y="{number(top)}" width="{number(_WIDTH)}" height="{number(band)}"'
        bands.append(f'<rect class="band{place % 2}" {area}/>')
        parts.append(text(8, top + band / 2 + 4, group, "label"))
        for run, point in enumerate(points):
            if point is not None:
                parts.extend(_dot(point, x, top + 7 + step * (run + 0.5), run))
    return picture(_WIDTH, height, name, description, bands + parts)


def _dot(point: Point, x: _Scale, y: float, run: int) -> Iterator[str]:
    if point.bounds is not None:
        low, high = point.bounds
        yield line(x(low), y, x(high), y, f"whisker s{run % SERIES}")
    yield marker(x(point.value), y, run, point.tip)


def _ticks(x: _Scale, bottom: float) -> list[str]:
    step = _tick_step(x.high - x.low)
    first = math.ceil(x.low / step) * step
    lines: list[str] = []
    labels: list[str] = []
    for place in range(int((x.high - first) / step + 1e-9) + 1):
        mark = first + step * place
        at_zero = mark == 0 and x.low < 0
        lines.append(line(x(mark), 0, x(mark), bottom, "zero" if at_zero else "grid"))
        labels.append(text(x(mark), bottom + 18, minus(f"{mark:g}"), "tick", "middle"))
    return lines + labels


def _tick_step(span: float) -> int:
    """Points between two marks, so that there are at most ten."""
    for step in (1, 2, 5, 10, 20, 25, 50):
        if span / step <= 10:
            return step
    return 100


def _accuracy(document: Document) -> Figure:
    runs = document["runs"]
    groups: list[tuple[str, list[Point | None]]] = []
    for language in languages_of(document):
        groups.append((language, [_accuracy_point(run, language) for run in runs]))
    summaries: list[str] = []
    for run in runs:
        worst = f"worst {run['worst_language']} {run['worst_accuracy']:.1f} %"
        summaries.append(f"{run['name']}: mean {run['mean']:.1f} %, {worst}")
    return Figure(
        "accuracy",
        "Accuracy by language",
        "Per cent of answers that are right, with 95 % Wilson intervals.",
        _dot_plot("Accuracy by language", "; ".join(summaries), groups, 0, 100),
        _legend(document),
    )


def _accuracy_point(run: RunFigures, language: str) -> Point | None:
    cell = run["languages"].get(language)
    if cell is None:
        return None
    low, high = cell["ci95"]
    tip = f"{run['name']}, {language}: {cell['accuracy']:.1f} % [{low:.1f}, {high:.1f}], n = {cell['n']}"
    return Point(cell["accuracy"], (low, high), tip)


def _gaps(document: Document) -> Figure | None:
    runs = document["runs"]
    groups: list[tuple[str, list[Point | None]]] = []
    reach = [0.0]
    for language in languages_of(document):
        points = [_gap_point(run, language) for run in runs]
        for point in points:
            if point is not None:
                reach.extend((point.value, *(point.bounds or ())))
        if any(points):
            groups.append((language, points))
    if not groups:
        return None
    low, high = 5 * math.floor(min(reach) / 5) - 1, 5 * math.ceil(max(reach) / 5) + 1
    summaries: list[str] = []
    for run in runs:
        if run["gap_to_english"]:
            furthest = min(run["gap_to_english"].values())
            summaries.append(f"{run['name']}: furthest behind {signed(furthest)} points")
    return Figure(
        "gaps",
        "Gap to English",
        "Accuracy of the language less that of English, in points (left of zero: the language is behind), with 95 % "
        "intervals of the bootstrap paired on the question.",
        _dot_plot("Gap to English", "; ".join(summaries), groups, low, high),
        _legend(document),
    )


def _gap_point(run: RunFigures, language: str) -> Point | None:
    gap = run["gap_to_english"].get(language)
    if gap is None:
        return None
    tip = f"{run['name']}, {language}: {signed(gap)} points"
    bounds = run["gap_to_english_ci95"][language]
    if bounds is None:
        return Point(gap, None, tip)
    low, high = bounds
    return Point(gap, (low, high), minus(f"{tip} [{low:.1f}, {high:.1f}]"))


def _heat_map(document: Document) -> Figure:
    runs, languages = document["runs"], languages_of(document)
    left = 200.0
    cell = (_WIDTH - left - 4) / len(languages)
    parts: list[str] = []
    for column, language in enumerate(languages):
        parts.append(text(left + cell * (column + 0.5), 14, language, "tick", "middle"))
    for row, run in enumerate(runs):
        y = 22 + 30 * row
        name = run["name"] if len(run["name"]) < 30 else run["name"][:28] + "…"
        parts.append(text(left - 8, y + 19, name, "label", "end"))
        for column, language in enumerate(languages):
            entry = run["languages"].get(language)
            if entry is not None:
                tip = f"{run['name']}, {language}: {entry['accuracy']:.1f} %"
                parts.extend(_heat_cell(entry["accuracy"], tip, left + cell * column, y, cell))
    description = "The figures of the parity table; darker is more accurate."
    svg = picture(_WIDTH, 24 + 30 * len(runs), "Accuracy, run by language", description, parts)
    return Figure("heat", "Accuracy, run by language", "Per cent right; the stronger the colour, the more.", svg)


def _heat_cell(accuracy: float, tip: str, x: float, y: float, width: float) -> Iterator[str]:
    area = f'x="{number(x + 1)}" y="{number(y)}" width="{number(width - 2)}" height="28" rx="3"'
    opacity = 0.04 + 0.48 * accuracy / 100
    yield f'<rect class="heat" {area} fill-opacity="{opacity:.3f}"><title>{escape(tip)}</title></rect>'
    yield text(x + width / 2, y + 19, f"{accuracy:.1f}", "label", "middle")


def _square(
    name: str, description: str, across: str, up: str, draw: Callable[[_Scale, _Scale], Iterator[str]], right: float = 1
) -> str:
    """Axes from 0 to ``right`` and from 0 to 1, and what ``draw`` adds."""
    width, height, left, bottom = 420.0, 360.0, 56.0, 44.0
    x, y = _Scale(0, right, left, width - 14), _Scale(0, 1, height - bottom, 20)
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
    return picture(width, height, name, description, [*parts, *draw(x, y)])


def _calibrated(document: Document) -> list[tuple[int, RunFigures]]:
    """Number and figures of the runs that gave confidences."""
    calibrated: list[tuple[int, RunFigures]] = []
    for series, run in enumerate(document["runs"]):
        if run["calibration"]:
            calibrated.append((series, run))
    return calibrated


def _reliability(document: Document) -> Figure | None:
    runs = _calibrated(document)
    if not runs:
        return None

    def draw(x: _Scale, y: _Scale) -> Iterator[str]:
        yield line(x(0), y(0), x(1), y(1), "diagonal")
        for series, run in runs:
            dots: list[str] = []
            corners: list[tuple[float, float]] = []
            for entry in run["calibration"]["bins"]:
                corner = (x(entry["confidence"]), y(entry["accuracy"]))
                low, high = entry["ci95"]
                facts = f"confidence {entry['confidence']:.2f}, accuracy {entry['accuracy']:.2f} [{low:.2f}, {high:.2f}]"
                corners.append(corner)
                yield line(corner[0], y(low), corner[0], y(high), f"whisker s{series % SERIES}")
                dots.append(marker(*corner, series, f"{run['name']}: {facts}, n = {entry['n']}"))
                if len(runs) <= _COUNTED:
                    dots.append(_count(corner, series, is_first=run is runs[0][1], count=entry["n"]))
            yield path(corners, f"curve s{series % SERIES}")
            yield from dots

    errors = [f"{run['name']}: expected calibration error {run['calibration']['ece']:.3f}" for _, run in runs]
    summary = "; ".join(errors)
    svg = _square("Reliability", summary, "confidence", "accuracy", draw)
    counts = "Numbers are answers in a bin." if len(runs) <= _COUNTED else "The table of bins has their counts."
    caption = (
        "Accuracy against confidence in ten bins, each with its Wilson interval; on the diagonal a confidence means what it "
        f"says. {counts} {summary}."
    )
    return Figure("reliability", "Reliability", caption, svg, _legend(document))


def _count(corner: tuple[float, float], series: int, *, is_first: bool, count: int) -> str:
    """How many answers a bin holds: above its point for the first run, below for the second, so that none hides another."""
    x, y = corner
    style = f"count s{series % SERIES}"
    if is_first:
        return text(x - 6, y - 5, str(count), style, "end")
    return text(x + 6, y + 14, str(count), style)


def _selective(document: Document) -> Figure | None:
    runs = _calibrated(document)
    if not runs:
        return None

    def draw(x: _Scale, y: _Scale) -> Iterator[str]:
        for series, run in runs:
            points = run["calibration"]["risk_coverage"]
            curve = [(x(coverage), y(risk)) for coverage, risk in points]
            _, risk = points[-1]
            yield path(curve, f"curve s{series % SERIES}")
            yield marker(*curve[-1], series, f"{run['name']}: risk {risk:.2f} if all is answered")

    summary = "; ".join(f"{run['name']}: area {run['calibration']['aurc']:.3f}" for _, run in runs)
    svg = _square("Risk and coverage", summary, "coverage", "risk", draw)
    caption = f"Share of errors if only the most confident answers are given; lower is better. {summary}."
    return Figure("selective", "Risk and coverage", caption, svg, _legend(document))


def _legend(document: Document) -> str:
    return legend(run["name"] for run in document["runs"])


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below ``least``."""
    power = 10 ** math.floor(math.log10(least))
    for factor in (1, 2, 2.5, 5):
        if power * factor >= least:
            return power * factor
    return 10 * power


def _cost(document: Document) -> Figure | None:
    runs: list[tuple[RunFigures, float]] = []
    summaries: list[str] = []
    for run in document["runs"]:
        seconds = run["usage"]["seconds"] / run["n_items"]
        runs.append((run, seconds))
        summaries.append(f"{run['name']}: {seconds:.3g} s an item, {run['mean']:.1f} %")
    most = max(map(itemgetter(1), runs))
    if not most:
        return None

    def draw(x: _Scale, y: _Scale) -> Iterator[str]:
        for series, (run, seconds) in enumerate(runs):
            low, high = run["mean_ci95"]
            tip = f"{run['name']}: {run['mean']:.1f} %, {seconds:.3g} s an item"
            yield line(x(seconds), y(low / 100), x(seconds), y(high / 100), f"whisker s{series % SERIES}")
            yield marker(x(seconds), y(run["mean"] / 100), series, tip)

    summary = "; ".join(summaries)
    svg = _square("Cost and accuracy", summary, "seconds an item", "mean accuracy", draw, 4 * _round_step(most / 4))
    caption = f"Mean accuracy over languages, with its 95 % interval, against wall-clock seconds an item. {summary}."
    return Figure("cost", "Cost and accuracy", caption, svg, _legend(document))
