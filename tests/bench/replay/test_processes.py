"""A replay over processes of this machine: the journal holds every item once, whatever dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.agent.strategies import get_strategy
from clara.bench.datasets import load_dataset
from clara.bench.replay.journal import Journal, read_run
from clara.bench.replay.processes import ProcessWork, default_processes
from clara.bench.replay.runner import replay
from clara.bench.replay.tally import Tally
from clara.cli.app import app
from clara.errors import ClaraError, NoKnowledgeBase
from tests.bench.replay.instant import MANIFEST, instant_agent, replay_sample
from tests.bench.replay.kills import comparable

ROOT = Path(__file__).parents[3]
STRATEGIES = [get_strategy("direct"), get_strategy("rag")]


def refuse():
    raise NoKnowledgeBase("there is no knowledge base 'eyes' yet")


def chatty_agent():
    print("a library says something on standard output")
    return instant_agent()


def dying_agent():
    os._exit(3)


def is_alive(process):
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and ") Z " not in stat.read_text()  # a zombie has ended; only nobody has asked for its code yet


@pytest.mark.parametrize(
    ("jobs", "cores", "processes"), [(1, 64, 1), (504, 2, 1), (999, 8, 1), (2000, 2, 2), (2000, 64, 4), (10**6, 64, 8)]
)
def test_by_default_there_are_as_many_as_the_work_is_worth_and_the_machine_has(jobs, cores, processes):
    assert default_processes(jobs, cores) == processes


async def test_process_that_is_killed_in_the_middle_costs_no_item_and_doubles_none(tmp_path):
    data = load_dataset("sample").select([], 12)
    tally = Tally()
    with Journal(tmp_path / "run", MANIFEST) as journal:
        async with ProcessWork(partial(instant_agent, 0.1), STRATEGIES, 2) as work:
            while len(work._alive) < 2:
                await asyncio.sleep(0.1)
            running = asyncio.create_task(replay(work, data, STRATEGIES, journal, concurrency=8, tally=tally))
            while tally.done < 20:
                await asyncio.sleep(0.01)
            os.kill(work._launched[0]._process.pid, signal.SIGKILL)
            await running
    found = read_run(tmp_path / "run")[1]
    assert len(found) == tally.total == 2 * 7 * 12
    await asyncio.to_thread(replay_sample, tmp_path / "undisturbed", questions=12)
    assert comparable(found) == comparable(read_run(tmp_path / "undisturbed")[1])


@pytest.mark.parametrize(("build", "why"), [(refuse, "there is no knowledge base 'eyes' yet"), (dying_agent, "with code 3")])
async def test_process_that_cannot_build_its_agent_says_why(build, why):
    with pytest.raises(ClaraError, match=f"a worker process cannot start: .*{why}"):
        async with ProcessWork(build, STRATEGIES, 2):
            pass


async def test_what_a_library_prints_does_not_stand_among_the_messages(tmp_path):
    data = load_dataset("sample").select(["english"], 3)
    with Journal(tmp_path / "run", MANIFEST) as journal:
        async with ProcessWork(chatty_agent, STRATEGIES, 1) as work:
            tally = await replay(work, data, STRATEGIES, journal)
    assert (tally.done, tally.failed) == (6, 0)


def test_processes_end_when_the_replay_is_killed():
    script = """
        import asyncio
        from tests.bench.replay.test_processes import STRATEGIES, ProcessWork, instant_agent

        async def main():
            async with ProcessWork(instant_agent, STRATEGIES, 1) as work:
                print(work._launched[0]._process.pid, flush=True)
                await asyncio.sleep(600)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as replaying:
        assert replaying.stdout is not None
        worker = int(replaying.stdout.readline())
        replaying.kill()
    late = time.monotonic() + 30
    while is_alive(worker):
        assert time.monotonic() < late
        time.sleep(0.1)


def test_command_spreads_a_run_and_its_journal_is_that_of_one_process(tmp_path):
    for processes in ("1", "2"):
        command = "bench run sample --limit 3 --strategy direct --languages hindi --quiet".split()
        done = CliRunner().invoke(app, [*command, "--processes", processes, "--out", str(tmp_path / processes)])
        assert done.exit_code == 0, done.output
    assert comparable(read_run(tmp_path / "1")[1]) == comparable(read_run(tmp_path / "2")[1])


def test_processes_and_ray_exclude_each_other(tmp_path):
    done = CliRunner().invoke(app, ["bench", "run", "sample", "--processes", "2", "--ray", "--out", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert "give one of them" in done.stderr
