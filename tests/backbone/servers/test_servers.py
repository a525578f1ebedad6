"""What happens when servers fail: each case against fake servers on the loopback, which stand in for the network."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clara.backbone.servers import servers as http
from clara.backbone.translation.backbone import TranslatingBackbone
from clara.errors import BackboneOverloaded, BackboneRefused, BackboneUnreachable
from clara.tasks.model import ANSWER_CHOICE, ANSWER_TEXT
from clara.testing import ScriptedBackbone
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import DEAD, GOOD, INPUTS, KEY, FakeServer, completion, serving, stream


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff in milliseconds."""
    monkeypatch.setattr("clara.backbone.servers.retry._FIRST", 0.002)
    monkeypatch.setattr("clara.backbone.servers.replicas._FIRST_PAUSE", 0.02)


def busy(**headers: str) -> Any:
    return lambda _body: web.Response(status=429, headers=headers)


async def slow(_body: dict[str, Any]) -> web.Response:
    await asyncio.sleep(30)
    return completion(GOOD)


async def hang_up(_body: dict[str, Any]) -> web.Response:
    raise ConnectionResetError


async def in_a_moment(_body: dict[str, Any]) -> web.Response:
    await asyncio.sleep(0.02)
    return completion(GOOD)


class WithoutMetrics(FakeServer):
    """Knows all that vLLM does, but answers ``/metrics`` with an error."""

    def __init__(self, status: int) -> None:
        super().__init__("vllm")
        self._status = status
        self.looks = 0

    async def tell_metrics(self, _request: web.Request) -> web.Response:
        self.looks += 1
        return web.Response(status=self._status)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# --- one server ----------------------------------------------------------------------------------------------------


async def test_busy_then_failing_then_well(server: FakeServer, connect: Connect) -> None:
    server.replies = [busy(**{"Retry-After": "0"}), 500, GOOD]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None
    assert len(server.bodies) == 3


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
async def test_statuses_that_are_tried_again(status: int, server: FakeServer, connect: Connect) -> None:
    server.replies = [status, GOOD]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_failing_to_the_end(server: FakeServer, connect: Connect) -> None:
    server.replies = [500]
    with pytest.raises(BackboneOverloaded) as caught:
        await connect(server.url, retries=1).perform(ANSWER_CHOICE, INPUTS)
    assert (caught.value.status, len(server.bodies)) == (500, 2)


async def test_a_longer_retry_after_than_the_call_has_time_for_ends_it(server: FakeServer, connect: Connect) -> None:
    server.replies = [busy(**{"Retry-After": "200"})]
    with pytest.raises(BackboneOverloaded) as caught:
        await connect(server.url, timeout=5).perform(ANSWER_CHOICE, INPUTS)
    assert (caught.value.retry_after, len(server.bodies)) == (200, 1)


@pytest.mark.parametrize(("status", "mend"), [(401, "CLARA_API_KEY"), (403, "CLARA_API_KEY"), (404, "--model")])
async def test_refusals_are_not_tried_again(status: int, mend: str, server: FakeServer, connect: Connect) -> None:
    server.replies = [status]
    with pytest.raises(BackboneRefused, match=mend) as caught:
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert KEY not in str(caught.value)
    assert len(server.bodies) == 1


async def test_nobody_there(connect: Connect) -> None:
    with pytest.raises(BackboneUnreachable, match=f"cannot reach the model server at {DEAD}; .*vllm serve") as caught:
        await connect(DEAD, retries=0).perform(ANSWER_CHOICE, INPUTS)
    assert KEY not in str(caught.value)


async def test_a_connection_that_breaks_is_made_again(server: FakeServer, connect: Connect) -> None:
    server.replies = [hang_up, GOOD]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_no_reply_in_time_names_the_setting(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, timeout=0.3)
    await backbone.capabilities()
    server.replies = [slow]
    with pytest.raises(BackboneUnreachable, match=r"0\.3 s for a call; CLARA_TIMEOUT"):
        await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert [replica.outstanding for replica in backbone.servers.pool.replicas] == [0]


