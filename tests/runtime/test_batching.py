"""Work of many coroutines done together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clara.runtime.batching import Batcher


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Doubler:
    """Doubles numbers, remembers its batches, and waits before the first of them until it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = threading.Event()

    def __call__(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        assert self.may_go_on.wait(10)
        if -13 in numbers:
            raise ValueError("-13 is not doubled")
        return [2 * number for number in numbers]


async def until_at_work(doubler: Doubler) -> None:
    while not doubler.batches:
        await asyncio.sleep(0.001)


async def test_what_comes_while_a_batch_is_at_work_goes_together(worker: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    batcher = Batcher(doubler, worker)
    first = batcher.submit(1)
    await until_at_work(doubler)
    later = [batcher.submit(number) for number in range(2, 50)]
    doubler.may_go_on.set()
    assert await asyncio.gather(first, *later) == [2 * number for number in range(1, 50)]
    assert doubler.batches == [[1], list(range(2, 50))]


async def test_an_error_reaches_all_of_its_batch_and_nobody_else(worker: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    batcher = Batcher(doubler, worker)
    first = batcher.submit(1)
    await until_at_work(doubler)
    unlucky = [batcher.submit(12), batcher.submit(-13)]
    doubler.may_go_on.set()
    assert await first == 2
    for future in unlucky:
        with pytest.raises(ValueError, match="-13 is not doubled"):
            await future
    assert await batcher.submit(14) == 28


async def test_a_cancelled_caller_takes_nobody_along(worker: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    batcher = Batcher(doubler, worker)
    impatient, patient = batcher.submit(1), batcher.submit(2)
    await until_at_work(doubler)
    impatient.cancel()
    doubler.may_go_on.set()
    assert await patient == 4
    assert await batcher.submit(3) == 6


async def test_work_that_forgets_an_item_leaves_nobody_waiting(worker: ThreadPoolExecutor) -> None:
    batcher: Batcher[int, int] = Batcher(lambda numbers: numbers[1:], worker)
    with pytest.raises(ValueError, match="shorter"):
        await asyncio.wait_for(asyncio.gather(batcher.submit(1), batcher.submit(2)), 5)


async def test_an_executor_that_has_ended_is_an_error_and_no_hang() -> None:
    worker = ThreadPoolExecutor(1)
    worker.shutdown()
    with pytest.raises(RuntimeError):
        await asyncio.wait_for(Batcher(Doubler(), worker).submit(1), 5)


def test_it_serves_the_next_event_loop_when_the_first_has_ended(worker: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.may_go_on.set()
    batcher = Batcher(doubler, worker)

    async def double(number: int) -> int:
        return await batcher.submit(number)

    assert [asyncio.run(double(number)) for number in (4, 5)] == [8, 10]
