"""Which server is asked next, when one is put aside, and what of its address is shown."""

from __future__ import annotations

import asyncio
import base64
import time

import pytest

from clara.backbone.servers import replicas as module
from clara.backbone.servers.replicas import Replica, ReplicaPool

URLS = ("http://a.example/v1", "http://b.example/v1", "http://c.example/v1")


async def never(_replica: Replica) -> bool:
    return False


async def at_once(_replica: Replica) -> bool:
    return True


@pytest.mark.parametrize("url", ["http://a.example", "http://a.example/", "http://a.example/v1", "http://a.example/v1/"])
def test_an_address_is_the_same_with_and_without_its_version(url: str) -> None:
    replica = Replica(url)
    assert (replica.address("/health"), replica.shown) == ("http://a.example/health", "http://a.example/v1")
    assert replica.headers == {}


def test_a_path_before_the_version_stays() -> None:
    assert Replica("https://a.example/team/llm/v1").shown == "https://a.example/team/llm/v1"


@pytest.mark.parametrize(
    ("userinfo", "plain"),
    [("user:pa%2Fss", "user:pa/ss"), ("user:a:b", "user:a:b"), ("us%40er", "us@er"), ("us%3Aer:x", "us:er:x")],
)
def test_credentials_leave_the_address_and_go_into_a_header(userinfo: str, plain: str) -> None:
    replica = Replica(f"http://{userinfo}@a.example/v1")
    assert replica.shown == "http://a.example/v1"
    scheme, _, value = replica.headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", plain)


def test_one_lost_connection_is_forgiven_and_two_in_a_row_are_not() -> None:
    replica = Replica(URLS[0])
    replica.connection_lost(refused=False)
    assert not replica.broken
    replica.answered(engine=False)
    replica.connection_lost(refused=False)
    assert not replica.broken
    replica.connection_lost(refused=False)
    assert replica.broken


def test_a_refused_connection_is_enough() -> None:
    replica = Replica(URLS[0])
    replica.connection_lost(refused=True)
    assert replica.broken


def test_failures_of_the_engine_add_up_until_it_answers_and_a_busy_one_does_not_count() -> None:
    replica = Replica(URLS[0])
    for _ in range(3):
        replica.failed(503, None)
    for _ in range(9):
        replica.failed(429, None)
    assert not replica.broken
    replica.answered(engine=False)  # /health says nothing of the engine
    replica.failed(500, None)
    assert replica.broken
    replica.answered(engine=True)
    assert not replica.broken


def test_a_server_rests_as_long_as_it_asks() -> None:
    replica = Replica(URLS[0])
    replica.failed(429, 30.0)
    assert 29 < replica.rest_until - time.monotonic() <= 30
    replica.failed(429, None)
    assert replica.rest_until - time.monotonic() <= module._REST


async def test_the_least_busy_server_is_asked_and_one_that_rests_only_if_all_do() -> None:
    pool = ReplicaPool(URLS, never)
    first, second, third = pool.replicas
    first.outstanding, second.outstanding, third.outstanding = 3, 1, 2
    assert pool.choose() is second
    second.failed(429, 60.0)
    assert pool.choose() is third
    third.failed(429, 60.0)
    first.failed(429, 60.0)
    assert pool.choose() is second
    await pool.aclose()


async def test_a_server_that_was_put_aside_is_asked_last() -> None:
    pool = ReplicaPool(URLS[:2], never)
    first, second = pool.replicas
    second.outstanding = 100
    pool.put_aside(first)
    assert pool.choose() is second
    assert not pool.all_down
    pool.put_aside(second)
    assert pool.all_down
    assert pool.choose() is first
    await pool.aclose()


async def test_a_server_comes_back_when_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
    pool = ReplicaPool(URLS[:1], at_once)
    pool.put_aside(pool.replicas[0])
    waiting = asyncio.create_task(pool.someone_back())
    await asyncio.wait_for(waiting, 5)
    assert not pool.all_down
    assert pool.worth_waiting
    await pool.aclose()


async def test_it_is_looked_at_again_until_it_works_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
    looks: list[float] = []

    async def third_time(_replica: Replica) -> bool:
        looks.append(time.monotonic())
        return len(looks) == 3

    pool = ReplicaPool(URLS[:1], third_time)
    pool.put_aside(pool.replicas[0])
    pool.put_aside(pool.replicas[0])  # the second time changes nothing
    await asyncio.wait_for(pool.someone_back(), 5)
    assert len(looks) == 3
    await pool.aclose()


async def test_a_pool_that_is_closed_looks_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
    looks: list[Replica] = []

    async def look(replica: Replica) -> bool:
        looks.append(replica)
        return False

    pool = ReplicaPool(URLS[:1], look)
    pool.put_aside(pool.replicas[0])
    await pool.aclose()
    before = len(looks)
    await asyncio.sleep(0.02)
    assert len(looks) == before


async def test_calls_in_flight_end_when_a_server_is_given_up() -> None:
    replica = Replica(URLS[0])

    async def call() -> str:
        try:
            async with asyncio.timeout(60) as scope:
                replica.scopes.add(scope)
                await asyncio.sleep(60)
        except TimeoutError:
            return "ended"
        return "lasted"

    running = asyncio.create_task(call())
    await asyncio.sleep(0)
    replica.give_up_calls()
    assert await asyncio.wait_for(running, 5) == "ended"
