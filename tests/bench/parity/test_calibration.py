"""Calibration and selective accuracy against straightforward loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clara.bench import parity

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def arrays(answers):
    return np.array([c for c, _ in answers]), np.array([float(right) for _, right in answers])


@given(ANSWERS)
def test_ece_is_the_weighted_distance_of_its_bins(answers):
    confidence, correct = arrays(answers)
    total = 0.0
    for b in range(10):
        inside = [i for i, c in enumerate(confidence) if (b / 10 < c <= (b + 1) / 10) or (b == 0 and c <= 0.1)]
        inside = [i for i in inside if min(9, max(0, int(np.ceil(confidence[i] * 10)) - 1)) == b]
        if inside:
            total += len(inside) * abs(np.mean(correct[inside]) - np.mean(confidence[inside]))
    assert parity.ece(confidence, correct) == pytest.approx(total / len(answers), abs=1e-9)


@given(ANSWERS)
def test_brier_is_the_mean_square(answers):
    confidence, correct = arrays(answers)
    assert parity.brier(confidence, correct) == pytest.approx(np.mean((confidence - correct) ** 2))


def test_risk_falls_to_zero_where_confidence_ranks_perfectly():
    coverage, risk = parity.risk_coverage(np.array([0.9, 0.8, 0.2, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert parity.aurc(np.array([0.9, 0.8, 0.2, 0.1]), np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(5 / 24)


@given(ANSWERS, st.randoms())
def test_the_order_of_equal_confidences_does_not_matter(answers, random):
    rounded = [(round(c, 1), right) for c, right in answers]
    shuffled = random.sample(rounded, len(rounded))
    assert parity.aurc(*arrays(rounded)) == pytest.approx(parity.aurc(*arrays(shuffled)))


@given(ANSWERS)
def test_risk_at_full_coverage_is_the_error_rate(answers):
    confidence, correct = arrays(answers)
    assert parity.risk_coverage(confidence, correct)[1][-1] == pytest.approx(1 - correct.mean())


def test_calibration_of_nothing_is_nothing():
    assert parity.calibration(np.array([]), np.array([])) is None


def test_calibration_keeps_only_bins_with_answers_and_a_short_curve():
    rng = np.random.default_rng(0)
    confidence = rng.choice([0.25, 0.95], 1000)
    found = parity.calibration(confidence, (rng.random(1000) < confidence).astype(float))
    assert [(low, high) for low, high, *_ in found.bins] == [(0.2, 0.3), (0.9, 1.0)]
    assert sum(n for _, _, n, _, _ in found.bins) == found.n == 1000
    assert found.ece < 0.05
    assert len(found.curve) == 100
    assert found.curve[-1][0] == 1.0
