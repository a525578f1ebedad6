"""A replay over Ray actors: the journal holds every item once, whatever dies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from clara.agent.strategies import get_strategy
from clara.bench.datasets import load_dataset
from clara.bench.replay.distributed import RayWork
from clara.bench.replay.journal import Journal, read_run
from clara.bench.replay.runner import replay
from clara.bench.replay.tally import Tally
from clara.errors import ClaraError, NoKnowledgeBase
from tests.bench.replay.instant import MANIFEST, instant_agent, replay_sample
from tests.bench.replay.kills import comparable

pytest.importorskip("ray", reason="the extra ray is not installed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
STRATEGIES = [get_strategy("direct"), get_strategy("rag")]


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of Ray on this machine, on loopback addresses; the tests may take the second one down."""
    variables = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield made
    made.shutdown()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def refuse():
    raise NoKnowledgeBase("there is no knowledge base 'eyes' yet")


async def test_node_that_dies_in_the_middle_costs_no_item_and_doubles_none(cluster, tmp_path):
    data = load_dataset("sample").select([], 20)
    tally = Tally()
    with Journal(tmp_path / "run", MANIFEST) as journal:
        async with RayWork(partial(instant_agent, 0.1), STRATEGIES, cluster.address, workers=2) as work:
            while len(work._alive) < 2:
                await asyncio.sleep(0.1)
            running = asyncio.create_task(replay(work, data, STRATEGIES, journal, concurrency=8, tally=tally))
            while tally.done < 40:
                await asyncio.sleep(0.01)
            second = cluster.list_all_nodes()[1]
            at_work = [actor.load for actor in work._alive]
            await asyncio.to_thread(cluster.remove_node, second, allow_graceful=False)
            await running
            assert min(at_work) > 0
            assert len(work._alive) == 1
    found = read_run(tmp_path / "run")[1]
    assert len(found) == tally.total == 2 * 7 * 20
    await asyncio.to_thread(replay_sample, tmp_path / "undisturbed", questions=20)
    assert comparable(found) == comparable(read_run(tmp_path / "undisturbed")[1])


async def test_actor_that_cannot_build_its_agent_says_why(cluster):
    with pytest.raises(ClaraError, match="a Ray worker cannot start: there is no knowledge base 'eyes' yet"):
        async with RayWork(refuse, STRATEGIES, cluster.address, workers=1):
            pass


async def test_cluster_that_is_not_there_is_named():
    with pytest.raises(ClaraError, match=r"cannot join the Ray cluster at 127\.0\.0\.1:1"):
        async with RayWork(instant_agent, STRATEGIES, "127.0.0.1:1"):
            pass


def test_command_starts_ray_for_itself_and_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "run"
    command = ["bench", "run", "sample", "--limit", "2", "--strategy", "direct", "--out", str(folder), "--ray", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "clara", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(comparable(read_run(folder)[1])) == 14
