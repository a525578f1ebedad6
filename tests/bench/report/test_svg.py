"""The parts of a plot as text."""

from __future__ import annotations

import pytest

from clara.bench.report.plots import figures
from clara.bench.report.svg import SERIES, legend, line, marker, number, path, picture, text


@pytest.mark.parametrize(("value", "short"), [(12.0, "12"), (12.04, "12"), (12.06, "12.1"), (-0.5, "-0.5"), (100, "100")])
def test_coordinates_are_short(value: float, short: str) -> None:
    assert number(value) == short


def test_lines_texts_and_paths() -> None:
    assert line(0, 1.5, 2, 3, "grid") == '<line class="grid" x1="0" y1="1.5" x2="2" y2="3"/>'
    assert text(1, 2, "a < b") == '<text class="" x="1" y="2" text-anchor="start">a &lt; b</text>'
    assert path([(0, 1), (2.25, 3)], "curve") == '<polyline class="curve" points="0,1 2.2,3"/>'


def test_series_beyond_the_last_shape_start_again() -> None:
    assert marker(0, 0, SERIES + 1, "x") == marker(0, 0, 1, "x")
    assert marker(0, 0, 0) != marker(0, 0, 1)
    names = legend(["a", "<b>"])
    assert (names.count("<li>"), "&lt;b&gt;" in names, "<b>" in names) == (2, True, False)


def test_a_picture_is_named_for_screen_readers() -> None:
    svg = picture(10, 20, "Risk & coverage", "a > b", ["<g/>"])
    assert 'viewBox="0 0 10 20"' in svg
    assert 'aria-labelledby="risk---coverage-t risk---coverage-d"' in svg
    assert '<title id="risk---coverage-t">Risk &amp; coverage</title>' in svg
    assert svg.endswith("<g/></svg>")


def run(name: str, seconds: float) -> dict[str, object]:
    return {
        "name": name, "mean": 50.0, "mean_ci95": [40.0, 60.0], "worst_language": "hindi", "worst_accuracy": 25.0,
        "n_items": 10, "usage": {"seconds": seconds}, "calibration": None, "gap_to_english": {"hindi": -50.0},
        "gap_to_english_ci95": {"hindi": [-70.0, -30.0]},
        "languages": {
            "english": {"accuracy": 75.0, "ci95": [60.0, 90.0], "n": 5},
            "hindi": {"accuracy": 25.0, "ci95": [10.0, 40.0], "n": 5},
        },
    }  # fmt: skip


def test_plots_place_their_points_on_the_axis() -> None:
    accuracy, gaps, heat, cost = figures({"runs": [run("a", 20.0), run("b", 5.0)]})
    # 0 to 100 % lie from x = 120 to x = 740
    assert 'transform="translate(585 ' in accuracy.svg
    assert "a, english: 75.0 % [60.0, 90.0], n = 5" in accuracy.svg
    assert "b: mean 50.0 %, worst hindi 25.0 %" in accuracy.svg
    # the least is -70 and the most 0, so the axis goes from -71 to 1: -50 is 21 / 72 of the way
    assert f'transform="translate({number(120 + 620 * 21 / 72)} ' in gaps.svg
    assert "a, hindi: −50.0 points [−70.0, −30.0]" in gaps.svg
    assert 'fill-opacity="0.400"' in heat.svg  # 0.04 + 0.48 · 0.75
    # 2 s an item is the most; a quarter of the axis is the next round figure from 0.5
    assert "a: 2 s an item, 50.0 %; b: 0.5 s an item, 50.0 %" in cost.caption
    assert 'transform="translate(406 ' in cost.svg


def test_no_seconds_no_plot_of_cost() -> None:
    assert [figure.key for figure in figures({"runs": [run("a", 0.0)]})] == ["accuracy", "gaps", "heat"]
