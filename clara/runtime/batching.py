"""Work of many coroutines done together: what comes while a batch is at work waits, and is the next batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

from clara.errors import as_exception

Input = TypeVar("Input")
Output = TypeVar("Output")


class Batcher(Generic[Input, Output]):
    """Hands what waits to a blocking function in another thread, one batch after the other. For one event loop.

    Args:
        work: gives one result for each item, in their order; blocks.
        executor: where it runs.
    """

    def __init__(self, work: Callable[[list[Input]], Sequence[Output]], executor: Executor) -> None:
        self._work = work
        self._executor = executor
        self._waiting: list[tuple[Input, asyncio.Future[Output]]] = []
        self._task: asyncio.Task[None] | None = None

    def submit(self, item: Input) -> asyncio.Future[Output]:
        """Hand an item over. What the work raises is raised to everyone whose item was in the batch.

        A caller that is cancelled does not stop the batch, which is the work of others too.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Output] = loop.create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        return future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            items = [item for item, _ in batch]
            try:
                results = await asyncio.get_running_loop().run_in_executor(self._executor, self._work, items)
                pairs = list(zip(batch, results, strict=True))
            except asyncio.CancelledError:
                for _, future in batch:
                    future.cancel()
                raise
            except BaseException as error:  # noqa: BLE001 - it belongs to those who wait, a panic of a Rust library too
                for _, future in batch:
                    if not future.done():
                        future.set_exception(as_exception(error))
                continue
            for (_, future), result in pairs:
                if not future.done():
                    future.set_result(result)
