"""``clara ask`` with votes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app

QUESTION = "¿Qué músculo extraocular abduce el ojo? a) Recto medial b) Recto lateral c) Recto superior"


@pytest.fixture(autouse=True)
def home(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_HOME", str(built_home))


def test_samples_and_permutations_are_counted_in_the_json() -> None:
    done = CliRunner().invoke(app, ["ask", QUESTION, "--samples", "2", "--permute-options", "--json"])
    assert done.exit_code == 0, done.stderr
    shape = json.loads(done.stdout)
    assert sum(shape["votes"].values()) == 6
    assert shape["label"] == max(shape["votes"], key=shape["votes"].get)


@pytest.mark.parametrize("wrong", ["0", "33", "many"])
def test_a_number_of_samples_that_is_none_is_wrong_usage(wrong: str) -> None:
    assert CliRunner().invoke(app, ["ask", QUESTION, "--samples", wrong]).exit_code == 2
