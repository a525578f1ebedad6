"""A language that has no answer at all is refused before the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.backbone.base import BackboneInfo
from clara.bench.datasets import load_dataset
from clara.bench.replay.coverage import refuse_uncovered, uncovered_languages
from clara.cli.app import app
from clara.errors import UsageError

HEADER = "id,english,german,hindi,answer\n"
ROW = '{n},"What is this? a) one b) two","Was ist das? a) eins b) zwei","यह क्या है? a) एक b) दो",B\n'


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.csv"
    path.write_text(HEADER + ROW.format(n=1) + ROW.format(n=2), encoding="utf-8")
    return path


def info(*codes: str, uses_model: bool = True) -> BackboneInfo:
    return BackboneInfo("test", "m", uses_model, frozenset(codes) if codes else None)


def test_a_backbone_that_names_no_languages_covers_all(toy: Path) -> None:
    refuse_uncovered(load_dataset(toy), info())
    assert uncovered_languages(load_dataset(toy), info()) == []


def test_the_others_are_offered_as_the_option_to_give(toy: Path) -> None:
    assert uncovered_languages(load_dataset(toy), info("en", "hi")) == ["german"]
    with pytest.raises(UsageError, match=r"m does not cover german, .* with --languages english,hindi, or"):
        refuse_uncovered(load_dataset(toy), info("en", "hi"))
    with pytest.raises(UsageError, match="does not cover english, german, hindi, and no answer is no measurement: connect"):
        refuse_uncovered(load_dataset(toy), info("fr"))


def test_bench_run_refuses_before_it_writes_and_runs_on_what_is_covered(toy: Path, tmp_path: Path) -> None:
    command = ["bench", "run", str(toy), "-s", "direct", "--json", "--out", str(tmp_path / "run")]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "the embedded profile does not cover german" in refused.stderr
    assert not (tmp_path / "run").exists()
    result = CliRunner().invoke(app, [*command, "--languages", "english,hindi"])
    assert (result.exit_code, list(json.loads(result.stdout)["runs"][0]["languages"])) == (0, ["english", "hindi"])
