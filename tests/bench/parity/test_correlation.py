"""Rank correlation against scipy, and its interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clara.bench.parity.correlation import spearman, spearman_interval


@pytest.mark.parametrize(
    ("first", "second"),
    [([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]), ([1.0, 1.0, 2.0, 5.0, 5.0], [9.0, 8.0, 8.0, 1.0, 0.0]),
     ([3.0, 1.0], [0.0, 7.0])],
)  # fmt: skip
def test_rho_is_that_of_scipy_with_ties_too(first: list[float], second: list[float]) -> None:
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)


def test_too_little_has_no_correlation() -> None:
    assert spearman([1.0], [2.0]) is None
    assert spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None


def test_the_interval_of_seven_languages_is_wide_and_of_few_there_is_none() -> None:
    low, high = spearman_interval(-0.6, 7) or (0.0, 0.0)
    assert low == pytest.approx(np.tanh(np.arctanh(-0.6) - stats.norm.ppf(0.975) * np.sqrt(1.18 / 4)))
    assert low < -0.6 < high
    assert high > 0
    assert spearman_interval(0.5, 3) is None
    assert spearman_interval(1.0, 9) is None


def test_the_interval_covers_the_true_value_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    pearson = 0.6
    true = 6 / np.pi * np.arcsin(pearson / 2)  # Spearman's rho of two normal variables
    covered = 0
    for _ in range(400):
        sample = rng.multivariate_normal([0, 0], [[1, pearson], [pearson, 1]], size=40)
        rho = spearman(sample[:, 0].tolist(), sample[:, 1].tolist())
        assert rho is not None
        low, high = spearman_interval(rho, 40) or (0.0, 0.0)
        covered += low <= true <= high
    assert 0.92 <= covered / 400 <= 0.98
