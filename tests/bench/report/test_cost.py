"""Accuracy against cost, all runs in one table."""

from __future__ import annotations

from typing import Any

from clara.bench.report.cost import cost_sheet, money_sheet


def run(name: str, mean: float, calls: float, seconds: float = 1.0, languages: str = "english") -> dict[str, Any]:
    cost = {"calls": calls, "prompt_tokens": 100 * calls, "completion_tokens": 10 * calls, "seconds": seconds}
    return {"name": name, "mean": mean, "mean_ci95": [mean - 5, mean + 5], "cost": cost, "languages": {languages: {}}}


def dominating(*runs: dict[str, Any]) -> list[str]:
    return [row[-1].text for row in cost_sheet({"runs": runs}).rows]


def test_a_row_holds_accuracy_and_cost_an_item() -> None:
    (row,) = cost_sheet({"runs": [run("clara", 62.5, 8.25, 1.234)]}).rows
    assert [cell.full for cell in row] == ["clara", "62.5 % [57.5, 67.5]", "8.2", "908", "1.2", ""]


def test_a_run_is_dominated_by_one_that_is_no_worse_in_anything() -> None:
    assert dominating(run("a", 50, 1), run("b", 50, 2), run("c", 60, 2)) == ["", "a", ""]
    assert dominating(run("a", 50, 1), run("b", 50, 1)) == ["", ""]
    assert dominating(run("a", 50, 1, 2.0), run("b", 50, 2, 1.0)) == ["", ""]


def test_runs_on_other_languages_are_not_weighed_against_each_other() -> None:
    assert dominating(run("a", 50, 1), run("b", 40, 1, languages="hindi")) == ["", ""]


def test_recorded_responses_without_costs_have_no_table() -> None:
    assert cost_sheet({"runs": [run("a", 50, 0, 0.0)]}).rows == ()


def test_money_stands_in_the_currency_of_the_table() -> None:
    entry = {"run": "clara", "model": "m", "currency": "EUR", "total": 12.345, "per_item": 0.0245, "per_correct": None}
    sheet = money_sheet({"runs": [], "money": [entry]})
    assert sheet.caption.startswith("Money in EUR")
    assert [cell.full for cell in sheet.rows[0]] == ["clara", "m", "12.3", "0.0245", "–"]
    assert money_sheet({"runs": []}).rows == ()
