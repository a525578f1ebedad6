"""Accuracy, and how evenly it is spread over languages. Pure numpy; every formula names its source."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
_Z95 = 1.959963984540054

Scores = NDArray[np.float64]
"""Questions in rows, languages in columns: 1 correct, 0 not, NaN not asked."""


def wilson(correct: int, n: int, z: float = _Z95) -> tuple[float, float]:
    """The score interval of a proportion, as fractions (Wilson 1927, JASA 22:209).

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    """
    if n == 0:
        return 0.0, 1.0
    p = correct / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided p of discordant pairs b and c: twice the binomial tail at 1/2 (McNemar 1947, Psychometrika 12:153)."""
    n = b + c
    tail = sum(math.comb(n, k) for k in range(min(b, c) + 1))
    return min(1.0, float(2 * tail / 2**n)) if n else 1.0


def discordant(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[int, int]:
    """b: only the first is right; c: only the second is, over the questions that both were asked."""
    both = ~(np.isnan(first) | np.isnan(second))
    return int(np.sum((first > second) & both)), int(np.sum((second > first) & both))


@lru_cache(maxsize=4)
def resample_weights(n: int, *, seed: int = 0, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """How often each of n questions is drawn in each resample (Efron 1979, Ann. Stat. 7:1); a row is multinomial(n, 1/n)."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)


def gap_interval(scores: Scores, *, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of max - min accuracy over languages, as fractions, resampling whole questions."""
    means = resampled_means(scores, seed=seed)
    low, high = np.nanpercentile(np.nanmax(means, axis=1) - np.nanmin(means, axis=1), [2.5, 97.5])
    return float(low), float(high)


def resampled_means(scores: Scores, *, seed: int = 0) -> NDArray[np.float64]:
    """Accuracy per resample (rows) and language (columns): weighted sum over asked questions by their weight."""
    weights = resample_weights(len(scores), seed=seed)
    asked = weights @ (~np.isnan(scores)).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weights @ np.nan_to_num(scores)) / asked


def difference_interval(first: NDArray[np.float64], second: NDArray[np.float64], *, seed: int = 0) -> tuple[float, float]:
    """95 % percentile interval of mean(first) - mean(second), as fractions, paired on the question."""
    means = resampled_means(np.column_stack([first, second]), seed=seed)
    low, high = np.nanpercentile(means[:, 0] - means[:, 1], [2.5, 97.5])
    return float(low), float(high)


def variation(accuracies: list[float]) -> float:
    """Coefficient of variation: population standard deviation over mean; 0 where the mean is 0 (Pearson 1896)."""
    mean = float(np.mean(accuracies))
    return float(np.std(accuracies)) / mean if mean else 0.0


def consistency(choices: list[list[str | None]]) -> float | None:
    """Mean share of language pairs that agree on the letter, over questions asked in two or more languages.

    Per question: pairs with the same letter / all pairs; no letter agrees with nothing (as in Fleiss 1971).
    """
    shares: list[float] = []
    for letters in choices:
        pairs = [(a, b) for n, a in enumerate(letters) for b in letters[n + 1 :]]
        if pairs:
            shares.append(sum(a is not None and a == b for a, b in pairs) / len(pairs))
    return float(np.mean(shares)) if shares else None
