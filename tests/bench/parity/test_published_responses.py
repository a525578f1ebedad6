"""All figures on the 10,332 recorded responses of Multi-OphthaLingua, computed again with pandas, scipy and statsmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, chisquare
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from clara.bench.figures.published import read_published
from clara.bench.figures.results import metrics

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "multi_ophthalingua"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/multi_ophthalingua is not here")


@pytest.fixture(scope="module")
def runs():
    return read_published(DATA / "published_responses.csv", DATA / "answers.csv")


@pytest.fixture(scope="module")
def document(runs):
    return metrics(runs)


@pytest.fixture(scope="module")
def frame(runs):
    frame = pd.DataFrame([record for run in runs for record in run.records])
    frame["right"] = frame["outcome"] == "correct"
    return frame


@pytest.fixture(scope="module")
def wide(frame):
    """Model to questions x languages of right or not."""
    return {model: part.pivot(index="id", columns="language", values="right") for model, part in frame.groupby("strategy")}


@pytest.mark.parametrize(
    ("model", "english", "filipino"),
    [("gpt-4", 63.4, 51.8), ("Qwen2-72B-Instruct", 58.5, 49.4), ("Llama-3-70b-chat-hf", 57.3, 43.3)],
)
def test_accuracies_are_those_of_the_paper(document, model, english, filipino):
    languages = next(run["languages"] for run in document["runs"] if run["name"] == model)
    assert round(languages["english"]["accuracy"], 1) == english
    assert round(languages["tagalog"]["accuracy"], 1) == filipino


def test_nine_systems_with_all_their_answers(document):
    assert len(document["runs"]) == 9
    assert {run["n_items"] for run in document["runs"]} == {7 * 164}


def test_accuracy_and_wilson(document, wide):
    for run in document["runs"]:
        for language, cell in run["languages"].items():
            column = wide[run["name"]][language]
            assert cell["accuracy"] == pytest.approx(100 * column.mean())
            assert cell["ci95"] == pytest.approx([100 * b for b in proportion_confint(column.sum(), 164, method="wilson")])


def test_spread(document, wide):
    for run in document["runs"]:
        means = 100 * wide[run["name"]].mean()
        assert run["mean"] == pytest.approx(means.mean())
        assert (run["worst_language"], run["worst_accuracy"]) == (means.idxmin(), pytest.approx(means.min()))
        assert run["max_min_gap"] == pytest.approx(means.max() - means.min())
        assert run["cv"] == pytest.approx(means.std(ddof=0) / means.mean())
        assert run["gap_to_english"] == pytest.approx((means.drop("english") - means["english"]).to_dict())


def test_mcnemar_against_english_with_holm(document, wide):
    for run in document["runs"]:
        table = wide[run["name"]]
        names = list(run["mcnemar_vs_english"])
        expected = [mcnemar(pd.crosstab(table["english"], table[name]), exact=True).pvalue for name in names]
        found = run["mcnemar_vs_english"].values()
        assert [test["p"] for test in found] == pytest.approx(expected, abs=1e-12)
        assert [test["p_holm"] for test in found] == pytest.approx(multipletests(expected, method="holm")[1], abs=1e-12)


def test_mcnemar_between_systems_with_holm(document, wide):
    expected = []
    for entry in document["comparisons"]:
        first, second = wide[entry["a"]][entry["language"]], wide[entry["b"]][entry["language"]]
        assert entry["difference"] == pytest.approx(100 * (first.mean() - second.mean()))
        expected.append(mcnemar(pd.crosstab(first, second), exact=True).pvalue)
    assert len(expected) == 36 * 7
    assert [entry["mcnemar"]["p"] for entry in document["comparisons"]] == pytest.approx(expected, abs=1e-12)
    corrected = multipletests(expected, method="holm")[1]
    assert [entry["mcnemar"]["p_holm"] for entry in document["comparisons"]] == pytest.approx(corrected, abs=1e-12)


def test_consistency_and_kappa(document, frame):
    for run in document["runs"]:
        letters = frame[frame["strategy"] == run["name"]].pivot(index="id", columns="language", values="label")
        unanimous = letters.apply(lambda row: row.notna().all() and row.nunique() == 1, axis=1)
        assert run["consistency"] == pytest.approx(unanimous.mean())
        whole = letters.dropna()
        assert run["fleiss_kappa"]["n"] == len(whole)
        assert run["fleiss_kappa"]["kappa"] == pytest.approx(fleiss_kappa(aggregate_raters(whole.to_numpy())[0]), abs=1e-12)


def test_position_bias(document, frame):
    for run in document["runs"]:
        for language, cell in run["languages"].items():
            part = frame[(frame["strategy"] == run["name"]) & (frame["language"] == language) & frame["label"].notna()]
            gold = part["gold"].value_counts().sort_index()
            chosen = part["label"].value_counts().reindex(gold.index, fill_value=0)
            reference = chisquare(chosen, gold / gold.sum() * chosen.sum())
            assert cell["position_bias"]["chi2"] == pytest.approx(reference.statistic)
            assert cell["position_bias"]["p"] == pytest.approx(reference.pvalue, rel=1e-9)


@pytest.mark.parametrize("model", ["gpt-4", "Llama-2-70b-chat-hf", "rag_gpt-3.5-turbo"])
def test_bootstrap_intervals(document, wide, model):
    run = next(run for run in document["runs"] if run["name"] == model)
    table = wide[model].astype(float)
    columns = [table[name].to_numpy() for name in table]

    def reference(statistic):
        kwargs = {"paired": True, "vectorized": True, "n_resamples": 10_000, "method": "percentile"}
        found = bootstrap(columns, statistic, rng=np.random.default_rng(7), **kwargs)
        return [100 * bound for bound in found.confidence_interval]

    def spread(*data, axis=-1):
        means = np.stack([column.mean(axis=axis) for column in data])
        return means.max(axis=0) - means.min(axis=0)

    def mean(*data, axis=-1):
        return np.stack([column.mean(axis=axis) for column in data]).mean(axis=0)

    def hindi_gap(*data, axis=-1):
        at = list(table)
        return data[at.index("hindi")].mean(axis=axis) - data[at.index("english")].mean(axis=axis)

    assert run["max_min_gap_ci95"] == pytest.approx(reference(spread), abs=1.0)
    assert run["mean_ci95"] == pytest.approx(reference(mean), abs=1.0)
    assert run["gap_to_english_ci95"]["hindi"] == pytest.approx(reference(hindi_gap), abs=1.0)
