"""The performance gap recovered, worked out by hand, and where it has no figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clara.bench.figures.paired import Intervals, tables_of
from clara.bench.figures.recovered import closings, columns_of, gap_recovered
from clara.bench.figures.runs import Run
from tests.bench.figures.records import answers, run


def shares(*runs: Run) -> dict[str, dict[str, Any]]:
    """The entry of each language of two runs."""
    tables = tables_of(runs)
    pairs = closings(tables)
    entries = gap_recovered(pairs, Intervals(tables, columns_of(pairs)))
    return {entry["language"]: entry for entry in entries}


def test_a_closing_holds_only_questions_of_all_three_columns() -> None:
    base = run(answers("english", "AA.A"), answers("hindi", "B.BB"), name="direct")
    other = run(answers("english", "AAAA"), answers("hindi", "AAB."), name="rag")
    (closing,) = closings(tables_of([base, other]))
    assert (closing.base.run.name, closing.table.run.name, closing.language) == ("direct", "rag", "hindi")
    for column, value in ((closing.english, 1), (closing.before, 0), (closing.after, 1)):
        np.testing.assert_array_equal(np.flatnonzero(~np.isnan(column)), [0])
        assert column[0] == value
    assert set(closing.columns) == {("direct", "rag", "hindi", part) for part in ("english", "before", "after")}


def test_without_direct_the_first_run_is_the_baseline() -> None:
    runs = [run(answers("english", "AA"), answers("hindi", "AB"), name=name) for name in ("rag", "clara")]
    assert [(entry.base.run.name, entry.table.run.name) for entry in closings(tables_of(runs))] == [("rag", "clara")]


def test_the_share_of_the_gap_that_is_recovered() -> None:
    base = run(answers("english", "AAAA" * 20), answers("hindi", "BBBB" * 20), answers("french", "AABB" * 20), name="direct")
    new = run(answers("english", "BBBB" * 20), answers("hindi", "ABBB" * 20), answers("french", "AAAB" * 20), name="rag")
    entries = shares(base, new)
    # hindi: (1/4 - 0) / (1 - 0); french: (3/4 - 2/4) / (1 - 2/4); mean: (1/2 - 1/4) / (1 - 1/4)
    assert {language: entry["share"] for language, entry in entries.items()} == {
        "hindi": pytest.approx(1 / 4), "french": pytest.approx(1 / 2), "mean": pytest.approx(1 / 3),
    }  # fmt: skip
    low, high = entries["hindi"]["ci95"]
    assert low < 1 / 4 < high


def test_gaps_can_shrink_while_the_spread_over_languages_grows() -> None:
    base = run(answers("english", "A" * 30 + "B" * 10), answers("hindi", "A" * 20 + "B" * 20),
               answers("french", "A" * 30 + "B" * 10), name="direct")  # fmt: skip
    new = run(answers("english", "A" * 38 + "B" * 2), answers("hindi", "A" * 24 + "B" * 16),
              answers("french", "A" * 30 + "B" * 10), name="clara")  # fmt: skip
    entries = shares(base, new)
    assert entries["hindi"]["share"] == pytest.approx((24 - 20) / (30 - 20))
    spread = entries["mean"]["max_min"]
    assert (spread["before"], spread["after"], spread["change"]) == (25.0, 35.0, 10.0)
    assert spread["ci95"][0] < 10 < spread["ci95"][1]
    assert "max_min" not in entries["hindi"]


@pytest.mark.parametrize(
    ("english", "hindi", "after", "why"),
    [
        ("A" * 20 + "B" * 20, "A" * 20 + "B" * 20, "A" * 40, "the baseline has no gap"),
        ("A" * 20 + "B" * 20, "A" * 30 + "B" * 10, "A" * 40, "the baseline has no gap"),
        ("A" * 21 + "B" * 19, "A" * 20 + "B" * 20, "A" * 40, "the baseline's gap may be zero"),
        ("A" * 20 + "B" * 20, "A" * 14 + "B" * 26, "A" * 23 + "B" * 17, "the interval is wider than the gap"),
    ],
)
def test_a_share_that_says_nothing_has_no_figure(english: str, hindi: str, after: str, why: str) -> None:
    base = run(answers("english", english), answers("hindi", hindi), name="direct")
    new = run(answers("english", english), answers("hindi", after), name="clara")
    for entry in shares(base, new).values():
        assert (entry["share"], entry["why"]) == (None, why)
