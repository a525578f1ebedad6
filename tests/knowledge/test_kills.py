"""Ingestion killed at random moments; benchmarks/kill_ingestion.py does the same a hundred times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_killed_ingestion_loses_nothing_and_ends_as_if_it_had_not_been_killed() -> None:
    command = [sys.executable, "benchmarks/kill_ingestion.py", "--kills", "6", "--seed", "3"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "6 kills: " in result.stdout
    assert "problems: 0" in result.stdout
