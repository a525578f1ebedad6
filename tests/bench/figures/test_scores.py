"""Means and gaps of scorers from the paired bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clara.bench.figures.scores import score_figures
from clara.bench.scoring.scorers import Response
from clara.errors import UsageError
from tests.bench.figures.records import answers, run


def by_id(response: Response) -> float | None:
    """A score that depends on id and language; the last question is nobody's business."""
    number = int(response.record["id"])
    if number == 39:
        return None
    return number / 40 if response.language == "english" else number / 80


def test_means_gaps_and_intervals_are_of_the_scored_questions() -> None:
    runs = [run(answers("english", "A" * 40), answers("hindi", "A" * 40))]
    english, hindi = score_figures(runs, {"mine": by_id})
    scores = np.arange(39) / 40
    assert (english["n"], english["mean"], english["gap"]) == (39, pytest.approx(100 * scores.mean()), None)
    assert (hindi["scorer"], hindi["gap"]) == ("mine", pytest.approx(-100 * (scores / 2).mean()))
    expected = stats.bootstrap((scores,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1))
    assert english["ci95"] == pytest.approx([100 * bound for bound in expected.confidence_interval], abs=1.0)
    halves = stats.bootstrap((-scores / 2,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1))
    assert hindi["gap_ci95"] == pytest.approx([100 * bound for bound in halves.confidence_interval], abs=1.0)


def test_a_scorer_that_scores_nothing_has_no_row() -> None:
    assert score_figures([run(answers("english", "AB"))], {"none": lambda _response: None}) == []


def test_a_scorer_that_fails_or_leaves_its_range_is_named_with_the_item() -> None:
    runs = [run(answers("english", "A"))]
    with pytest.raises(UsageError, match="the scorer 'bad' fails at 0 in english: ZeroDivisionError"):
        score_figures(runs, {"bad": lambda _response: 1 / 0})
    with pytest.raises(UsageError, match=r"the scorer 'bad' gives 7.* at 0: a score lies between 0 and 1"):
        score_figures(runs, {"bad": lambda _response: 7.0})
