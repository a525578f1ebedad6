from __future__ import annotations

import asyncio

import pytest

from clara.backbone.servers.limiter import FIRST, MOST, START, ConcurrencyLimiter
from clara.backbone.servers.metrics import ServerLoad

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


def test_it_begins_low_and_goes_on_where_a_server_tells_its_queue() -> None:
    limiter = ConcurrencyLimiter()
    assert limiter.limit == FIRST <= 4
    limiter.observed(ServerLoad(running=0, waiting=0))
    assert limiter.limit == START == 32


async def test_the_first_look_does_not_take_the_low_limit_for_a_full_server() -> None:
    limiter = ConcurrencyLimiter()
    await fill(limiter, FIRST - 1)
    async with limiter.slot(), limiter.slot(), limiter.slot(), limiter.slot():
        limiter.observed(IDLE)
    assert limiter.limit == START


async def test_a_push_back_before_the_first_look_counts() -> None:
    limiter = ConcurrencyLimiter()
    async with limiter.slot() as call:
        limiter.pushed_back(call)
    limiter.observed(ServerLoad(running=1, waiting=0))
    assert limiter.limit < FIRST


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
    assert limiter.limit == FIRST


async def test_it_has_a_ceiling() -> None:
    limiter = beside_a_server_that_tells_its_queue()
    for _ in range(20):
        await fill(limiter, limiter.limit)
        limiter.observed(IDLE)
    assert limiter.limit == MOST


async def test_push_backs_of_calls_that_were_in_flight_together_count_once() -> None:
    limiter = beside_a_server_that_tells_its_queue()
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


async def test_a_push_back_may_be_due_to_the_calls_beside_it() -> None:
    limiter = ConcurrencyLimiter()
    async with limiter.slot() as alone:
        assert not limiter.pushed_back(alone)
    async with limiter.slot() as first, limiter.slot() as second:
        assert limiter.pushed_back(first)
    assert limiter.pushed_back(second)
    async with limiter.slot() as call:
        assert not limiter.pushed_back(call)
    fixed = ConcurrencyLimiter(1)
    async with fixed.slot() as call:
        assert not fixed.pushed_back(call)


async def test_without_a_queue_it_climbs_as_long_as_that_pays() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(clock=clock)
    await fill(limiter, FIRST, clock, rate=10)
    higher = limiter.limit
    assert higher > FIRST
    await fill(limiter, higher, clock, rate=10)
    assert limiter.limit == FIRST


async def test_a_climb_in_vain_is_tried_again_more_and_more_rarely() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(clock=clock)
    limits = list[int]()
    for _ in range(60):
        await fill(limiter, 16, clock, rate=10)
        limits.append(limiter.limit)
    assert set(limits) == {FIRST, FIRST * 3 // 2}
    assert limits[:30].count(FIRST * 3 // 2) > limits[30:].count(FIRST * 3 // 2) > 0


@pytest.mark.parametrize("hiccup", [False, True])
async def test_beside_a_fast_server_it_is_high_within_few_replies(hiccup: bool) -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(clock=clock)
    if hiccup:
        async with limiter.slot() as call:
            limiter.pushed_back(call)
    for _ in range(16):
        # every call takes a second, however many there are
        await fill(limiter, limiter.limit, clock, rate=limiter.limit)
    assert clock.now <= 17
    assert limiter.limit > 256


async def test_time_without_calls_is_no_slowness() -> None:
    clock = Clock()
    limiter = ConcurrencyLimiter(clock=clock)
    await fill(limiter, FIRST, clock)
    clock.now += 3600
    await fill(limiter, limiter.limit, clock, rate=20)
    assert limiter.limit > FIRST * 3 // 2


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
