"""What is found out about servers of several kinds; the servers are fakes on the loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clara.backbone import capabilities
from clara.backbone.capabilities import Capabilities, Remembered
from clara.errors import BackboneRefused
from clara.tasks import ANSWER_CHOICE, GUESS
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import GOOD, INPUTS, FakeServer, completion, serving

ALL = Capabilities("yes", "yes", "yes", "yes", logprobs=20, tokenize=True, metrics=True, prefix_metrics=True)
METRICS = "vllm:num_requests_waiting 0\nvllm:prefix_cache_queries_total 1\n"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("vllm", ALL),
        ("portable", Capabilities(json_schema="yes")),
        ("strict", Capabilities()),
        ("plain", Capabilities("ignored", "ignored", "ignored", "ignored")),
    ],
)
async def test_kinds_of_servers(kind: str, found: Capabilities, connect: Connect) -> None:
    async with serving(FakeServer(kind)) as server:
        server.metrics = METRICS if kind == "vllm" else ""
        assert await connect(server.url).capabilities() == found


async def test_a_server_that_gives_fewer_alternatives(connect: Connect) -> None:
    async with serving(FakeServer("vllm")) as server:
        server.most_logprobs = 5
        backbone = connect(server.url)
        assert (await backbone.capabilities()).logprobs == 5
        server.replies = ["B"]
        await backbone.perform(GUESS, INPUTS)
        assert server.bodies[0]["top_logprobs"] == 5


async def test_a_model_that_thinks_and_can_be_told_not_to(connect: Connect) -> None:
    async with serving(FakeServer("vllm")) as server:
        server.thinks = True
        can = await connect(server.url).capabilities()
    assert (can.thinks, can.thinking_switch, can.choice) == (True, True, "yes")


async def test_nothing_is_asked_twice(server: FakeServer, connect: Connect) -> None:
    first = await connect(server.url).capabilities()
    asked = server.probes
    assert asked > 0
    assert await connect(server.url).capabilities() == first
    assert server.probes == asked


async def test_what_is_old_is_asked_again(server: FakeServer, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    await connect(server.url).capabilities()
    asked = server.probes
    monkeypatch.setattr(capabilities, "REMEMBERED", 0.0)
    await connect(server.url).capabilities()
    assert server.probes == 2 * asked


async def test_a_refusal_shows_that_the_server_is_not_what_it_was(connect: Connect) -> None:
    async with serving(FakeServer("portable")) as server:
        await connect(server.url).capabilities()
        server.kind = "strict"
        server.replies = [lambda body: 400 if "response_format" in body else completion(GOOD)]
        backbone = connect(server.url)
        assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None
        assert (await backbone.capabilities()).json_schema == "no"
        assert ["response_format" in body for body in server.bodies] == [True, False]


async def test_a_wrong_key_is_no_missing_capability(server: FakeServer, connect: Connect) -> None:
    server.probe = lambda _body: completion("").__class__(status=401)
    with pytest.raises(BackboneRefused, match="CLARA_API_KEY"):
        await connect(server.url).capabilities()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"k": 1}', '{"k": {"at": "x"}}', '{"k": {"at": 9e99, "logprobs": true}}'])
def test_a_damaged_memory_is_no_memory(text: str, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text(text)
    memory = Remembered(file)
    assert memory.get("k") is None
    memory.put("k", ALL)
    assert memory.get("k") == ALL
    memory.put("k", None)
    assert "k" not in json.loads(file.read_text())
