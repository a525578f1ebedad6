"""One cell as a page, a terminal and an article write it."""

from __future__ import annotations

import pytest

from clara.bench.report.accuracy import ARTICLE, lost_outcomes, parity_sheet, recovered_cell, spread_cell
from clara.bench.report.sheet import Cell, Sheet, count, figure, is_significant, languages_of, p_value, signed, word


def test_a_cell_wide_and_narrow() -> None:
    cell = Cell("61.3", 61.3, (-2.04, 68.96), gap=-4.25, star=True)
    assert cell.full == "61.3 [−2.0, 69.0]*"
    assert cell.brief == "61.3 [−2–69] −4.2*"
    assert (word("Hindi").full, word("Hindi").brief, word("Hindi").sort) == ("Hindi", "Hindi", "hindi")


@pytest.mark.parametrize(
    ("points", "decimals", "text"),
    [(4.25, 1, "+4.2"), (-4.26, 1, "−4.3"), (0.0, 1, "+0.0"), (-0.04, 1, "+0.0"), (-0.6, 0, "−1"), (12, 0, "+12")],
)
def test_points_carry_their_sign_and_zero_is_never_below(points: float, decimals: int, text: str) -> None:
    assert signed(points, decimals) == text


def test_figures() -> None:
    assert figure(None) == Cell("–", float("-inf"))
    assert figure(-1.25, ".2f") == Cell("−1.25", -1.25)
    assert figure(12, ".0f", " %", [10, 14]) == Cell("12 %", 12, (10, 14))
    assert [p_value(p).text for p in (0.0004, 0.001, 0.0499)] == ["< 0.001", "0.001", "0.050"]


def test_a_star_is_for_p_below_five_per_cent_after_holm() -> None:
    assert is_significant({"p": 0.2, "p_holm": 0.0499})
    assert not is_significant({"p": 0.001, "p_holm": 0.05})
    assert not is_significant(None)


def test_long_tables_of_languages_lie_folded_and_tables_of_runs_never() -> None:
    rows = ((word("x"),),) * 13
    assert Sheet("gaps", "", ("run",), rows, heads=2).folded
    assert not Sheet("gaps", "", ("run",), rows[:12], heads=2).folded
    assert not Sheet("parity", "", ("run",), rows).folded


def outcomes(**counts: int) -> dict[str, int]:
    return {"unparsed": 0, "no_response": 0, "abstained": 0} | counts


DOCUMENT = {
    "runs": [
        {"languages": {"hindi": outcomes(unparsed=2), "english": outcomes(abstained=1)}},
        {"languages": {"french": outcomes(abstained=3), "hindi": outcomes()}},
    ]
}


def test_languages_of_all_runs_in_the_order_of_the_first() -> None:
    assert languages_of(DOCUMENT) == ["hindi", "english", "french"]


def test_what_was_lost_is_counted_over_languages_and_named_if_it_occurs() -> None:
    assert [count(run, "abstained") for run in DOCUMENT["runs"]] == [1, 3]
    assert lost_outcomes(DOCUMENT) == ["unparsed", "abstained"]
    assert lost_outcomes({"runs": []}) == []


def test_the_share_of_a_gap_is_in_per_cent() -> None:
    assert recovered_cell({"share": 0.255, "ci95": [-0.1, 0.5]}).full == "25.5 % [−10.0, 50.0]"
    assert recovered_cell({"share": None, "ci95": [0.4, 6.0]}).full == "undetermined"
    assert recovered_cell(None).text == "–"


def test_the_change_of_the_spread_carries_its_sign() -> None:
    assert spread_cell({"max_min": {"change": 6.2, "ci95": [-1.0, 12.0]}}).full == "+6.2 [−1.0, 12.0]"
    assert spread_cell(None).text == "–"


def test_a_row_of_the_parity_table() -> None:
    run = {
        "name": "clara", "mean": 70.0, "mean_ci95": [60.0, 80.0], "max_min_gap": 20.0, "max_min_gap_ci95": [5.0, 35.0],
        "consistency": 0.5, "gap_to_english": {"hindi": -20.0}, "mcnemar_vs_english": {"hindi": {"p_holm": 0.01}},
        "languages": {
            "english": {"accuracy": 80.0, "ci95": [70.0, 90.0]}, "hindi": {"accuracy": 60.0, "ci95": [50.0, 70.0]},
        },
    }  # fmt: skip
    other = run | {"name": "rag", "languages": {"english": run["languages"]["english"]}, "consistency": None}
    sheet = parity_sheet({"runs": [run, other]}, ARTICLE)
    assert sheet.header == ("run", "english", "hindi", "mean", "most behind English", "max − min", "consistency")
    assert [cell.full for cell in sheet.rows[0]] == [
        "clara", "80.0 [70.0, 90.0]", "60.0 [50.0, 70.0]*", "70.0 [60.0, 80.0]", "hindi −20.0",
        "20.0 [5.0, 35.0]", "50 %",
    ]  # fmt: skip
    assert sheet.rows[0][2].brief == "60.0 [50–70] −20.0*"
    assert [cell.text for cell in sheet.rows[1]][2::4] == ["–", "–"]
