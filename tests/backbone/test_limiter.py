from __future__ import annotations

import asyncio

import pytest

from clara.backbone.limiter import MOST, START, ConcurrencyLimiter
from clara.backbone.metrics import ServerLoad

IDLE = ServerLoad(running=8, waiting=0)


def beside_a_server_that_tells_its_queue() -> ConcurrencyLimiter:
    limiter = ConcurrencyLimiter()
    limiter.observed(IDLE)
    return limiter


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def fill(limiter: ConcurrencyLimiter, calls: int, clock: Clock | None = None, rate: float = 10.0) -> None:
    """So many calls, as many at once as the limiter allows, at ``rate`` replies a second."""
    release = asyncio.Event()

    async def call() -> None:
        async with limiter.slot():
            await release.wait()
        if clock is not None:
            clock.now += 1 / rate
        limiter.replied()

    tasks = [asyncio.create_task(call()) for _ in range(calls)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*tasks)


async def test_a_fixed_limit_stays() -> None:
    limiter = ConcurrencyLimiter(4)
    await fill(limiter, 20)
    limiter.observed(IDLE)
    async with limiter.slot() as call:
        limiter.pushed_back(call)
    assert limiter.limit == 4


async def test_it_grows_while_nobody_waits_on_a_full_server() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    await fill(limiter, START)
    limiter.observed(IDLE)
    assert limiter.limit == START * 3 // 2


async def test_it_does_not_grow_when_it_was_not_used() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    await fill(limiter, START // 2)
    limiter.observed(IDLE)
    assert limiter.limit == START


async def test_it_holds_while_a_short_queue_feeds_the_engine() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    await fill(limiter, START)
    limiter.observed(ServerLoad(running=28, waiting=4))
    assert limiter.limit == START


async def test_it_falls_to_what_the_server_runs_and_a_short_queue() -> None:
    limiter = ConcurrencyLimiter()
    limiter.observed(ServerLoad(running=8, waiting=24))
    assert limiter.limit == 12


async def test_an_unknown_queue_changes_nothing() -> None:
    limiter = ConcurrencyLimiter()
    limiter.observed(ServerLoad(running=1))
    assert limiter.limit == START


async def test_it_has_a_ceiling() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    for _ in range(20):
        await fill(limiter, limiter.limit)
        limiter.observed(IDLE)
    assert limiter.limit == MOST


async def test_push_backs_of_calls_that_were_in_flight_together_count_once() -> None:
    limiter = ConcurrencyLimiter()
    async with limiter.slot() as first, limiter.slot() as second:
        limiter.pushed_back(first)
        limiter.pushed_back(second)
        assert limiter.limit == int(START * 2 / 3)
    async with limiter.slot() as third:
        limiter.pushed_back(third)
    assert limiter.limit == int(START * 4 / 9)


async def test_after_a_push_back_it_grows_in_small_steps() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    async with limiter.slot() as call:
        limiter.pushed_back(call)
    lowered = limiter.limit
    await fill(limiter, lowered)
    limiter.observed(IDLE)
    assert lowered < limiter.limit <= lowered + 2


async def test_it_never_falls_below_one() -> None:
    limiter = ConcurrencyLimiter()
    for _ in range(30):
        async with limiter.slot() as call:
            limiter.pushed_back(call)
    assert limiter.limit == 1


async def test_without_a_queue_it_climbs_as_long_as_that_pays() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(clock=clock)
    await fill(limiter, START, clock, rate=10)
    higher = limiter.limit
    assert higher > START
    await fill(limiter, higher, clock, rate=10)
    assert limiter.limit == START


async def test_first_come_first_served() -> None:
    limiter, order = ConcurrencyLimiter(1), list[int]()

    async def call(number: int) -> None:
        async with limiter.slot():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(call(number) for number in range(6)))
    assert order == list(range(6))


@pytest.mark.parametrize("let_in_first", [False, True])
async def test_a_cancelled_waiter_keeps_no_place(let_in_first: bool) -> None:
    limiter = ConcurrencyLimiter(1)
    place = limiter.slot()
    await place.__aenter__()

    async def call() -> None:
        async with limiter.slot():
            pass

    waiting, next_one = asyncio.create_task(call()), asyncio.create_task(call())
    await asyncio.sleep(0)
    if not let_in_first:
        waiting.cancel()
    await place.__aexit__(None, None, None)
    waiting.cancel()
    await asyncio.wait_for(next_one, 1)
    assert limiter.in_flight == 0