async def test_no_first_piece_in_time_is_tried_again(server: FakeServer, connect: Connect) -> None:
    server.stalled_streams = 1
    server.replies = [lambda _body: stream('{"answer": "Yes.", "citations": [], "confidence": null}')]
    told: list[str] = []
    result = await connect(server.url, first_token_timeout=0.1).perform(ANSWER_TEXT, INPUTS, on_token=told.append)
    assert result.output is not None
    assert told == ["Yes."]
    assert len(server.bodies) == 2


async def test_the_wait_for_the_head_of_a_stream_counts(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, first_token_timeout=0.2, retries=0)
    await backbone.capabilities()
    server.replies = [slow]
    began = time.monotonic()
    with pytest.raises(BackboneUnreachable, match=r"first piece .* within 0\.2 s \(CLARA_FIRST_TOKEN_TIMEOUT\)"):
        await backbone.perform(ANSWER_TEXT, INPUTS, on_token=lambda _text: None)
    assert time.monotonic() - began < 5


async def test_head_and_first_piece_of_a_stream_have_one_time_together(server: FakeServer, connect: Connect) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.7)
        yield b'data: {"choices": []}\n\n'

    async def late_in_two_ways(_body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(0.7)
        return web.Response(body=pieces(), content_type="text/event-stream")

    backbone = connect(server.url, first_token_timeout=1.0, retries=0)
    await backbone.capabilities()
    server.replies = [late_in_two_ways]
    with pytest.raises(BackboneUnreachable, match="CLARA_FIRST_TOKEN_TIMEOUT"):
        await backbone.perform(ANSWER_TEXT, INPUTS, on_token=lambda _text: None)


async def test_a_reply_at_once_has_the_whole_time(server: FakeServer, connect: Connect) -> None:
    async def late(_body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(0.3)
        return completion(GOOD)

    server.replies = [late]
    backbone = connect(server.url, first_token_timeout=0.1)
    assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_cancelling_a_call_closes_its_connection(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url)
    await backbone.capabilities()
    server.engine_alive = False
    call = asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS))
    await until(lambda: backbone.servers.pool.replicas[0].outstanding == 1)
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: server.cancelled == 1)
    assert backbone.servers.limiter.in_flight == 0


# --- servers that come and go --------------------------------------------------------------------------------------


async def test_calls_wait_for_a_server_that_is_started_again(connect: Connect) -> None:
    port = free_port()
    async with serving(FakeServer(), port) as first:
        backbone = connect(first.url)
        await backbone.perform(ANSWER_CHOICE, INPUTS)
    calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(8)]
    await until(lambda: backbone.servers.pool.all_down)
    async with serving(FakeServer(), port) as second:
        results = await asyncio.gather(*calls)
        assert len(second.bodies) == 8
    assert all(result.output is not None for result in results)


async def test_a_server_that_stays_away_is_told_in_one_sentence(connect: Connect) -> None:
    async with serving(FakeServer()) as server:
        backbone = connect(server.url, outage=0.2)
        await backbone.perform(ANSWER_CHOICE, INPUTS)
    with pytest.raises(BackboneUnreachable, match=r"did not come back within 0\.2 s"):
        await backbone.perform(ANSWER_CHOICE, INPUTS)


async def test_one_of_two_replicas_is_dead(server: FakeServer, connect: Connect) -> None:
    backbone = connect(DEAD, server.url)
    for _ in range(3):
        assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_calls_go_where_the_fewest_are_in_flight(server: FakeServer, connect: Connect) -> None:
    async with serving(FakeServer()) as second:
        backbone = connect(server.url, second.url, concurrency=10)
        await backbone.capabilities()
        gate = asyncio.Event()

        async def held(_body: dict[str, Any]) -> web.Response:
            await gate.wait()
            return completion(GOOD)

        server.replies, second.replies = [held], [held]
        calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(10)]
        await until(lambda: len(server.bodies) + len(second.bodies) == 10)
        assert (len(server.bodies), len(second.bodies)) == (5, 5)
        gate.set()
        await asyncio.gather(*calls)


