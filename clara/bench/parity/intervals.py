"""Intervals of a proportion and of anything that is computed from paired accuracies."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
_Z95 = 1.959963984540054
_BLOCK = 4_000_000
"""Most draws in memory at once."""

Scores = NDArray[np.float64]
"""Questions in rows, languages (or runs and languages) in columns: the mean score of a cell, NaN where nobody asked."""


def wilson(correct: float, n: float, z: float = _Z95) -> tuple[float, float]:
    """The score interval of a proportion, as fractions (Wilson 1927, JASA 22:209).

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), with p = correct / n

    Scores between 0 and 1 may be summed into ``correct``: no such score varies more than a proportion of the same mean, so
    the interval is then wide rather than narrow.
    """
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def resampled_means(scores: Scores, *, seed: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Column means of ``resamples`` samples of whole rows, drawn with replacement (Efron 1979, Ann. Stat. 7:1).

    All columns of a sample hold the same questions, so that differences between columns are paired on the question. Rows
    that are equal are counted together, which saves work. NaN where a sample holds no asked question.
    """
    n, columns = scores.shape
    patterns, pattern_of = np.unique(scores, axis=0, return_inverse=True, equal_nan=True)
    pattern_of = pattern_of.reshape(-1).astype(np.int64)
    asked = (~np.isnan(patterns)).astype(np.float64)
    stacked = np.hstack([np.nan_to_num(patterns), asked])
    rng = np.random.default_rng(seed)
    means = np.empty((resamples, columns))
    block = max(1, _BLOCK // max(n, 1))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = pattern_of[rng.integers(0, n, (size, n), dtype=np.int32)]
        drawn += np.arange(size)[:, None] * len(patterns)
        weights = np.bincount(drawn.ravel(), minlength=size * len(patterns)).reshape(size, len(patterns))
        sums = weights.astype(np.float64) @ stacked
        with np.errstate(invalid="ignore", divide="ignore"):
            means[start : start + size] = sums[:, :columns] / sums[:, columns:]
    return means


def percentile_intervals(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 95 % percentile interval of each column: shape (columns, 2) (Efron and Tibshirani 1993, ch. 13).

    Samples that are NaN are left out; a column of nothing but NaN has the interval NaN to NaN.
    """
    if not np.isnan(samples).any():
        return np.percentile(samples, [2.5, 97.5], axis=0).T
    bounds = np.full((samples.shape[1], 2), np.nan)
    for number, column in enumerate(samples.T):
        values = column[~np.isnan(column)]
        if len(values):
            bounds[number] = np.percentile(values, [2.5, 97.5])
    return bounds


def percentile_interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % percentile interval of one column of samples."""
    low, high = percentile_intervals(samples[:, None])[0]
    return float(low), float(high)


def variation(accuracies: list[float]) -> float:
    """Coefficient of variation: population standard deviation over mean; 0 where the mean is 0 (Pearson 1896)."""
    mean = float(np.mean(accuracies))
    return float(np.std(accuracies)) / mean if mean else 0.0
