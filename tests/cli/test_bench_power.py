"""``clara bench power`` before a run."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from clara.bench.parity.power import questions_needed
from clara.cli.app import app


def power(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["bench", "power", *arguments])
    return result.exit_code, result.output


def test_the_questions_that_a_gap_needs() -> None:
    code, out = power("--gap", "10", "--discordant", "25", "--json")
    assert (code, json.loads(out)["rows"]) == (
        0, [{"discordant": 25.0, "gap": 10.0, "questions": questions_needed(0.10, 0.25)}],
    )  # fmt: skip
    more = json.loads(power("--gap", "10", "--discordant", "25", "--tests", "6", "--json")[1])["rows"][0]["questions"]
    assert more == questions_needed(0.10, 0.25, alpha=0.05 / 6)


def test_without_a_share_those_that_can_hold_the_gap_are_tabulated() -> None:
    rows = json.loads(power("--gap", "15", "--json")[1])["rows"]
    assert [row["discordant"] for row in rows] == [20.0, 30.0, 40.0, 50.0]
    assert sorted(row["questions"] for row in rows) == [row["questions"] for row in rows]


def test_a_gap_wider_than_all_of_them_has_the_least_share_that_holds_it() -> None:
    rows = json.loads(power("--gap", "60", "--json")[1])["rows"]
    assert rows == [{"discordant": 60.0, "gap": 60.0, "questions": questions_needed(0.6, 0.6)}]


def test_the_gap_that_so_many_questions_show() -> None:
    code, out = power("--questions", "164")
    assert code == 0
    assert "10 %" in out
    assert "none" in power("--questions", "5", "--discordant", "20")[1]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [([], "give --gap"), (["--gap", "5", "--questions", "9"], "give --gap"),
     (["--gap", "30", "--discordant", "20"], "needs at least that share"), (["--gap", "200"], "not be 200 %"),
     (["--gap", "10", "--power", "100"], "not be 100 %")],
)  # fmt: skip
def test_wrong_use_is_one_sentence(arguments: list[str], reason: str) -> None:
    code, out = power(*arguments)
    assert code == 2
    assert reason in " ".join(out.split())
