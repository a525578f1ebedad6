"""What ``clara doctor`` shows of a model server; the server is a fake on the loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import SecretStr
from typer.testing import CliRunner

from clara.cli.doctor import app, reach
from clara.config import Settings
from tests.backbone.fake_server import DEAD, KEY, FakeServer, serving


def settings(url: str, home: Path) -> Settings:
    return Settings(profile="remote", backbone=(url,), home=home, api_key=SecretStr(KEY), connect_timeout=1)


async def test_what_the_server_can_do_is_shown(isolated: Path) -> None:
    async with serving(FakeServer("vllm")) as server:
        server.metrics = "vllm:prefix_cache_queries_total 200\nvllm:prefix_cache_hits_total 50\n"
        entry = await asyncio.to_thread(reach, settings(server.url, isolated), server.url)
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["--backbone", server.url])
    assert (entry["reachable"], entry["model"], entry["server"]) == (True, "m", "vLLM 0.32.0")
    assert entry["capabilities"]["choice"] == "yes"
    assert entry["confidence"] == "log-probabilities of the letter"
    assert entry["prefix_cache_hit_rate"] == 0.25
    assert "25 % of the prompt tokens" in shown.output
    assert "json_schema yes" in shown.output
    assert entry["skills"] is None
    assert "not measured yet" in shown.output


async def test_a_dead_engine_is_no_reachable_backbone(isolated: Path) -> None:
    async with serving(FakeServer("vllm")) as server:
        server.health = 503
        entry = await asyncio.to_thread(reach, settings(server.url, isolated), server.url)
    assert not entry["reachable"]
    assert "the engine of the model server" in entry["problem"]


def test_a_server_that_is_not_there_is_told(isolated: Path) -> None:
    entry = reach(settings(DEAD, isolated), DEAD)
    assert not entry["reachable"]
    assert "is it running?" in entry["problem"]
