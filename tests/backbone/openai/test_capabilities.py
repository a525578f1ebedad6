"""What is found out about servers of several kinds; the servers are fakes on the loopback."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clara.backbone.openai import capabilities
from clara.backbone.openai.capabilities import Capabilities, Remembered
from clara.errors import BackboneOverloaded, BackboneRefused
from clara.tasks.model import ANSWER_CHOICE, GUESS
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import GOOD, INPUTS, FakeServer, completion, serving, token

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
    memory = Remembered(file, Capabilities)
    assert memory.get("k") is None
    memory.put("k", ALL)
    assert memory.get("k") == ALL
    memory.forget(["k"])
    assert "k" not in json.loads(file.read_text())


def test_what_is_forgotten_of_a_server_is_forgotten_beside_others(tmp_path: Path) -> None:
    memory = Remembered(tmp_path / "servers.json", Capabilities)
    keys = ["http://a/v1 vLLM 1 m", "http://b/v1, http://a/v1 vLLM 1 m", "http://b/v1 vLLM 1 m"]
    for key in keys:
        memory.put(key, ALL)
    memory.forget(["http://a/v1"])
    assert [memory.get(key) is None for key in keys] == [True, True, False]


# --- a server that fails over what it does not have ---------------------------------------------------------------


class Failing(FakeServer):
    """Answers some of what vLLM knows with a status; a field of a chat completion, or ``/tokenize``."""

    def __init__(self, status: int, *fields: str) -> None:
        super().__init__("vllm")
        self.status, self.fields = status, fields

    def probe(self, body: dict[str, Any]) -> web.Response:
        return web.Response(status=self.status) if body.keys() & set(self.fields) else super().probe(body)

    async def tokenize(self, request: web.Request) -> web.Response:
        return web.Response(status=self.status) if "tokenize" in self.fields else await super().tokenize(request)


@pytest.mark.parametrize(
    ("field", "lost"),
    [
        ("structured_outputs", {"structured_json": "no", "choice": "no", "regex": "no"}),
        ("response_format", {"json_schema": "no"}),
        ("logprobs", {"logprobs": 0}),
        ("tokenize", {"tokenize": False}),
    ],
)
@pytest.mark.parametrize("status", [500, 501, 502])
async def test_what_a_server_fails_over_it_does_not_have(
    status: int, field: str, lost: dict[str, Any], connect: Connect
) -> None:
    async with serving(Failing(status, field)) as server:
        server.metrics = METRICS
        backbone = connect(server.url, retries=1)
        assert await backbone.capabilities() == replace(ALL, **lost)
        assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None


@pytest.mark.parametrize("field", ["structured_outputs", "tokenize"])
@pytest.mark.parametrize("status", [408, 429])
async def test_a_server_that_is_busy_is_not_judged(status: int, field: str, connect: Connect) -> None:
    async with serving(Failing(status, field)) as server:
        with pytest.raises(BackboneOverloaded, match=str(status)):
            await connect(server.url, retries=0).capabilities()


async def test_a_server_that_begins_to_fail_altogether_is_not_judged(connect: Connect, isolated: Path) -> None:
    async with serving(FakeServer("vllm")) as server:
        whole = server.probe

        def probe(body: dict[str, Any]) -> web.Response:
            return web.Response(status=503) if server.probes > 3 else whole(body)

        server.probe = probe
        with pytest.raises(BackboneOverloaded, match="503"):
            await connect(server.url, retries=0).capabilities()
    assert not list(isolated.rglob("servers.json"))


async def test_a_count_that_fails_later_loses_no_question(connect: Connect) -> None:
    async with serving(Failing(500)) as server:
        backbone = connect(server.url, retries=0)
        assert (await backbone.capabilities()).tokenize
        server.fields = ("tokenize",)
        long = INPUTS.model_copy(update={"stem": "word " * 500})
        assert (await backbone.perform(ANSWER_CHOICE, long)).output is not None


# --- a server that was started again with other flags --------------------------------------------------------------


def letter(body: dict[str, Any]) -> web.Response:
    return completion("B", logprobs=[token("B", -0.1)] if "logprobs" in body else None)


async def remembered(server: FakeServer, connect: Connect) -> int:
    """Have an earlier process find out what the server can do; the number of its probes."""
    await connect(server.url).capabilities()
    return server.probes


async def test_a_model_that_thinks_now_is_asked_again_with_room_to_think(connect: Connect) -> None:
    async with serving(FakeServer("vllm", length=None)) as server:
        await remembered(server, connect)
        server.thinks = True
        server.replies = [lambda _body: completion("<think>long", "length"), GOOD]
        result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
        assert [body["max_tokens"] for body in server.bodies] == [700, 700 + 4096]
    assert result.output is not None
    assert result.usage.calls == 2
    assert "asked again: the model server is not what was remembered of it" in result.notes


async def test_a_choice_that_is_not_kept_to_any_more_is_asked_for_otherwise(connect: Connect) -> None:
    async with serving(FakeServer("vllm")) as server:
        await remembered(server, connect)
        server.kind = "plain"
        server.replies = [lambda _body: completion("I guess B", logprobs=[token("B", -0.1)]), "B"]
        result = await connect(server.url).perform(GUESS, INPUTS)
        assert ["structured_outputs" in body for body in server.bodies] == [True, False]
    assert result.output is not None


async def test_logprobs_that_are_not_given_any_more_are_not_asked_for(vllm: FakeServer, connect: Connect) -> None:
    await remembered(vllm, connect)
    vllm.most_logprobs = 0
    vllm.replies = [lambda _body: completion("B")]
    backbone = connect(vllm.url)
    assert (await backbone.perform(GUESS, INPUTS)).output is not None
    assert ["logprobs" in body for body in vllm.bodies] == [True, False]
    assert (await connect(vllm.url).capabilities()).logprobs == 0


async def test_a_server_is_doubted_once(vllm: FakeServer, connect: Connect) -> None:
    asked = await remembered(vllm, connect)
    vllm.replies = [lambda _body: completion("B")]
    backbone = connect(vllm.url)
    for seed in range(3):
        assert (await backbone.perform(GUESS, INPUTS, seed=seed)).output is not None
    assert len(vllm.bodies) == 3
    assert vllm.probes == 2 * asked
    # what this process found out itself is not doubted
    vllm.probes = 0
    backbone = connect(vllm.url, home=backbone._settings.home / "other")
    await backbone.perform(GUESS, INPUTS)
    assert vllm.probes == asked


async def test_a_reply_as_remembered_raises_no_doubt(vllm: FakeServer, connect: Connect) -> None:
    vllm.length = None
    asked = await remembered(vllm, connect)
    vllm.replies = [letter]
    await connect(vllm.url).perform(GUESS, INPUTS)
    vllm.replies = [lambda _body: completion(GOOD, logprobs=[token("no label", -0.1)])]
    await connect(vllm.url).perform(ANSWER_CHOICE, INPUTS)
    vllm.replies = [lambda _body: completion(GOOD, reasoning="hm", logprobs=[token("x", -0.1)])]
    await connect(vllm.url, thinking="on").perform(ANSWER_CHOICE, INPUTS)
    assert vllm.probes == asked


async def test_a_doubt_that_cannot_be_settled_loses_no_reply(
    vllm: FakeServer, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    asked = await remembered(vllm, connect)
    whole = vllm.probe
    vllm.probe = lambda _body: web.Response(status=429)
    vllm.replies = [lambda _body: completion("B")]
    assert (await connect(vllm.url, retries=0).perform(GUESS, INPUTS)).output is not None
    assert "cannot find out again" in caplog.text
    # the next process does not believe what was remembered either
    vllm.probe, vllm.probes = whole, 0
    await connect(vllm.url).capabilities()
    assert vllm.probes == asked
