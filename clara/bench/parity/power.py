"""How many questions show a gap, and which gap a number of questions can show: paired designs with McNemar's test.

A question is asked in both languages (or by both systems). ``discordant`` is the share of questions that only one side gets
right, ``gap`` the difference of the two accuracies, both as fractions; the gap cannot be larger than that share.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from clara.errors import UsageError

ALPHA = 0.05
POWER = 0.8
_TAIL = 1e-12
"""Probability of numbers of discordant questions that are left out."""
_MOST = 1_000_000
"""Most questions that are looked for."""

Floats = NDArray[np.float64]


def mcnemar_power(n: int, gap: float, discordant: float, alpha: float = ALPHA) -> float:
    """Probability that the exact two-sided test of ``n`` questions is significant (Duffy 1984, Biometrics 40:1005).

    Σ_d P(D = d) · P(B <= c_d or B >= d - c_d | d) with D ~ Binomial(n, discordant), B ~ Binomial(d, (1 + gap / discordant)
    / 2), and c_d the largest count whose p under B ~ Binomial(d, 1/2) is at most ``alpha``.

    Raises:
        UsageError: the gap is larger than the discordant share, or a fraction is none.
    """
    _check(gap, discordant, alpha)
    share = (1 + abs(gap) / discordant) / 2
    counts = _binomial(n, discordant)
    power = 0.0
    for d in np.flatnonzero(counts > _TAIL).tolist():
        null = np.cumsum(_binomial(d, 0.5))
        critical = int(np.searchsorted(null, alpha / 2, side="right"))  # how many counts from 0 on are significant
        if critical:
            chosen = _binomial(d, share)
            power += float(counts[d]) * float(chosen[:critical].sum() + chosen[d + 1 - critical :].sum())
    return power


def questions_needed(gap: float, discordant: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """The least number of questions of which the exact test sees the gap with this power.

    Begins at the approximation n = (z_(1-α/2)·√ψ + z_power·√(ψ - δ²))² / δ² (Connor 1987, Biometrics 43:207, eq. 2), which
    is that of the test without exactness and so a little low, and goes up.

    Raises:
        UsageError: as :func:`mcnemar_power`, or no number up to a million is enough.
    """
    _check(gap, discordant, alpha)
    if not 0 < power < 1:
        raise UsageError(f"the power must lie between 0 and 100 %, not be {100 * power:g} %")
    if gap == 0:
        raise UsageError("no number of questions shows a gap of 0 points")
    z_alpha, z_power = _z(1 - alpha / 2), _z(power)
    spread = z_alpha * math.sqrt(discordant) + z_power * math.sqrt(discordant - gap * gap)
    n = max(1, math.ceil((spread / gap) ** 2))
    if n > _MOST:
        raise UsageError(f"a gap of {100 * gap:g} points needs more than a million questions")
    while mcnemar_power(n, gap, discordant, alpha) < power:
        n += max(1, n // 200)
    return n


def smallest_visible_gap(n: int, discordant: float, *, alpha: float = ALPHA, power: float = POWER) -> float | None:
    """The gap that a test of ``n`` questions sees with this power, as a fraction; None if none that can be is large enough.

    Connor's approximation, solved for δ: δ² n = (z_(1-α/2)·√ψ + z_power·√(ψ - δ²))².
    """
    if n <= 0 or not 0 < discordant <= 1:
        return None
    low, high = 0.0, discordant
    z_alpha, z_power = _z(1 - alpha / 2), _z(power)

    def is_visible(gap: float) -> bool:
        spread = z_alpha * math.sqrt(discordant) + z_power * math.sqrt(max(0.0, discordant - gap * gap))
        return gap * math.sqrt(n) >= spread

    if not is_visible(high):
        return None
    for _ in range(40):
        middle = (low + high) / 2
        if is_visible(middle):
            high = middle
        else:
            low = middle
    return high


def _check(gap: float, discordant: float, alpha: float) -> None:
    if not 0 < discordant <= 1:
        raise UsageError(f"the discordant share must lie between 0 and 100 %, not be {100 * discordant:g} %")
    if abs(gap) > discordant:
        raise UsageError(
            f"a gap of {100 * gap:g} points needs at least that share of discordant questions, not {100 * discordant:g} %"
        )
    if not 0 < alpha < 1:
        raise UsageError(f"the level of the test must lie between 0 and 1, not be {alpha:g}")


def _z(probability: float) -> float:
    return NormalDist().inv_cdf(probability)


def _binomial(n: int, p: float) -> Floats:
    """P(X = k) for k from 0 to n."""
    if p >= 1:
        certain = np.zeros(n + 1)
        certain[n] = 1.0
        return certain
    k = np.arange(n + 1)
    factorials = _log_factorials(n)
    logs = factorials[n] - factorials[k] - factorials[n - k] + k * math.log(p) + (n - k) * math.log1p(-p)
    return np.exp(logs)


def _log_factorials(n: int) -> Floats:
    logs = np.zeros(n + 1)
    logs[1:] = np.cumsum(np.log(np.arange(1, n + 1)))
    return logs
