"""Several tasks at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from clara.tasks.model import O, TaskResult


async def together(asked: Iterable[Coroutine[Any, Any, TaskResult[O]]]) -> list[TaskResult[O]]:
    """All results in order, of one task at least; the first error ends the others, and none is left running."""
    alone, *others = asked
    if not others:
        return [await alone]
    tasks = [asyncio.ensure_future(one) for one in (alone, *others)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
