"""The reply cache on real SQLite files, and single flight."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clara.backbone.base import BackboneInfo
from clara.backbone.openai.cache import ReplyCache, SingleFlight, reply_key
from clara.backbone.openai.reply import Completion
from clara.tasks.model import ANSWER_CHOICE, ANSWER_TEXT, GUESS
from clara.types import Usage
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import GOOD, INPUTS, FakeServer, completion, serving, stream
from tests.backbone.servers.test_servers import free_port

INFO = BackboneInfo("openai", "m", uses_model=True, server="s", build="b")
REPLY = Completion("B", "stop", Usage(calls=1, prompt_tokens=7), "hm", {"A": 0.25, "B": 0.75})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "replies.sqlite"


@pytest.fixture
async def cache(file: Path) -> AsyncIterator[ReplyCache]:
    made = ReplyCache(file, 1)
    yield made
    await made.aclose()


def key(number: int) -> bytes:
    return reply_key(["u"], INFO, b"%d" % number)


async def test_a_reply_comes_back_as_it_was_with_the_usage_of_a_cached_call(cache: ReplyCache) -> None:
    cache.put(key(1), REPLY)
    found = await cache.get(key(1))
    assert found == Completion("B", "stop", Usage(cached_calls=1), "hm", {"A": 0.25, "B": 0.75})
    assert await cache.get(key(2)) is None


async def test_replies_outlive_the_process(file: Path) -> None:
    for turn in range(2):
        cache = ReplyCache(file, 1)
        if turn == 0:
            cache.put(key(1), REPLY)
        assert await cache.get(key(1)) is not None
        await cache.aclose()


async def test_only_the_owner_may_read_it(cache: ReplyCache, file: Path) -> None:
    cache.put(key(1), REPLY)
    await cache.get(key(1))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_two_processes_share_a_file(cache: ReplyCache, file: Path) -> None:
    other = ReplyCache(file, 1)
    for number in range(40):
        for one in (cache, other):
            one.put(key(number), REPLY)
    assert await cache.get(key(39)) is not None
    assert await other.get(key(39)) is not None
    await other.aclose()


async def test_beyond_its_size_the_least_recently_used_go(cache: ReplyCache, file: Path) -> None:
    cache.put(key(0), REPLY)
    for number in range(1, 300):
        cache.put(key(number), Completion("x" * 8000, "stop"))
        await cache.get(key(0))
    assert await cache.get(key(0)) is not None
    assert await cache.get(key(1)) is None
    assert await cache.get(key(299)) is not None
    with sqlite3.connect(file) as base:
        (held,) = base.execute("SELECT sum(length(reply)) FROM replies").fetchone()
    assert held < 2 * 1024 * 1024


@pytest.mark.parametrize("damage", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
async def test_a_damaged_file_is_begun_anew_with_a_warning(
    damage: bytes, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    cache = ReplyCache(file, 1)
    with caplog.at_level(logging.WARNING):
        assert await cache.get(key(1)) is None
    assert "is damaged and is begun again" in caplog.text
    cache.put(key(1), REPLY)
    assert await cache.get(key(1)) is not None
    await cache.aclose()


async def test_whatever_goes_wrong_nobody_waits_for_ever(
    cache: ReplyCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(5):
        # half of a surrogate pair cannot be stored
        cache.put(key(1), Completion("so \ud83d"))
        assert await cache.get(key(2)) is None
        assert "UnicodeEncodeError" in caplog.text
        with monkeypatch.context() as broken:
            broken.setattr(cache, "_together", None)
            assert await cache.get(key(2)) is None
        cache.put(key(2), REPLY)
        assert await cache.get(key(2)) is not None


async def test_a_folder_that_cannot_be_made_switches_the_cache_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    cache = ReplyCache(tmp_path / "cache" / "replies.sqlite", 1)
    with caplog.at_level(logging.WARNING):
        cache.put(key(1), REPLY)
        assert await cache.get(key(1)) is None
    assert caplog.text.count("no reply cache") == 1
    await cache.aclose()


def test_the_key_changes_with_everything_that_determines_the_reply() -> None:
    others = [replace(INFO, **{name: "other"}) for name in ("model", "server", "build")]
    keys = {reply_key(["u"], info, b"x") for info in (INFO, *others)}
    keys |= {reply_key(["u"], INFO, b"y")}
    assert len(keys) == 5


@pytest.mark.parametrize("told", [{"server": ""}, {"build": ""}, {}])
def test_a_server_that_is_known_is_not_told_by_its_address(told: dict[str, str]) -> None:
    info = replace(INFO, **told)
    assert len({reply_key(addresses, info, b"x") for addresses in (["u"], ["v"], ["u", "v"])}) == 1


def test_a_server_that_tells_nothing_is_known_by_its_address() -> None:
    info = replace(INFO, server="", build="")
    keys = [reply_key(addresses, info, b"x") for addresses in (["u"], ["v"], ["u", "v"], ["v", "u"])]
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]


# --- in the backbone -----------------------------------------------------------------------------------------------


async def test_the_same_request_is_sent_once_ever(server: FakeServer, connect: Connect) -> None:
    one = connect(server.url, cache=True)
    first = await one.perform(ANSWER_CHOICE, INPUTS)
    await one.aclose()
    second = await connect(server.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
    assert second.output == first.output
    assert (second.usage.calls, second.usage.cached_calls, second.usage.prompt_tokens) == (0, 1, 0)
    assert second.notes == ("answered from the reply cache",)
    assert len(server.bodies) == 1


async def test_without_cache_every_request_is_sent(server: FakeServer, connect: Connect, isolated: Path) -> None:
    backbone = connect(server.url)
    await asyncio.gather(*(backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(3)))
    assert len(server.bodies) == 3
    assert not list(isolated.rglob("*.sqlite"))


@pytest.mark.parametrize("change", [{"seed": 1}, {"temperature": 0.5}])
async def test_sampled_replies_are_kept_by_seed_and_temperature(
    change: dict[str, Any], server: FakeServer, connect: Connect
) -> None:
    backbone = connect(server.url, cache=True)
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    await backbone.perform(ANSWER_CHOICE, INPUTS, **change)
    await backbone.perform(ANSWER_CHOICE, INPUTS, **change)
    assert len(server.bodies) == 2


async def test_another_replica_or_name_of_the_host_loses_no_reply(vllm: FakeServer, connect: Connect) -> None:
    await connect(vllm.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
    async with serving(FakeServer("vllm")) as other:
        for urls in ((vllm.url, other.url), (vllm.url.replace("127.0.0.1", "localhost"),)):
            result = await connect(*urls, cache=True).perform(ANSWER_CHOICE, INPUTS)
            assert result.usage.cached_calls == 1


async def test_half_a_surrogate_pair_stops_no_worker(server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda body: completion("so \ud83d " + GOOD if body["seed"] % 2 else GOOD)]
    backbone = connect(server.url, cache=True)
    async with asyncio.timeout(20):
        results = [await backbone.perform(ANSWER_CHOICE, INPUTS, seed=seed) for seed in (*range(4), *range(4))]
    assert all(result.output is not None for result in results)
    assert [result.usage.cached_calls for result in results] == [0] * 4 + [1] * 4


async def test_a_measured_confidence_survives_the_cache(vllm: FakeServer, connect: Connect) -> None:
    top = [{"token": "B", "logprob": -0.5}, {"token": "A", "logprob": -1.5}]
    vllm.replies = [lambda _body: completion("B", logprobs=[{"token": "B", "logprob": -0.5, "top_logprobs": top}])]
    backbone = connect(vllm.url, cache=True)
    results = [await backbone.perform(GUESS, INPUTS) for _ in range(2)]
    assert results[1].usage.cached_calls == 1
    assert results[0].output is not None
    assert results[0].output.confidence is not None
    assert results[1].output == results[0].output


@pytest.mark.parametrize(("bad", "finish"), [("no idea", "stop"), (GOOD[:-1], "length")])
async def test_a_reply_that_does_not_fit_is_not_kept(bad: str, finish: str, server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, cache=True)
    server.replies = [lambda _body: completion(bad, finish)]
    assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).failure == "unparsed"
    server.replies = [GOOD]
    assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).usage.cached_calls == 0


async def test_a_streamed_reply_serves_those_who_do_not_stream_and_the_other_way_round(
    server: FakeServer, connect: Connect
) -> None:
    server.replies = [lambda _body: stream('{"answer": "Yes.", "citations": [], "confidence": null}')]
    backbone, told = connect(server.url, cache=True), list[str]()
    streamed = await backbone.perform(ANSWER_TEXT, INPUTS, on_token=told.append)
    plain = await backbone.perform(ANSWER_TEXT, INPUTS)
    again = await backbone.perform(ANSWER_TEXT, INPUTS, on_token=told.append)
    assert streamed.output == plain.output == again.output
    assert told == ["Yes.", "Yes."]
    assert len(server.bodies) == 1


async def test_another_server_version_at_the_same_address_is_another_key(connect: Connect) -> None:
    port = free_port()
    for kind in ("vllm", "portable"):
        async with serving(FakeServer(kind), port) as server:
            await connect(server.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
            assert len(server.bodies) == 1


async def test_another_server_with_a_model_of_the_same_name_is_another_key(server: FakeServer, connect: Connect) -> None:
    async with serving(FakeServer()) as other:
        for one in (server, other):
            await connect(one.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
            assert len(one.bodies) == 1


@pytest.mark.parametrize("field", ["root", "digest"])
async def test_another_model_under_the_same_name_and_address_is_another_key(
    field: str, server: FakeServer, connect: Connect
) -> None:
    for build in ("one", "two"):
        server.build = {field: build}
        await connect(server.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
    assert len(server.bodies) == 2


async def test_the_time_that_a_server_gives_as_the_models_creation_is_no_part_of_the_key(
    server: FakeServer, connect: Connect
) -> None:
    for now in (1, 2):
        server.build = {"created": now}
        await connect(server.url, cache=True).perform(ANSWER_CHOICE, INPUTS)
    assert len(server.bodies) == 1


async def test_replicas_and_credentials_share_replies(server: FakeServer, connect: Connect) -> None:
    async with serving(FakeServer()) as other:
        named = other.url.replace("http://", "http://user:pw@")
        for urls in ((server.url, other.url), (named, server.url)):
            await connect(*urls, cache=True).perform(ANSWER_CHOICE, INPUTS)
        assert len(server.bodies) + len(other.bodies) == 1


async def test_the_file_holds_no_prompt(server: FakeServer, connect: Connect, isolated: Path) -> None:
    backbone = connect(server.url, cache=True)
    await backbone.perform(ANSWER_CHOICE, INPUTS.model_copy(update={"stem": "a question of a patient named Zwetschge"}))
    await backbone.aclose()
    (base,) = isolated.rglob("replies.sqlite")
    assert json.dumps(GOOD)[1:20].encode()[:5] in base.read_bytes()
    assert b"Zwetschge" not in base.read_bytes()


# --- single flight -------------------------------------------------------------------------------------------------


async def test_identical_calls_in_flight_are_sent_once(server: FakeServer, connect: Connect) -> None:
    gate = asyncio.Event()

    async def held(_body: dict[str, Any]) -> Any:
        await gate.wait()
        return completion(GOOD)

    server.replies = [held]
    backbone = connect(server.url, cache=True)
    calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(5)]
    async with asyncio.timeout(10):
        while not server.bodies:
            await asyncio.sleep(0.01)
    calls[0].cancel()
    await asyncio.sleep(0.01)
    gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    done = [result for result in results[1:] if not isinstance(result, BaseException)]
    assert len(done) == 4
    assert all(result.output is not None for result in done)
    assert len(server.bodies) == 1


async def test_work_that_nobody_waits_for_any_more_is_cancelled() -> None:
    flights, ended = SingleFlight(), asyncio.Event()

    async def work() -> int:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return 1

    waiters = [asyncio.create_task(flights.do(b"k", work)) for _ in range(3)]
    await asyncio.sleep(0)
    for waiter in waiters[:2]:
        waiter.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not ended.is_set()
    waiters[2].cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert ended.is_set()


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    flights, calls = SingleFlight(), 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        if calls == 1:
            raise ValueError("no")
        return calls

    results = await asyncio.gather(*(flights.do(b"k", work) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
    assert await flights.do(b"k", work) == (2, False)
