"""What a replay tells of the model servers' prefix cache."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clara.backbone.translation.backbone import TranslatingBackbone
from clara.bench.replay.journal import read_run
from clara.bench.replay.runner import PrefixCache
from clara.cli.app import app
from clara.testing import ScriptedBackbone
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import FakeServer


def page(hits: int, queries: int) -> str:
    return (
        "vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n"
        f'vllm:prefix_cache_queries_total{{engine="0"}} {queries}\nvllm:prefix_cache_hits_total{{engine="0"}} {hits}\n'
    )


def no_translator() -> Any:
    raise AssertionError("no translation is asked for")


async def replayed(server: FakeServer, folder: Path, *more: str) -> Any:
    command = f"bench run sample --strategy direct --languages en --limit 2 --profile remote --backbone {server.url}"
    return await asyncio.to_thread(CliRunner().invoke, app, [*command.split(), "--out", str(folder), *more])


@pytest.mark.parametrize("more", [[], ["--quiet"]])
async def test_a_replay_tells_what_the_prefix_cache_gave(more: list[str], vllm: FakeServer, isolated: Path) -> None:
    looks = itertools.count()
    vllm.metrics = lambda: page(100, 1000) if next(looks) == 0 else page(600, 3000)
    folder = isolated / "run"
    result = await replayed(vllm, folder, *more)
    assert result.exit_code == 0, result.output
    told = "prefix cache: 25.0 % of the servers' 2,000 prompt tokens" in result.stderr.splitlines()
    assert told is not bool(more)
    sessions = read_run(folder)[0]["sessions"]
    assert sessions[-1]["prefix_cache"] == {"hits": 500, "queries": 2000}
    again = await replayed(vllm, folder, "--resume")
    assert again.exit_code == 0, again.output
    assert "prefix cache" not in again.stderr
    assert ["prefix_cache" in session for session in read_run(folder)[0]["sessions"]] == [True, False]


async def test_a_replay_tells_nothing_where_the_server_does_not(server: FakeServer, isolated: Path) -> None:
    result = await replayed(server, isolated / "run")
    assert result.exit_code == 0, result.output
    assert "prefix cache" not in result.stderr
    assert "prefix_cache" not in read_run(isolated / "run")[0]["sessions"][-1]


async def test_a_translation_model_before_the_server_changes_nothing(vllm: FakeServer, connect: Connect) -> None:
    vllm.metrics = page(0, 0)
    cache = PrefixCache(TranslatingBackbone(connect(vllm.url), load=no_translator))
    await cache.begin()
    vllm.metrics = page(1, 4)
    assert await cache.end() == {"hits": 1, "queries": 4}


async def test_without_a_model_server_there_is_nothing_to_tell() -> None:
    cache = PrefixCache(ScriptedBackbone())
    await cache.begin()
    assert await cache.end() is None
