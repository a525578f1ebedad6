"""Do two figures put the languages in the same order?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Z95 = 1.959963984540054


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation ρ: Pearson's of the ranks, ties sharing their mean rank (Spearman 1904, Am. J. Psychol. 15:72).

    None with fewer than two pairs, or where one side has a single value.
    """
    if len(first) < 2:
        return None
    a, b = _ranks(first), _ranks(second)
    a, b = a - a.mean(), b - b.mean()
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm else None


def spearman_interval(rho: float, n: int) -> tuple[float, float] | None:
    """95 % interval: tanh(artanh ρ ± 1.96·√((1 + ρ²/2) / (n - 3))) (Bonett and Wright 2000, Psychometrika 65:23, eq. 4).

    None with fewer than four pairs, or where all ranks agree: the transform has no bound there.
    """
    if n < 4 or abs(rho) >= 1:
        return None
    centre = math.atanh(rho)
    half = _Z95 * math.sqrt((1 + rho * rho / 2) / (n - 3))
    return math.tanh(centre - half), math.tanh(centre + half)


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    _, place, count = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(count).astype(np.float64)
    return (last - (count - 1) / 2)[place]
