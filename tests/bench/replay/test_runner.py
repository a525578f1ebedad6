"""The replay: a failing item does not end it, resume recomputes nothing, kills and full disks lose nothing that is done."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from clara.agent.strategies import get_strategy
from clara.backbone.openai.backbone import OpenAIBackbone
from clara.backbone.translation.backbone import TranslatingBackbone
from clara.bench.datasets import load_dataset
from clara.bench.figures.runs import read_runs
from clara.bench.replay.journal import Journal, read_run
from clara.bench.replay.runner import jobs, local, pool_size, replay
from clara.bench.replay.tally import Tally
from clara.config import Settings
from clara.errors import BackboneOverloaded, BackboneUnreachable, NoKnowledgeBase, ReplayStopped, WriteError
from clara.tasks.model import TaskResult
from clara.testing import ScriptedBackbone
from clara.types import Answer, TraceStep, Usage
from tests.bench.replay.instant import MANIFEST, instant_agent, replay_sample
from tests.bench.replay.kills import comparable, kill_and_resume, records

STRATEGY = get_strategy("clara")
ROOT = Path(__file__).parents[3]


class FakeAgent:
    """Stands in for the graph: answers A at once, fails where told."""

    def __init__(self, fails=(), error=None):
        self.calls = []
        self.fails = fails
        self.error = error or BackboneOverloaded("the server is busy")
        self.at_work = self.most_at_work = 0

    async def run(self, question, strategy):
        self.calls.append((strategy.name, question.language, question.id))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0)
        self.at_work -= 1
        if question.id in self.fails:
            raise self.error
        trace = (TraceStep("detect", 0.0, {"language": question.language}),)
        return Answer(question, question.language, "x", "x", label="A", usage=Usage(calls=2, prompt_tokens=5), trace=trace)


@pytest.fixture
def data():
    return load_dataset("sample").select(["en", "es"], 5)


async def run(agent, data, folder, *, resume=False, strategies=(STRATEGY,), **more):
    with Journal(folder, MANIFEST, resume=resume) as journal:
        await replay(local(agent), data, strategies, journal, **{"concurrency": 3, **more})
    return read_run(folder)[1]


def test_any_beginning_of_the_jobs_is_balanced_over_languages_and_strategies(data):
    strategies = [get_strategy("direct"), STRATEGY]
    order = list(jobs(data, strategies, 2))
    assert len({job.key for job in order}) == len(order) == 2 * 2 * len(data.items)
    for length in range(len(order)):
        for of in (lambda job: job.item.language, lambda job: job.strategy.name):
            counts = Counter(of(job) for job in order[:length])
            assert max(counts.values(), default=0) - min(counts.values(), default=0) <= 2 or len(counts) == 1
    turns = [job.turn for job in order]
    assert turns == sorted(turns)


async def test_record_holds_the_whole_path_and_what_reports_need(tmp_path, data):
    record = (await run(instant_agent(), data, tmp_path / "run"))[0]
    item = next(item for item in data.items if (item.id, item.language) == (record["id"], record["language"]))
    assert record.keys() >= set("strategy repeat id language code gold options theme outcome label error rounds".split())
    assert (record["gold"], record["code"], record["theme"]) == (item.gold, item.code, item.theme)
    assert record["outcome"] == ("correct" if record["label"] == item.gold else "wrong")
    assert record["answer"]["question"] == item.question.text
    steps = [step["step"] for step in record["answer"]["trace"]]
    assert {"detect", "retrieve", "grade", "answer", "verify"} <= set(steps)
    assert record["usage"]["calls"] > 0
    assert "usage" not in record["answer"]


async def test_failing_item_is_recorded_and_the_run_goes_on(tmp_path, data):
    bad = data.items[2].id
    found = await run(FakeAgent({bad}), data, tmp_path / "run")
    assert len(found) == len(data.items)
    failed = [record for record in found if record["outcome"] == "no_response"]
    assert [record["id"] for record in failed] == [bad, bad]
    assert {(record["error"], record["error_kind"]) for record in failed} == {("the server is busy", "BackboneOverloaded")}


async def test_unforeseen_failure_of_an_item_is_recorded_too(tmp_path, data):
    bad = data.items[2].id
    found = await run(FakeAgent({bad}, ZeroDivisionError("by zero")), data, tmp_path / "run")
    assert {record["error"] for record in found if record["id"] == bad} == {"ZeroDivisionError: by zero"}


@pytest.mark.parametrize("error", [BackboneUnreachable("no server"), NoKnowledgeBase("not built")])
async def test_hopeless_failure_before_anything_was_answered_ends_the_run_and_records_nothing(tmp_path, data, error):
    agent = FakeAgent({item.id for item in data.items}, error)
    with pytest.raises(type(error), match=str(error)):
        await run(agent, data, tmp_path / "run")
    assert read_run(tmp_path / "run")[1] == []


async def test_run_stops_when_too_many_items_fail(tmp_path, data):
    agent = FakeAgent({item.id for item in data.items})
    with pytest.raises(ReplayStopped, match=r"stopped because [3-9] items had no response; the last one: the"):
        await run(agent, data, tmp_path / "run", max_failures=3, concurrency=2)
    assert 3 <= len(read_run(tmp_path / "run")[1]) < len(data.items)


async def test_failed_items_are_asked_again_where_that_is_wanted(tmp_path, data):
    bad = data.items[2].id
    await run(FakeAgent({bad}), data, tmp_path / "run")
    agent = FakeAgent()
    failed = lambda record: record["outcome"] == "no_response"  # noqa: E731
    with Journal(tmp_path / "run", MANIFEST, resume=True, again=failed) as journal:
        await replay(local(agent), data, [STRATEGY], journal)
    assert sorted(agent.calls) == [("clara", "en", bad), ("clara", "es", bad)]
    found = read_run(tmp_path / "run")[1]
    assert len(comparable(found)) == len(data.items)
    assert not any(failed(record) for record in found)


@pytest.mark.parametrize("concurrency", [1, 4, 100])
async def test_resume_recomputes_nothing_whatever_the_concurrency(tmp_path, data, concurrency):
    before = await run(FakeAgent(), data.select(["en"], 3), tmp_path / "run")
    agent = FakeAgent()
    found = await run(agent, data, tmp_path / "run", resume=True, repeat=2, concurrency=concurrency)
    assert len(agent.calls) == 2 * len(data.items) - 3
    assert found[:3] == before
    assert len(comparable(found)) == 2 * len(data.items)
    again = FakeAgent()
    assert await run(again, data, tmp_path / "run", resume=True, repeat=2, concurrency=concurrency) == found
    assert again.calls == []


@pytest.mark.parametrize("left", [0, 1, 2])
async def test_few_items_that_are_left_are_done(tmp_path, data, left):
    await run(FakeAgent(), data, tmp_path / "run")
    journal = tmp_path / "run" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) - left]))
    agent = FakeAgent()
    async with asyncio.timeout(30):
        await run(agent, data, tmp_path / "run", resume=True)
    assert len(agent.calls) == left


async def test_pool_follows_what_the_server_takes(tmp_path, data):
    agent = FakeAgent()
    sizes = itertools.chain([2] * 20, itertools.repeat(6))
    await run(agent, data, tmp_path / "run", repeat=20, concurrency=lambda: next(sizes))
    assert 2 <= agent.most_at_work <= 6
    fixed = FakeAgent()
    await run(fixed, data, tmp_path / "fixed", concurrency=4)
    assert fixed.most_at_work == 4


async def test_last_items_are_begun_together_and_each_is_done_once(tmp_path, data):
    agent = FakeAgent()
    found = await run(agent, data, tmp_path / "run", repeat=20, concurrency=4, together=3)
    assert 4 < agent.most_at_work <= 4 + 3 * 4
    assert len(agent.calls) == len(comparable(found)) == 20 * len(data.items)


def test_pool_follows_the_requests_that_the_client_lets_through(tmp_path):
    settings = Settings(profile="remote", backbone=("http://127.0.0.1:9/v1",), home=tmp_path)
    client = OpenAIBackbone.from_settings(settings)
    limiter = client.servers.limiter
    for backbone in (client, TranslatingBackbone(client, lambda: None)):
        size = pool_size(backbone, settings, uses_model=True)
        before = size(), limiter.limit
        assert before[0] > before[1]
        limiter.pushed_back(1)
        assert limiter.limit < size() < before[0]
        limiter._shrunk_at = 0  # as if the next push-back were of a later call
    fixed = Settings(concurrency=3)
    assert pool_size(ScriptedBackbone(), fixed, uses_model=True)() == pool_size(client, fixed, uses_model=False)() == 3


async def test_each_repeat_has_a_seed_of_its_own(tmp_path, data):
    seeds = set()
    agent = instant_agent()
    perform = agent.backbone.perform

    async def spy(task, inputs, *, seed=None, **more):
        if task.name == "answer_choice":
            seeds.add(seed)
        return await perform(task, inputs, seed=seed, **more)

    agent.backbone.perform = spy
    await run(agent, data, tmp_path / "run", strategies=[get_strategy("direct")], repeat=3)
    assert len(seeds) == 3
    assert agent.settings.seed in seeds


async def test_tally_counts_what_is_on_disk_and_what_earlier_sessions_left(tmp_path, data):
    await run(FakeAgent(), data.select(["en"], 3), tmp_path / "run")
    tally = Tally()
    await run(FakeAgent({data.items[-1].id}), data, tmp_path / "run", resume=True, tally=tally)
    found = read_run(tmp_path / "run")[1]
    assert (tally.total, tally.done, tally.earlier, tally.failed) == (10, 10, 3, 2)
    assert tally.usage["calls"] == 2 * 5
    assert tally.cells["clara", "english"].answered == 5
    assert tally.cells["clara", "english"].correct == sum(
        record["outcome"] == "correct" for record in found if record["language"] == "english"
    )
    assert tally.last_failure == "the server is busy"
    assert tally.seconds_left == 0.0


async def test_full_disk_ends_the_run_with_its_sentence(tmp_path, data, monkeypatch):
    journal = Journal(tmp_path / "run", MANIFEST)
    full = WriteError("cannot write journal.jsonl: No space left on device", path=Path("journal.jsonl"), reason="full")

    def refuse(*_arguments):
        raise full

    agent = FakeAgent()
    monkeypatch.setattr(journal, "append", refuse)
    with pytest.raises(WriteError, match="No space left on device"):
        await replay(local(agent), data, [STRATEGY], journal)
    journal.close()


async def test_garbage_collection_is_as_before_after_a_replay(tmp_path, data):
    before = gc.get_threshold()
    await run(FakeAgent(), data, tmp_path / "run")
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


@pytest.mark.slow
def test_replay_killed_again_and_again_equals_an_undisturbed_one(tmp_path):
    what = {"questions": 72, "repeat": 1, "delay": 0.02}
    kill_and_resume(tmp_path / "killed", 12, seed=1, **what)
    replay_sample(tmp_path / "undisturbed", **what | {"delay": 0.0})
    survived = comparable(records(tmp_path / "killed"))
    assert len(survived) == 2 * 7 * 72
    assert survived == comparable(records(tmp_path / "undisturbed"))


CLARA = [sys.executable, "-m", "clara", "bench"]


def clara(*arguments, limit=None):
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [*CLARA, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=limited if limit else None,
    )


@pytest.mark.slow
def test_disk_that_takes_no_more_is_one_sentence_and_the_run_can_go_on(tmp_path):
    folder = tmp_path / "run"
    command = ["run", "sample", "--strategy", "direct", "--limit", 30, "--out", folder]
    failed = clara(*command, limit=100_000)
    assert failed.returncode == 1, failed.stderr
    last = failed.stderr.strip().splitlines()[-1]
    assert last.startswith(f"error: cannot write {folder}/journal.jsonl: File too large; ")
    assert last.endswith(f"; then go on with the same command and --resume --out {folder}")
    assert "Traceback" not in failed.stderr
    kept = read_run(folder)[1]
    assert 0 < len(kept) < 210
    assert (folder / "journal.jsonl").read_bytes().endswith(b"\n")
    resumed = clara(*command, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    found = read_run(folder)[1]
    assert found[: len(kept)] == kept
    assert len(comparable(found)) == len(found) == 210


@pytest.mark.slow
def test_full_file_system_is_one_sentence(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "none", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        failed = clara("run", "sample", "--strategy", "direct", "--limit", 30, "--out", disk / "run")
        kept = read_run(disk / "run")[1]
    finally:
        subprocess.run(["umount", disk], check=True)
    assert failed.returncode == 1, failed.stderr
    assert "journal.jsonl: No space left on device; free some space; then go on with" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert 0 < len(kept) < 210


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.slow
def test_interrupt_then_resume_then_report(tmp_path):
    folder = tmp_path / "run"
    journal = folder / "journal.jsonl"
    command = [*CLARA, "run", "sample", "--strategy", "direct,translate", "--limit", "30", "--out", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while lines(journal) < 5 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert f"go on with the same command and --resume --out {folder}" in errors
    assert "Traceback" not in errors
    kept = read_run(folder)[1]
    assert 5 <= len(kept) < 2 * 30 * 7

    resumed = clara(*command[len(CLARA) :], "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    found = read_run(folder)[1]
    assert found[: len(kept)] == kept
    assert len(comparable(found)) == len(found) == 2 * 30 * 7

    report = clara("report", folder, "--json")
    assert report.returncode == 0, report.stderr
    document = json.loads(report.stdout)
    assert document == json.loads(resumed.stdout)
    for entry in document["runs"]:
        counts = {language: cell["n"] for language, cell in entry["languages"].items()}
        assert counts == dict.fromkeys(load_dataset("sample").languages, 30)


async def test_unparsed_reply_is_kept_and_read_again_by_the_report(tmp_path, data):
    agent = instant_agent()
    agent.backbone.always("answer_choice", lambda _task: TaskResult(None, failure="unparsed", raw="So the answer is B."))
    found = await run(agent, data, tmp_path / "run", strategies=[get_strategy("direct")])
    assert {(record["outcome"], record["label"], record["reply"]) for record in found} == {
        ("unparsed", None, "So the answer is B.")
    }
    again = read_runs([tmp_path / "run"])[0].records
    assert {record["label"] for record in again} == {"B"}
    assert all(record["outcome"] == ("correct" if record["gold"] == "B" else "wrong") for record in again)
