"""The statistics against scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.proportion import proportion_confint

from clara.bench import parity
from clara.bench.results import metrics


@pytest.mark.parametrize("seed", range(20))
def test_wilson_is_that_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 2000))
    for correct in (0, n, int(rng.integers(0, n + 1))):
        assert parity.wilson(correct, n) == pytest.approx(proportion_confint(correct, n, method="wilson"), abs=1e-12)


def test_wilson_of_nothing_is_everything():
    assert parity.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(20))
def test_mcnemar_is_that_of_statsmodels(seed):
    b, c = (int(x) for x in np.random.default_rng(seed).integers(0, 60, 2))
    assert parity.mcnemar(b, c) == pytest.approx(reference_mcnemar([[5, b], [c, 5]], exact=True).pvalue, abs=1e-12)


def test_mcnemar_without_discordant_pairs_is_one():
    assert parity.mcnemar(0, 0) == 1.0


def test_discordant_leaves_out_what_one_was_not_asked():
    first, second = np.array([1, 1, 0, np.nan, 1]), np.array([0, 1, 1, 1, np.nan])
    assert parity.discordant(first, second) == (1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_paired_bootstrap_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first, second = (rng.random(150) < p for p in (0.7, 0.55))
    first, second = first.astype(float), second.astype(float)
    reference = bootstrap(
        (first, second),
        lambda x, y, axis=-1: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        rng=np.random.default_rng(99),
    ).confidence_interval
    assert parity.difference_interval(first, second) == pytest.approx(tuple(reference), abs=0.015)


def test_gap_interval_holds_the_gap_and_is_zero_for_equal_columns():
    column = (np.random.default_rng(1).random(100) < 0.5).astype(float)
    assert parity.gap_interval(np.column_stack([column, column])) == (0.0, 0.0)
    scores = (np.random.default_rng(2).random((200, 2)) < [0.8, 0.4]).astype(float)
    low, high = parity.gap_interval(scores)
    assert low < scores.mean(axis=0).max() - scores.mean(axis=0).min() < high


def test_consistency_counts_agreeing_pairs():
    assert parity.consistency([["A", "A", "B"], ["C", "C", "C"]]) == pytest.approx((1 / 3 + 1) / 2)
    assert parity.consistency([[None, None]]) == 0.0
    assert parity.consistency([["A"]]) is None


def records(correct, n, options=4):
    return [
        {"strategy": "x", "language": "english", "id": str(i), "options": options, "label": "A",
         "outcome": "correct" if i < correct else "wrong"}
        for i in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(("correct", "options", "near"), [(25, 4, True), (60, 4, False), (50, 2, True), (50, 4, False)])
def test_near_chance(correct, options, near):
    assert metrics({"x": records(correct, 100, options)})["runs"][0]["near_chance"] is near