async def test_calls_in_flight_move_to_another_replica(server: FakeServer, connect: Connect) -> None:
    port = free_port()
    async with serving(FakeServer(), port) as second:
        backbone = connect(server.url, second.url, concurrency=10)
        await backbone.capabilities()
        second.replies = [slow]
        calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(6)]
        await until(lambda: len(second.bodies) == 3)
    results = await asyncio.gather(*calls)
    assert all(result.output is not None for result in results)
    assert len(server.bodies) == 6
    async with serving(FakeServer(), port) as again:
        await until(lambda: not any(replica.down for replica in backbone.servers.pool.replicas))
        assert again.signs == 1
        server.replies = [slow]
        calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(2)]
        await until(lambda: len(again.bodies) == 1)
        for call in calls:
            call.cancel()


async def test_a_replica_that_comes_back_with_another_model_stays_aside(server: FakeServer, connect: Connect) -> None:
    port = free_port()
    async with serving(FakeServer(), port):
        backbone = connect(server.url, f"http://127.0.0.1:{port}/v1")
        await backbone.capabilities()
    async with serving(FakeServer(model="other"), port) as other:
        replica = backbone.servers.pool.replicas[1]
        backbone.servers.pool.put_aside(replica)
        await asyncio.sleep(0.3)
        assert replica.down
        assert (other.signs, other.bodies) == (0, [])


async def test_an_engine_that_is_dead_behind_a_live_server_is_noticed(server: FakeServer, connect: Connect) -> None:
    async with serving(FakeServer("vllm")) as ill:
        ill.metrics = "vllm:generation_tokens_total 5\n"
        backbone = connect(ill.url, server.url)
        backbone.servers.liveness.silence = 0.2
        await backbone.capabilities()
        ill.engine_alive = False
        calls = [asyncio.create_task(backbone.perform(ANSWER_CHOICE, INPUTS)) for _ in range(4)]
        results = await asyncio.gather(*calls)
        assert all(result.output is not None for result in results)
        assert [replica.down for replica in backbone.servers.pool.replicas] == [True, False]
        await until(lambda: ill.cancelled >= 3)


async def test_a_full_engine_that_still_counts_tokens_is_left_alone(connect: Connect) -> None:
    async with serving(FakeServer("vllm")) as full:
        backbone = connect(full.url, timeout=1.5)
        backbone.servers.liveness.silence = 0.2
        await backbone.capabilities()
        full.engine_alive = False
        began = time.monotonic()
        full.metrics = lambda: f"vllm:generation_tokens_total {time.monotonic() - began}\n"
        with pytest.raises(BackboneUnreachable, match="CLARA_TIMEOUT"):
            await backbone.perform(ANSWER_CHOICE, INPUTS)
        assert not backbone.servers.pool.replicas[0].down


