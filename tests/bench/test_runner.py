"""The replay: a failing item does not end it, resume recomputes nothing, Ctrl-C keeps what is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from clara.agent.strategies import get_strategy
from clara.bench.datasets import load_dataset
from clara.bench.journal import Journal, read_run
from clara.bench.runner import replay
from clara.errors import BackboneOverloaded, BackboneUnreachable
from clara.types import Answer

MANIFEST = {"version": 1}
STRATEGY = get_strategy("clara")


class FakeAgent:
    def __init__(self, fails=(), error=None):
        self.calls = []
        self.fails = fails
        self.error = error or BackboneOverloaded("the server is busy")

    async def run(self, question, strategy):
        self.calls.append((question.language, question.id))
        if question.id in self.fails:
            raise self.error
        return Answer(question, question.language or "en", "", "", label="A")


@pytest.fixture
def data():
    return load_dataset("sample").select(["en", "es"], 5)


async def run(agent, data, folder, *, resume=False, **more):
    with Journal(folder, MANIFEST, resume=resume) as journal:
        return list(await replay(agent, data, [STRATEGY], journal, concurrency=3, **more))


async def test_failing_item_is_recorded_and_the_run_goes_on(tmp_path, data):
    bad = data.items[2].id
    records = await run(FakeAgent({bad}), data, tmp_path / "run")
    assert len(records) == len(data.items)
    failed = [record for record in records if record["outcome"] == "no_response"]
    assert [record["id"] for record in failed] == [bad, bad]
    assert {record["error"] for record in failed} == {"the server is busy"}
    assert read_run(tmp_path / "run")[1] == records


async def test_unreachable_at_the_very_first_item_ends_the_run(tmp_path, data):
    agent = FakeAgent({item.id for item in data.items}, BackboneUnreachable("no server"))
    with pytest.raises(BackboneUnreachable):
        await run(agent, data, tmp_path / "run")
    assert len(agent.calls) == 1
    assert read_run(tmp_path / "run")[1] == []


async def test_resume_recomputes_nothing(tmp_path, data):
    await run(FakeAgent(), data.select(["en"], 3), tmp_path / "run")
    agent = FakeAgent()
    records = await run(agent, data, tmp_path / "run", resume=True, repeat=2)
    assert len(agent.calls) == 2 * len(data.items) - 3
    assert set(Counter((r["repeat"], r["language"], r["id"]) for r in records).values()) == {1}
    again = FakeAgent()
    assert await run(again, data, tmp_path / "run", resume=True, repeat=2) == records
    assert again.calls == []


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_interrupt_then_resume_then_report(tmp_path, built_home):
    folder = tmp_path / "run"
    journal = folder / "journal.jsonl"
    environment = os.environ | {"CLARA_HOME": str(built_home)}
    root = Path(__file__).parents[2]
    clara = [sys.executable, "-m", "clara", "bench"]
    command = [*clara, "run", "sample", "--strategy", "clara", "--out", str(folder)]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while lines(journal) < 5 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert "--resume" in errors
    assert "Traceback" not in errors
    kept = read_run(folder)[1]
    assert 5 <= len(kept) < 72 * 7

    resumed = subprocess.run(
        [*command, "--resume", "--json"], cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    records = read_run(folder)[1]
    assert records[: len(kept)] == kept
    assert len(records) == 72 * 7
    assert len({(record["language"], record["id"]) for record in records}) == 72 * 7

    report = subprocess.run(
        [*clara, "report", str(folder), "--json"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert report.returncode == 0, report.stderr
    document = json.loads(report.stdout)
    assert document == json.loads(resumed.stdout)
    assert document.keys() == {"runs", "comparisons"}
    (entry,) = document["runs"]
    assert entry.keys() >= set(
        "name strategy n_items languages mean worst_language worst_accuracy gap_to_english max_min_gap max_min_gap_ci95 cv "
        "consistency mcnemar_vs_english near_chance usage".split()
    )
    assert {language: cell["n"] for language, cell in entry["languages"].items()} == dict.fromkeys(
        load_dataset("sample").languages, 72
    )
    keys = set("n correct accuracy ci95 unparsed no_response abstained".split())
    assert all(cell.keys() >= keys for cell in entry["languages"].values())
