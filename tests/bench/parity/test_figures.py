"""The statistics against scipy and statsmodels, on random numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, chi2, chisquare
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as reference_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from clara.bench import parity


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


def test_mcnemar_of_many_pairs_stays_exact():
    assert parity.mcnemar(5000, 5000) == 1.0
    assert parity.mcnemar(5300, 4700) == pytest.approx(2 * 1.06e-9, rel=0.05)


def test_mcnemar_without_discordant_pairs_is_one():
    assert parity.mcnemar(0, 0) == 1.0


def test_discordant_leaves_out_what_one_was_not_asked():
    first, second = np.array([1, 1, 0, np.nan, 1]), np.array([0, 1, 1, 1, np.nan])
    assert parity.discordant(first, second) == (1, 1)


@pytest.mark.parametrize("seed", range(10))
def test_holm_is_that_of_statsmodels(seed):
    p_values = np.random.default_rng(seed).random(seed + 1).round(1 + seed % 3)  # some are equal
    assert parity.holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_holm_of_nothing_is_nothing():
    assert parity.holm([]) == []


@given(st.floats(0, 500), st.integers(1, 30))
def test_chi_square_tail_is_that_of_scipy(statistic, degrees):
    assert parity.chi_square_p(statistic, degrees) == pytest.approx(chi2.sf(statistic, degrees), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("seed", range(10))
def test_position_bias_is_pearsons_test_of_scipy(seed):
    rng = np.random.default_rng(seed)
    gold = dict(zip("ABCD", (int(n) for n in rng.integers(5, 60, 4)), strict=True))
    chosen = dict(zip("ABCD", (int(n) for n in rng.integers(5, 60, 4)), strict=True))
    found = parity.position_bias(chosen, gold)
    expected = np.array(list(gold.values())) / sum(gold.values()) * sum(chosen.values())
    reference = chisquare(list(chosen.values()), expected)
    assert (found["chi2"], found["p"]) == pytest.approx((reference.statistic, reference.pvalue), abs=1e-12)


def test_position_bias_is_unreliable_with_few_and_none_with_one_letter():
    assert parity.position_bias({"A": 3, "B": 1}, {"A": 2, "B": 2})["reliable"] is False
    assert parity.position_bias({"A": 3}, {"A": 3}) is None
    assert parity.position_bias({}, {"A": 3, "B": 3}) is None


@pytest.mark.parametrize("seed", range(3))
def test_paired_bootstrap_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    scores = (rng.random((150, 2)) < (0.7, 0.55)).astype(float)
    reference = bootstrap(
        (scores[:, 0], scores[:, 1]),
        lambda x, y, axis=-1: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        method="percentile",
        rng=np.random.default_rng(99),
    ).confidence_interval
    means = parity.resampled_means(scores)
    assert parity.percentile_interval(means[:, 0] - means[:, 1]) == pytest.approx(tuple(reference), abs=0.015)


def test_resampled_columns_stay_paired():
    column = (np.random.default_rng(1).random(100) < 0.5).astype(float)
    means = parity.resampled_means(np.column_stack([column, column]))
    assert np.array_equal(means[:, 0], means[:, 1])


def test_resampling_in_blocks_changes_nothing_but_the_draw(monkeypatch):
    scores = (np.random.default_rng(2).random((300, 3)) < 0.4).astype(float)
    whole = parity.percentile_intervals(parity.resampled_means(scores))
    monkeypatch.setattr("clara.bench.parity.intervals._BLOCK", 1000)
    assert parity.percentile_intervals(parity.resampled_means(scores)) == pytest.approx(whole, abs=0.01)


def test_cells_that_nobody_asked_do_not_count():
    scores = np.array([[1.0, np.nan], [0.0, np.nan], [1.0, 1.0], [0.0, 1.0]])
    means = parity.resampled_means(scores, resamples=2000)
    asked = means[~np.isnan(means[:, 1]), 1]
    assert set(asked) == {1.0}
    assert 0 < np.isnan(means[:, 1]).mean() < 0.2  # 1/16 of the samples hold neither of the two
    assert np.isnan(parity.percentile_intervals(np.full((10, 1), np.nan))).all()


def test_consistency_is_the_share_of_unanimous_items():
    assert parity.consistency([["A", "A", "B"], ["C", "C", "C"]]) == pytest.approx(0.5)
    assert parity.consistency([[None, None]]) == 0.0
    assert parity.consistency([["A"]]) is None


def test_pairwise_agreement_counts_agreeing_pairs():
    assert parity.pairwise_agreement([["A", "A", "B"], ["C", "C", "C"]]) == pytest.approx((1 / 3 + 1) / 2)
    assert parity.pairwise_agreement([[None, None]]) == 0.0
    assert parity.pairwise_agreement([["A"]]) is None


@pytest.mark.parametrize("seed", range(10))
def test_fleiss_kappa_is_that_of_statsmodels(seed):
    table = np.random.default_rng(seed).integers(0, 4, (50, 7))
    kappa, n = parity.fleiss_kappa([["ABCD"[value] for value in row] for row in table])
    assert (kappa, n) == (pytest.approx(reference_kappa(aggregate_raters(table)[0]), abs=1e-12), 50)


def test_fleiss_kappa_leaves_out_items_without_a_letter_everywhere():
    whole = [["A", "B"], ["B", "B"], ["A", "A"]]
    kappa, n = parity.fleiss_kappa([*whole, ["A", None], ["A"]])
    assert (kappa, n) == (parity.fleiss_kappa(whole)[0], 3)
    assert parity.fleiss_kappa([["A", "A"], ["A", "A"]]) == (1.0, 2)
    assert parity.fleiss_kappa([["A"]]) is None


def test_variation_is_the_population_deviation_over_the_mean():
    assert parity.variation([40.0, 60.0]) == pytest.approx(0.2)  # 10 / 50
    assert parity.variation([50.0, 50.0]) == 0.0
    assert parity.variation([0.0, 0.0]) == 0.0


def test_percentile_intervals_leave_out_samples_that_are_nan():
    whole = np.arange(101.0)
    with_gaps = np.where(whole <= 40, whole, np.nan)
    bounds = parity.percentile_intervals(np.column_stack([whole, with_gaps, np.full(101, np.nan)]))
    assert bounds[:2].tolist() == [pytest.approx([2.5, 97.5]), pytest.approx([1.0, 39.0])]
    assert np.isnan(bounds[2]).all()
    assert parity.percentile_interval(whole) == pytest.approx((2.5, 97.5))


def test_mcnemar_by_hand():
    assert parity.mcnemar(1, 5) == parity.mcnemar(5, 1) == 2 * (1 + 6) / 2**6
    assert parity.mcnemar(0, 3) == 2 * 1 / 2**3


def test_kappa_by_hand():
    # pairs that agree: all, 1 of 3; their mean is 2/3. Shares of the letters: A 4/6, B 2/6, so chance is 5/9
    kappa, items = parity.fleiss_kappa([["A", "A", "A"], ["A", "B", "B"]])
    assert (kappa, items) == (pytest.approx((2 / 3 - 5 / 9) / (4 / 9)), 2)
    assert parity.fleiss_kappa([["A", "A"], ["A", "A"]]) == (1.0, 2)
    assert parity.fleiss_kappa([["A"], ["B"]]) is None
    assert parity.fleiss_kappa([]) is None


def test_position_bias_by_hand():
    # twelve answers; A is gold twice as often as B, so 8 and 4 are expected: (9 - 8)² / 8 + (3 - 4)² / 4
    bias = parity.position_bias({"A": 9, "B": 3, "C": 5}, {"A": 10, "B": 5, "C": 0})
    assert (bias["n"], bias["chosen"], bias["expected"]) == (12, {"A": 9, "B": 3}, {"A": 8.0, "B": 4.0})
    assert (bias["chi2"], bias["df"], bias["reliable"]) == (pytest.approx(0.375), 1, False)
    assert bias["w"] == pytest.approx((0.375 / 12) ** 0.5)
    assert parity.position_bias({"C": 5}, {"A": 1, "B": 1, "C": 0}) is None


def test_agreement_of_rows_of_different_length():
    rows = [["A", "A"], ["A", "B", "A"], ["C"], [None, None]]
    assert parity.consistency(rows) == pytest.approx(1 / 3)
    assert parity.pairwise_agreement(rows) == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert (parity.consistency([["A"]]), parity.pairwise_agreement([["A"]])) == (None, None)
