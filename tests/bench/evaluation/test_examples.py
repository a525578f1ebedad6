"""The examples of the documentation run as they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def example(name: str, home: Path, *arguments: str) -> str:
    """What an example prints, run as its own process from elsewhere."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={**os.environ, "CLARA_HOME": str(home), "PYTHONIOENCODING": "utf-8"},
        cwd=home, capture_output=True, encoding="utf-8", check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_strategies_side_by_side(built_home: Path, tmp_path: Path) -> None:
    shown = example("evaluate.py", built_home, str(tmp_path / "report.html"))
    assert shown.startswith("| Run | Spanish | English | Hindi |")
    assert "points against English [" in shown
    assert "direct and rag in hindi" in shown
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_data_and_model_of_ones_own(tmp_path: Path) -> None:
    rows = [line.split() for line in example("evaluate_own_data.py", tmp_path).splitlines()]
    assert rows == [
        ["language", "id", "gold", "label", "outcome"],
        ["english", "1", "A", "A", "correct"],
        ["french", "1", "A", "A", "correct"],
        ["english", "2", "B", "A", "wrong"],
        ["french", "2", "B", "A", "wrong"],
    ]
