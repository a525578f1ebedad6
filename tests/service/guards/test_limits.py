"""The gate and the rate limit, each with a status and a time to try again."""

from __future__ import annotations

import asyncio

import pytest

from clara.errors import RequestRefused
from clara.service.guards.limits import Gate, RateLimit


async def hold(gate: Gate, seconds: float) -> None:
    async with gate.place():
        await asyncio.sleep(seconds)


async def test_who_finds_no_place_is_told_at_once_when_to_come_again() -> None:
    gate = Gate(2, 10)
    holders = [asyncio.create_task(hold(gate, 10)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RequestRefused) as refusal:
        await hold(gate, 0)
    assert (refusal.value.status, refusal.value.code) == (503, "overloaded")
    assert refusal.value.retry_after
    holders[0].cancel()
    await asyncio.gather(holders[0], return_exceptions=True)
    await hold(gate, 0)
    holders[1].cancel()
    await asyncio.gather(holders[1], return_exceptions=True)
    assert gate.in_flight == 0


async def test_a_question_that_takes_too_long_is_ended() -> None:
    gate = Gate(1, 0.01)
    with pytest.raises(RequestRefused) as refusal:
        await hold(gate, 5)
    assert refusal.value.status == 504
    assert gate.in_flight == 0


async def test_a_timeout_of_the_work_itself_stays_what_it_is() -> None:
    with pytest.raises(TimeoutError):
        async with Gate(1, 5).place():
            raise TimeoutError


async def test_when_it_closes_running_questions_have_the_grace_and_new_ones_are_refused() -> None:
    gate = Gate(4, 60)
    quick, slow = asyncio.create_task(hold(gate, 0.02)), asyncio.create_task(hold(gate, 30))
    await asyncio.sleep(0)
    gate.close(0.1)
    with pytest.raises(RequestRefused) as refusal:
        await hold(gate, 0)
    assert refusal.value.code == "shutting_down"
    await quick
    with pytest.raises(RequestRefused) as refusal:
        await slow
    assert (refusal.value.status, refusal.value.code) == (503, "shutting_down")


def test_a_caller_asks_as_often_as_allowed_and_then_waits() -> None:
    now = 0.0
    rate = RateLimit(60, clock=lambda: now)
    rate.take("ward", 60)
    rate.take("clinic")
    with pytest.raises(RequestRefused) as refusal:
        rate.take("ward", 5)
    assert (refusal.value.status, refusal.value.retry_after) == (429, 5)
    now = 5.0
    rate.take("ward", 5)
    with pytest.raises(RequestRefused):
        rate.take("ward")


def test_a_batch_that_never_fits_is_refused_without_a_time_to_come_again() -> None:
    with pytest.raises(RequestRefused) as refusal:
        RateLimit(3).take("ward", 4)
    assert refusal.value.retry_after is None


def test_no_limit_and_a_bounded_memory() -> None:
    RateLimit(0).take("ward", 10**9)
    rate = RateLimit(60, clock=lambda: 0.0)
    for number in range(10_050):
        rate.take(f"10.0.0.{number}")
    assert len(rate._buckets) <= 10_000
