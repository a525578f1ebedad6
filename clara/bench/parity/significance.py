"""Tests of paired and of counted data. Exact where it costs nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def mcnemar(b: int, c: int) -> float:
    """Exact two-sided p of discordant pairs b and c (McNemar 1947, Psychometrika 12:153).

    Twice the lower tail of Binomial(b + c, 1/2) at min(b, c), at most 1; summed in whole numbers, so nothing is rounded.
    """
    n = b + c
    term = tail = 1
    for k in range(min(b, c)):
        term = term * (n - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / 2**n)


def discordant(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[int, int]:
    """b: the first does better; c: the second does, over the questions that both were asked.

    With repeats a cell is the mean of its scores, and the exact test is then a sign test over questions.
    """
    both = ~(np.isnan(first) | np.isnan(second))
    return int(np.sum((first > second) & both)), int(np.sum((second > first) & both))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for their number, step down (Holm 1979, Scand. J. Stat. 6:65), in the order given.

    With p(1) <= ... <= p(m): corrected p(i) = max over j <= i of min(1, (m - j + 1) · p(j)).
    """
    m = len(p_values)
    if not m:
        return []
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.minimum(1.0, (m - np.arange(m)) * p[order]))
    corrected = np.empty(m)
    corrected[order] = stepped
    return corrected.tolist()


def chi_square_p(statistic: float, degrees: int) -> float:
    """Upper tail of the chi-square distribution (Abramowitz and Stegun 1964, 26.4.4 and 26.4.5).

    Even degrees: e^(-x/2) · Σ (x/2)^i / i! for i < degrees / 2. Odd: erfc(sqrt(x/2)) and the terms (x/2)^(i+1/2) / Γ(i+3/2).
    """
    half = statistic / 2
    if half <= 0:
        return 1.0
    shift, total = 0.0, 0.0
    if degrees % 2:
        shift, total = 0.5, math.erfc(math.sqrt(half))
    for i in range(degrees // 2):
        total += math.exp((i + shift) * math.log(half) - half - math.lgamma(i + shift + 1))
    return min(1.0, total)


def position_bias(chosen: Mapping[str, int], gold: Mapping[str, int]) -> dict[str, Any] | None:
    """Are letters chosen as often as they are right? Pearson's goodness of fit (Pearson 1900, Phil. Mag. 50:157).

    χ² = Σ (O - E)² / E over the letters that are gold at least once, O how often a letter was chosen, E its share of the
    gold letters times the answers; k - 1 degrees of freedom. ``w`` = sqrt(χ² / n) is Cohen's effect size (1988, ch. 7): 0.1
    is small, 0.5 large. ``reliable`` is False where an expected count is below 5 (Cochran 1954). None with fewer than two
    letters.
    """
    letters = sorted(filter(gold.get, gold))
    observed: dict[str, int] = {}
    for letter in letters:
        observed[letter] = chosen.get(letter, 0)
    n = sum(observed.values())
    if len(letters) < 2 or not n:
        return None
    gold_total = sum(gold.values())
    expected = {letter: n * gold[letter] / gold_total for letter in letters}
    statistic = 0.0
    for letter, count in observed.items():
        statistic += (count - expected[letter]) ** 2 / expected[letter]
    degrees = len(letters) - 1
    return {
        "n": n,
        "chosen": observed,
        "expected": expected,
        "chi2": statistic,
        "df": degrees,
        "p": chi_square_p(statistic, degrees),
        "w": math.sqrt(statistic / n),
        "reliable": min(expected.values()) >= 5,
    }
