"""Money from tokens and a price table."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.bench.figures.money import money_figures, read_prices
from clara.bench.figures.results import metrics
from clara.cli.app import app
from clara.errors import DataError, UsageError
from tests.bench.figures.records import answers, run

TABLE = """currency = "EUR"
[models."org/small"]
prompt = 0.5
completion = 2
[models.large]
prompt = 3.0
completion = 15.0
cached_prompt = 0.3
"""
USAGE = {"calls": 2, "prompt_tokens": 3000, "cached_prompt_tokens": 1000, "completion_tokens": 200, "seconds": 1.0}


def table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("model", "each"),
    [("org/small", (3000 * 0.5 + 200 * 2) / 1e6), ("large", (2000 * 3 + 1000 * 0.3 + 200 * 15) / 1e6)],
)
def test_tokens_times_prices(tmp_path: Path, model: str, each: float) -> None:
    runs = [run(answers("english", "AAAB", usage=USAGE), manifest={"model": model})]
    (entry,) = money_figures(metrics(runs), runs, read_prices(table(tmp_path)))
    assert (entry["currency"], entry["model"]) == ("EUR", model)
    assert entry["total"] == pytest.approx(4 * each)
    assert entry["per_item"] == pytest.approx(each)
    assert entry["per_correct"] == pytest.approx(4 * each / 3)


def test_nothing_asked_costs_nothing_and_nothing_right_has_no_price(tmp_path: Path) -> None:
    runs = [run(answers("english", "BB"), manifest={"model": "none"})]
    (entry,) = money_figures(metrics(runs), runs, read_prices(table(tmp_path)))
    assert (entry["total"], entry["per_correct"]) == (0.0, None)


def test_a_model_without_a_price_is_refused(tmp_path: Path) -> None:
    runs = [run(answers("english", "A", usage=USAGE), manifest={"model": "other"})]
    with pytest.raises(UsageError, match="no model 'other'; it has org/small, large"):
        money_figures(metrics(runs), runs, read_prices(table(tmp_path)))


def test_a_named_model_without_a_price_is_refused_before_the_run(tmp_path: Path) -> None:
    prices, folder = str(table(tmp_path)), tmp_path / "run"
    options = ["--limit", "1", "--models", "other@http://127.0.0.1:9/v1", "--prices", prices, "--out", str(folder)]
    result = CliRunner().invoke(app, ["bench", "run", "sample", *options], env={"CLARA_HOME": str(tmp_path)})
    assert "no model 'other'" in result.output
    assert result.exit_code != 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("currency = 1", "needs currency"),
        ('currency = "EUR"\n[models.a]\nprompt = 1', "needs the prices prompt and completion"),
        ('currency = "EUR"\n[models.a]\nprompt = -1\ncompletion = 1', "not below 0, not -1"),
        ('currency = "EUR"\n[models.a]\nprompt = true\ncompletion = 1', "not below 0, not True"),
        ('currency = "EUR"\n[models.a]\ninput = 1\ncompletion = 1', "has input; a price is one of"),
        ('currency = "EUR"\n[models]\na = 3', "has no prices"),
        ("= no", "is no TOML file"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_prices(table(tmp_path, text))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read the price table .*gone\.toml"):
        read_prices(tmp_path / "gone.toml")
