"""Power of paired designs against an enumeration with scipy and a simulation with the test of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_test

from clara.bench.parity.power import mcnemar_power, questions_needed, smallest_visible_gap
from clara.errors import UsageError


def enumerated(n: int, gap: float, discordant: float, alpha: float = 0.05) -> float:
    """Every table of n questions with its probability, counted where scipy's exact test is significant."""
    only_first, only_second = (discordant + gap) / 2, (discordant - gap) / 2
    total = 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            if b + c and stats.binomtest(b, b + c, 0.5).pvalue <= alpha:
                total += stats.multinomial.pmf([b, c, n - b - c], n, [only_first, only_second, 1 - discordant])
    return total


@pytest.mark.parametrize(("n", "gap", "discordant"), [(30, 0.2, 0.3), (24, 0.3, 0.3), (40, 0.0, 0.5), (25, -0.25, 0.4)])
def test_power_agrees_with_an_enumeration(n: int, gap: float, discordant: float) -> None:
    assert mcnemar_power(n, gap, discordant) == pytest.approx(enumerated(n, gap, discordant), abs=1e-9)


def test_power_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(0)
    tables = rng.multinomial(164, [0.20, 0.08, 0.72], size=2000)
    significant = [reference_test([[0, b], [c, 0]], exact=True).pvalue <= 0.05 for b, c, _ in tables]
    assert mcnemar_power(164, 0.12, 0.28) == pytest.approx(np.mean(significant), abs=0.03)


@pytest.mark.parametrize(("gap", "discordant"), [(0.05, 0.2), (0.1, 0.25), (0.1, 0.5), (0.3, 0.3)])
def test_the_number_of_questions_is_the_first_that_is_enough(gap: float, discordant: float) -> None:
    n = questions_needed(gap, discordant)
    assert mcnemar_power(n, gap, discordant) >= 0.8
    assert mcnemar_power(int(n * 0.9), gap, discordant) < 0.8
    # Connor's approximation, which is that of the test without exactness, is a little lower
    z_alpha, z_power = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    connor = (z_alpha * discordant**0.5 + z_power * (discordant - gap**2) ** 0.5) ** 2 / gap**2
    assert connor <= n <= 1.15 * connor + 6


@pytest.mark.parametrize(("n", "discordant"), [(164, 0.3), (500, 0.2), (1000, 0.5)])
def test_the_smallest_visible_gap_has_the_power_that_was_asked_for(n: int, discordant: float) -> None:
    gap = smallest_visible_gap(n, discordant)
    assert gap is not None
    assert 0.74 <= mcnemar_power(n, gap, discordant) <= 0.82
    stricter = smallest_visible_gap(n, discordant, alpha=0.05 / 6)
    assert stricter is not None
    assert stricter > gap


def test_a_few_questions_can_show_nothing() -> None:
    assert smallest_visible_gap(5, 0.2) is None
    assert smallest_visible_gap(0, 0.2) is None
    assert smallest_visible_gap(100, 0.0) is None


@pytest.mark.parametrize(
    ("gap", "discordant", "reason"),
    [(0.3, 0.2, "needs at least that share"), (0.0, 0.2, "a gap of 0 points"), (0.1, 1.2, "discordant share"),
     (0.0001, 0.9, "more than a million")],
)  # fmt: skip
def test_what_cannot_be_is_refused(gap: float, discordant: float, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        questions_needed(gap, discordant)
