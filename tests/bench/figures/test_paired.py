"""Questions in rows, languages in columns: every figure here is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from clara.bench.figures.paired import (
    Intervals,
    choices,
    compare,
    correct,
    interval,
    mcnemar,
    tables_of,
)
from tests.bench.figures.records import answers, run

NAN = float("nan")


def test_a_cell_is_the_mean_of_its_repeats_and_nan_where_nobody_asked() -> None:
    english = answers("english", "AAB") + answers("english", "BA.", repeat=1)
    table = tables_of([run(english, answers("hindi", "A.B"))])[0]
    assert list(table.columns) == ["english", "hindi"]
    np.testing.assert_array_equal(table.columns["english"], [0.5, 1, 0])
    np.testing.assert_array_equal(table.columns["hindi"], [1, NAN, 0])
    assert table.others == ["hindi"]


def test_tables_of_several_runs_have_the_same_rows() -> None:
    first, second = tables_of([run(answers("english", ".A")), run(answers("english", "A.A"), name="y")])
    np.testing.assert_array_equal(first.columns["english"], [1, NAN, NAN])  # question 1 comes first
    np.testing.assert_array_equal(second.columns["english"], [NAN, 1, 1])


def test_a_language_that_shares_no_question_with_english_has_no_partner() -> None:
    assert tables_of([run(answers("english", "A."), answers("hindi", ".A"))])[0].others == []
    assert tables_of([run(answers("french", "A"), answers("hindi", "A"))])[0].others == []


def test_agreement_is_of_questions_asked_in_two_languages() -> None:
    table = tables_of([run(answers("english", "ABA-"), answers("hindi", "AA.-"))])[0]
    np.testing.assert_array_equal(table.agree, [1, 0, NAN, 0])


def test_choices_are_grouped_by_repeat_and_leave_out_free_text() -> None:
    records = answers("english", "AB") + answers("hindi", "A-") + answers("english", "B", repeat=1)
    free_text = answers("english", "..-", options=0)
    assert choices([*records, *free_text]) == {(0, "0"): ["A", "A"], (0, "1"): ["B", None], (1, "0"): ["B"]}


def test_differences_are_of_the_questions_that_both_runs_asked() -> None:
    tables = tables_of([run(answers("english", "AAAB")), run(answers("english", "BABA."), name="y")])
    (entry,) = compare(*tables, Intervals(tables))
    assert (entry["a"], entry["b"], entry["language"], entry["n"]) == ("x", "y", "english", 4)
    assert entry["difference"] == pytest.approx(100 * (3 - 2) / 4)
    assert entry["mcnemar"] == {"b": 2, "c": 1, "p": 1.0}  # 2 · (1 + 3) / 8
    low, high = entry["ci95"]
    assert low <= entry["difference"] <= high


def test_a_language_of_one_run_alone_is_not_compared() -> None:
    tables = tables_of([run(answers("english", "A")), run(answers("hindi", "A"), name="y")])
    assert list(compare(*tables, Intervals(tables))) == []


def test_an_interval_of_constant_samples_is_a_point() -> None:
    assert interval(np.full(9, 0.25)) == [25.0, 25.0]
    tables = tables_of([run(answers("english", "AAA"), answers("hindi", "BBB"))])
    assert Intervals(tables).of("x", "gap", "hindi") == [-100.0, -100.0]
    assert Intervals(tables).of("x", "agree", "") == [0.0, 0.0]
    assert Intervals(tables_of([run(answers("english", "AB"))])).of("x", "agree", "") is None


def test_mcnemar_of_two_columns() -> None:
    assert mcnemar(np.array([1, 1, 1, 0.0]), np.array([0, 0, 0, NAN])) == {"b": 3, "c": 0, "p": 0.25}


def test_holm_goes_over_all_tests_at_once() -> None:
    tests = [{"p": 0.03}, {"p": 0.01}, {"p": 0.04}]
    correct(tests)
    # sorted: 3 · 0.01, 2 · 0.03, then 0.04, which may not be below the one before
    assert [test["p_holm"] for test in tests] == pytest.approx([0.06, 0.03, 0.06])
