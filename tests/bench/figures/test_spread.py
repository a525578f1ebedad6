"""The spread over repeats is that of the statistics module."""

from __future__ import annotations

import statistics

import pytest

from clara.bench.figures.spread import repeat_spread
from tests.bench.figures.records import answers, run


def test_each_repeat_has_a_mean_over_languages_and_all_a_standard_deviation() -> None:
    records = answers("english", "AABB") + answers("hindi", "ABBB")
    records += answers("english", "AAAB", repeat=1) + answers("hindi", "AABB", repeat=1)
    records += answers("english", "BBBB", repeat=2) + answers("hindi", "ABBB", repeat=2)
    spread = repeat_spread(run(records))
    assert spread is not None
    assert spread["means"] == [37.5, 62.5, 12.5]
    assert spread["sd"] == pytest.approx(statistics.stdev(spread["means"]))


def test_one_repeat_and_an_unfinished_one_have_no_spread() -> None:
    assert repeat_spread(run(answers("english", "AB"))) is None
    assert repeat_spread(run(answers("english", "AB"), answers("english", "A", repeat=1))) is None
    assert repeat_spread(run()) is None
