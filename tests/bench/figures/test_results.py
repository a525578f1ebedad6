"""Runs to figures: repeats, missing cells, scores, several strategies, and what stands in the contract."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from clara.bench.figures.results import metrics, with_clean
from clara.bench.figures.runs import Run, runs_of


def record(key, language, right, **more):
    outcome = "correct" if right else "wrong"
    return {"strategy": "x", "id": str(key), "language": language, "options": 4, "gold": "A",
            "label": "A" if right else "B", "outcome": outcome, **more}  # fmt: skip


def run_of(records, name="x", **more):
    return Run(name, "strategy", name, [{**r, "strategy": name} for r in records], **more)


def one(records, **more):
    return metrics([run_of(records, **more)])["runs"][0]


def grid(seed, questions=60, accuracy=(("english", 0.8), ("hindi", 0.5))):
    rng = np.random.default_rng(seed)
    return [record(q, language, rng.random() < p) for q in range(questions) for language, p in accuracy]


def test_every_key_of_the_contract_is_there():
    document = metrics([run_of(grid(0), "a"), run_of(grid(1), "b")])
    run = document["runs"][0]
    assert {"name", "strategy", "n_items", "languages", "mean", "worst_language", "worst_accuracy", "gap_to_english",
            "max_min_gap", "max_min_gap_ci95", "cv", "consistency", "mcnemar_vs_english", "usage"} <= run.keys()  # fmt: skip
    assert {"n", "correct", "accuracy", "ci95", "unparsed", "no_response", "abstained"} <= run["languages"]["hindi"].keys()
    assert {"a", "b", "language", "difference", "ci95", "mcnemar"} <= document["comparisons"][0].keys()


def test_gap_lies_in_its_interval_and_belongs_to_the_pairs():
    run = one(grid(3))
    low, high = run["gap_to_english_ci95"]["hindi"]
    assert low < run["gap_to_english"]["hindi"] < high
    test = run["mcnemar_vs_english"]["hindi"]
    assert 100 * (test["c"] - test["b"]) / 60 == pytest.approx(run["gap_to_english"]["hindi"])
    cells = run["languages"]
    assert run["gap_to_english"]["hindi"] == pytest.approx(cells["hindi"]["accuracy"] - cells["english"]["accuracy"])


def test_the_same_answers_twice_do_not_narrow_the_interval():
    once = grid(4)
    twice = [{**r, "repeat": turn} for turn in (0, 1) for r in once]
    first, second = one(once), one(twice)
    assert second["repeats"] == 2
    assert second["languages"]["hindi"]["n"] == 2 * first["languages"]["hindi"]["n"]
    for key in ("accuracy", "ci95"):
        assert second["languages"]["hindi"][key] == pytest.approx(first["languages"]["hindi"][key])
    assert second["mcnemar_vs_english"] == first["mcnemar_vs_english"]
    assert second["gap_to_english_ci95"]["hindi"] == pytest.approx(first["gap_to_english_ci95"]["hindi"])


def test_a_partial_run_compares_only_what_both_languages_were_asked():
    records = [record(q, "english", True) for q in range(10)] + [record(q, "hindi", q < 2) for q in range(4)]
    run = one(records, manifest={"languages": ["english", "hindi", "french"], "repeat": 1})
    assert run["missing"] == 30 - 14
    assert run["gap_to_english"] == {"hindi": pytest.approx(-50.0)}
    assert run["mcnemar_vs_english"]["hindi"]["b"] == 2


def test_a_run_that_was_stopped_lacks_the_questions_that_nobody_was_asked_yet():
    manifest = {"languages": ["english", "hindi"], "repeat": 2, "n_items": 40}
    records = [record(q, language, True) for q in range(5) for language in ("english", "hindi")]
    runs = [run_of(records, manifest=manifest)]
    assert metrics(runs)["runs"][0]["missing"] == 40 * 2 - 10
    clean = with_clean(runs, {"0", "1"})["clean"]["runs"][0]
    assert (clean["n_items"], clean["missing"]) == (6, 70)


def test_equal_ids_of_a_data_set_that_is_not_parallel_are_not_paired():
    records = [record(q, language, q % 3) for q in range(9) for language in ("english", "hindi")]
    runs = runs_of(
        [{**r, "strategy": name} for name in ("direct", "rag") for r in records], manifest={"parallel": False, "repeat": 1}
    )
    document = with_clean(runs, {"1"})
    json.dumps(document, allow_nan=False)
    run = document["runs"][0]
    assert (run["n_items"], run["n_questions"], run["mean"]) == (18, 18, pytest.approx(100 * 2 / 3))
    assert (run["consistency"], run["consistency_ci95"], run["pairwise_agreement"], run["fleiss_kappa"]) == (None,) * 4
    assert (run["gap_to_english"], run["mcnemar_vs_english"], document["gap_closed"]) == ({}, {}, [])
    assert [entry["n"] for entry in document["comparisons"]] == [9, 9]
    assert document["clean"]["left_out"] == ["1"]
    assert document["clean"]["runs"][0]["n_items"] == 16


def test_runs_without_answers_have_no_figures():
    assert metrics([]) == metrics([run_of([])]) == {"runs": [], "comparisons": [], "gap_closed": []}
    assert [run["name"] for run in metrics([run_of([], "a"), run_of(grid(1), "b")])["runs"]] == ["b"]


def test_languages_without_a_common_question_have_no_gap():
    run = one([record(1, "english", True), record(2, "hindi", False)])
    assert run["gap_to_english"] == {}
    assert run["gap_to_english_ci95"] == {}


def test_without_english_there_is_a_spread_but_no_gap():
    run = one([record(q, language, q % 2) for q in range(8) for language in ("french", "hindi")])
    assert (run["gap_to_english"], run["max_min_gap"]) == ({}, 0.0)


def test_free_text_scores_count_in_parts():
    run = one([record(q, "english", False, score=0.25 * (q % 4), options=0, label=None, gold="") for q in range(40)])
    cell = run["languages"]["english"]
    assert cell["accuracy"] == pytest.approx(37.5)
    assert cell["ci95"][0] < 37.5 < cell["ci95"][1]
    assert (run["consistency"], run["fleiss_kappa"], run["near_chance"]) == (None, None, False)


@pytest.mark.parametrize(("correct", "options", "near"), [(25, 4, True), (60, 4, False), (50, 2, True), (50, 4, False)])
def test_near_chance(correct, options, near):
    assert one([record(q, "english", q < correct, options=options) for q in range(100)])["near_chance"] is near


def test_repeats_take_no_run_away_from_chance():
    once = [record(q, "english", q < 16) for q in range(48)]
    assert one(once)["near_chance"] is True
    assert one([{**r, "repeat": turn} for turn in range(20) for r in once])["near_chance"] is True


def test_two_right_letters_double_the_chance():
    assert one([record(q, "english", True, gold="A|B") for q in range(5)])["chance"] == pytest.approx(50.0)


def test_runs_on_other_data_sets_are_not_compared():
    runs = [run_of(grid(1), "a", dataset="one"), run_of(grid(1), "b", dataset="two"), run_of(grid(2), "c", dataset="one")]
    assert {(entry["a"], entry["b"]) for entry in metrics(runs)["comparisons"]} == {("a", "c")}
    assert [run["name"] for run in metrics(runs)["runs"]] == ["a", "b", "c"]


def test_a_strategy_that_reaches_the_baselines_english_closes_the_gap():
    english = [record(q, "english", q < 80) for q in range(100)]
    base = run_of([*english, *(record(q, "hindi", q < 40) for q in range(100))], "direct")
    half = run_of([*english, *(record(q, "hindi", q < 60) for q in range(100))], "half")
    whole = run_of([*english, *(record(q, "hindi", q < 80) for q in range(100))], "whole")
    shares = {(e["run"], e["language"]): e for e in metrics([half, base, whole])["gap_closed"]}
    assert shares["half", "hindi"]["share"] == pytest.approx(0.5)
    assert shares["whole", "mean"]["share"] == pytest.approx(1.0)
    low, high = shares["half", "hindi"]["ci95"]
    assert low < 0.5 < high
    assert all(entry["baseline"] == "direct" for entry in shares.values())


def test_gap_closed_is_of_the_questions_that_stand_in_all_three_columns():
    base = [record(q, "english", q < 80) for q in range(100)] + [record(q, "hindi", q < 40) for q in range(100)]
    new = [record(q, "english", True) for q in range(100)] + [record(q, "hindi", q < 60) for q in range(50, 100)]
    shares = metrics([run_of(base, "direct"), run_of(new, "new")])["gap_closed"]
    assert {entry["language"]: entry["share"] for entry in shares} == {
        "hindi": pytest.approx((10 - 0) / (30 - 0)),
        "mean": pytest.approx(1 / 3),
    }


def test_each_run_is_held_against_the_baseline_of_its_own_model_and_settings():
    def runs(model, rounds):
        manifest = {"model": model, "settings": {"rounds": rounds}}
        return [
            Run(f"{model}{rounds}: {name}", "strategy", name, grid(seed), "f", manifest)
            for seed, name in enumerate(("rag", "direct"))
        ]

    entries = metrics([*runs("a", 3), *runs("b", 3), *runs("b", 5)])["gap_closed"]
    assert {(entry["run"], entry["baseline"]) for entry in entries} == {
        ("a3: rag", "a3: direct"),
        ("b3: rag", "b3: direct"),
        ("b5: rag", "b5: direct"),
    }


def test_worse_english_closes_no_gap():
    base = run_of([record(q, lang, q < n) for q in range(50) for lang, n in (("english", 40), ("hindi", 20))], "direct")
    worse = run_of([record(q, lang, q < n) for q in range(50) for lang, n in (("english", 20), ("hindi", 20))], "worse")
    assert {entry["share"] for entry in metrics([base, worse])["gap_closed"]} == {0.0}


def test_a_language_that_is_not_covered_is_in_no_mean_and_is_not_missing():
    refused = {"outcome": "no_response", "label": None, "error": "not german", "error_kind": "UnsupportedLanguage"}
    records = [record(q, "english", q < 5) for q in range(10)]
    records += [record(q, "german", False) | refused for q in range(10)]
    runs = runs_of(records, manifest={"n_items": 20, "languages": ["german", "english"]})
    (run,) = metrics(runs)["runs"]
    assert (list(run["languages"]), run["mean"], run["worst_language"]) == (["english"], 50.0, "english")
    assert (run["missing"], run["not_covered"]) == (0, {"german": {"n": 10, "reason": "not german"}})


def test_bins_carry_the_interval_of_their_accuracy():
    records = [record(q, "english", q < 30, confidence=0.75) for q in range(40)]
    (entry,) = one(records)["calibration"]["bins"]
    assert (entry["n"], entry["accuracy"]) == (40, 0.75)
    assert entry["ci95"] == pytest.approx(proportion_confint(30, 40, method="wilson"))


def test_cost_is_per_item_of_the_run():
    usage = {"calls": 2, "prompt_tokens": 10, "completion_tokens": 4, "seconds": 0.5}
    run = one([record(q, "english", True, usage=usage) for q in range(4)] + [record(q, "hindi", True) for q in range(4)])
    assert run["cost"] == {"calls": 1, "prompt_tokens": 5, "completion_tokens": 2, "seconds": 0.25}


def test_calibration_is_of_answers_with_a_confidence_only():
    records = [record(q, "english", q % 2, confidence=0.5) for q in range(20)]
    records += [record(q, "hindi", True) for q in range(20)]
    records += [record(99, "english", False, confidence=0.1) | {"outcome": "abstained", "label": None}]
    run = one(records)
    assert run["calibration"]["n"] == 20
    assert run["calibration"]["ece"] == pytest.approx(0.0)
    assert run["languages"]["hindi"]["calibration"] is None


def test_cost_is_per_item_and_language():
    usage = {"calls": 2, "prompt_tokens": 10, "completion_tokens": 4, "seconds": 0.5}
    records = [record(q, "english", True, usage=usage) for q in range(4)] + [record(q, "hindi", True) for q in range(4)]
    run = one(records)
    assert run["languages"]["english"]["cost"] == usage
    assert run["languages"]["hindi"]["cost"]["calls"] == 0
    assert run["usage"]["calls"] == 8


def test_always_the_same_letter_is_a_position_bias():
    records = [record(q, "english", gold == "A") | {"gold": gold, "label": "A"} for q in range(40) for gold in "ABCD"]
    bias = one([{**r, "id": str(n)} for n, r in enumerate(records)])["languages"]["english"]["position_bias"]
    assert (bias["p"], bias["w"]) == (pytest.approx(0.0, abs=1e-9), pytest.approx(3**0.5))


def test_clean_figures_stand_beside_the_others():
    records = [record(q, "english", q < 5) for q in range(10)]
    document = with_clean([run_of(records)], {"9", "8", "unknown"})
    assert document["runs"][0]["n_items"] == 10
    assert document["clean"]["runs"][0]["n_items"] == 8
    assert document["clean"]["left_out"] == ["8", "9"]


def test_strategies_of_a_journal_become_runs():
    runs = runs_of([record(1, "english", True), {**record(1, "english", True), "strategy": "y"}], prefix="p: ")
    assert [(run.name, run.label, run.kind) for run in runs] == [("p: x", "x", "strategy"), ("p: y", "y", "strategy")]


ANSWERS = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.integers(0, 1), st.integers(0, 4), st.sampled_from(("english", "hindi", "french"))),
    st.tuples(
        st.sampled_from(("correct", "wrong", "unparsed", "no_response", "abstained")), st.sampled_from((None, 0.2, 0.9))
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_any_partial_run_has_figures_that_fit_together(answers):
    records = [
        record(q, language, outcome == "correct", strategy=strategy, repeat=repeat, confidence=confidence)
        | {"outcome": outcome, "label": {"correct": "A", "wrong": "B"}.get(outcome)}
        for (strategy, repeat, q, language), (outcome, confidence) in answers.items()
    ]
    document = metrics(runs_of(records))
    json.dumps(document, allow_nan=False)
    for run in document["runs"]:
        cells = run["languages"].values()
        assert sum(cell["n"] for cell in cells) == run["n_items"]
        assert all(cell["ci95"][0] <= 100 and cell["ci95"][1] >= 0 for cell in cells)
        assert run["worst_accuracy"] <= run["mean"] + 1e-9
        assert all(test["p"] <= test["p_holm"] <= 1 for test in run["mcnemar_vs_english"].values())
        for language, gap in run["gap_to_english"].items():
            assert -100 <= gap <= 100
            assert run["gap_to_english_ci95"][language] is not None
