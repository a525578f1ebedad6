"""Public multilingual medical benchmarks, as they are downloaded, are audited and replayed without a mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.bench.datasets import load_dataset
from clara.cli.app import app
from tests.bench.datasets.public_shapes import QUESTIONS, SHAPES
from tests.terminal.fake_model import FakeModel, serving


@pytest.fixture(scope="module")
def model() -> Iterator[FakeModel]:
    with serving() as fake:
        yield fake


@pytest.mark.parametrize("name", SHAPES)
def test_every_item_is_read_in_its_language(name: str, tmp_path: Path) -> None:
    make, languages = SHAPES[name]
    data = load_dataset(make(tmp_path / name))
    assert len(data.languages) == languages
    assert len(data.items) == QUESTIONS * languages
    for item in data.items:
        if name == "xlinghealth":
            assert item.references
        else:
            assert item.question.option_text(item.gold) not in ("", None)
    right = {item.question.option_text(item.gold) for item in data.items if item.code == "es" and item.gold}
    assert right <= {"Cuerpo ciliar"}


@pytest.mark.parametrize("name", SHAPES)
def test_audit_and_a_replay_of_three_work(name: str, tmp_path: Path, model: FakeModel) -> None:
    make, _ = SHAPES[name]
    path = str(make(tmp_path / name))
    audit = CliRunner().invoke(app, ["bench", "audit", path, "--json"])
    assert audit.exit_code == 0, audit.output
    assert json.loads(audit.stdout)["problems"] == []
    run = CliRunner().invoke(
        app,
        [
            "bench",
            "run",
            path,
            "--limit",
            "3",
            "--strategy",
            "direct",
            "--backbone",
            model.url,
            "--out",
            str(tmp_path / "run"),
        ],
    )
    assert run.exit_code == 0, run.output