@pytest.mark.parametrize("status", [404, 501, 503])
async def test_servers_that_refuse_metrics_share_the_load(
    status: int, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LOOK", 0.0)
    monkeypatch.setattr(http, "_LOOK_AGAIN", 0.0)
    async with serving(WithoutMetrics(status)) as first, serving(WithoutMetrics(404)) as second:
        backbone = connect(first.url, second.url)
        await backbone.capabilities()
        first.replies, second.replies = [in_a_moment], [in_a_moment]
        await asyncio.gather(*(backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(100)))
        assert first.looks > 2
        assert abs(len(first.bodies) - len(second.bodies)) <= 20
        assert not any(replica.down or replica.broken for replica in backbone.servers.pool.replicas)


async def test_metrics_that_are_not_told_are_left_alone_for_a_while(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LOOK", 0.0)
    async with serving(WithoutMetrics(404)) as server:
        backbone = connect(server.url)
        await backbone.capabilities()
        looks = server.looks
        for _ in range(10):
            await backbone.perform(ANSWER_CHOICE, INPUTS)
        assert server.looks <= looks + 1


# --- the limit -----------------------------------------------------------------------------------------------------


async def test_no_more_calls_at_once_than_the_setting(server: FakeServer, connect: Connect) -> None:
    most = now = 0

    async def counted(_body: dict[str, Any]) -> web.Response:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return completion(GOOD)

    server.replies = [counted]
    backbone = connect(server.url, concurrency=3)
    await asyncio.gather(*(backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(12)))
    assert most == 3


async def test_the_limit_follows_the_servers_queue(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LOOK", 0.0)
    async with serving(FakeServer("vllm")) as server:
        server.metrics = "vllm:num_requests_running 8\nvllm:num_requests_waiting 24\n"
        backbone = connect(server.url)
        await backbone.perform(ANSWER_CHOICE, INPUTS)
        await until(lambda: backbone.concurrency == 12)


async def test_the_first_look_comes_before_the_replies(vllm: FakeServer, connect: Connect, isolated: Path) -> None:
    """Also where it is remembered what the server can do, and nothing is asked before the first call."""
    vllm.metrics = "vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n"
    first = connect(vllm.url, home=isolated)
    await first.capabilities()
    assert first.concurrency == 32
    probes = vllm.probes
    gate = asyncio.Event()

    async def held(_body: dict[str, Any]) -> web.Response:
        await gate.wait()
        return completion(GOOD)

    vllm.replies = [held]
    second = connect(vllm.url, home=isolated)
    calls = [asyncio.create_task(second.perform(ANSWER_CHOICE, INPUTS)) for _ in range(40)]
    await until(lambda: len(vllm.bodies) == 32)
    assert vllm.probes == probes
    gate.set()
    await asyncio.gather(*calls)


@pytest.mark.parametrize("at_once", [1, 2])
async def test_a_server_that_does_little_at_once_is_not_flooded(at_once: int, server: FakeServer, connect: Connect) -> None:
    places = asyncio.Semaphore(at_once)

    async def in_turn(_body: dict[str, Any]) -> web.Response:
        async with places:
            await asyncio.sleep(0.05)
        return completion(GOOD)

    backbone = connect(server.url, timeout=0.8)
    await backbone.capabilities()
    server.replies = [in_turn]
    results = await asyncio.gather(*(backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(40)))
    assert all(result.output is not None for result in results)


async def test_calls_that_flooded_a_server_are_sent_once_more(server: FakeServer, connect: Connect) -> None:
    async def only_alone(_body: dict[str, Any]) -> web.Response:
        if backbone.servers.limiter.in_flight > 2:
            await asyncio.sleep(30)
        return completion(GOOD)

    backbone = connect(server.url, timeout=0.5)
    await backbone.capabilities()
    server.replies = [only_alone]
    results = await asyncio.gather(*(backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(4)))
    assert all(result.output is not None for result in results)
    assert len(server.bodies) > 4


async def test_a_second_try_that_is_late_too_is_the_end(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, timeout=0.3)
    await backbone.capabilities()
    server.replies = [slow]
    calls = (backbone.perform(ANSWER_CHOICE, INPUTS) for _ in range(4))
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(error) for error in errors] == [BackboneUnreachable] * 4
    assert "CLARA_CONCURRENCY" in str(errors[0])
    assert len(server.bodies) == 8


async def test_a_push_back_lowers_the_limit(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url)
    before = backbone.concurrency
    server.replies = [503, GOOD]
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert backbone.concurrency < before


async def test_the_setting_is_the_limit_also_behind_a_translation_model(server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, concurrency=3)
    server.replies = [503, GOOD]
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert backbone.concurrency == 3
    assert TranslatingBackbone(backbone, load=_no_model).concurrency == 3
    assert TranslatingBackbone(ScriptedBackbone(), load=_no_model).concurrency is None


def _no_model() -> Any:
    raise AssertionError("no translation is asked for")


async def until(true: Any) -> None:
    """Wait until a condition holds; fails after ten seconds."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)
