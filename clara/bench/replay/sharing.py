"""Spreads the items of a replay over workers, each with an agent of its own; what a worker is, and where, others say.

The journal stays with the process that started the replay, so its guarantees are the same: an item whose worker dies goes to
another worker, and its record is written once, by one writer. See docs/replay.md.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.bench.replay.journal import AnswerRecord
from clara.bench.replay.runner import Job, asked, failure, local, pool_size
from clara.errors import ClaraError, ReplayStopped, shortage
from clara.privacy import silence_telemetry

_LIVES = 3
"""How often an item may meet the death of its worker before it is given up: it may be what kills them."""
_PATIENCE = 120.0
"""Seconds to wait for a worker while there is none."""
_GOODBYE = 5.0


class Worker:
    """What runs in a worker: an agent, built there."""

    def __init__(self, build: Callable[[], Agent]) -> None:
        silence_telemetry()
        self._build = build
        self._agent: Agent | None = None

    async def prepare(self, strategies: Sequence[Strategy]) -> int | str:
        """Build the agent; returns how many items to keep at work, or why the agent cannot work."""
        try:
            self._agent = agent = self._build()
            await agent.prepare(strategies)
            uses_model = (await agent.backbone.info()).uses_model
        except ClaraError as error:
            return str(error)
        except Exception as error:
            short = shortage(error)
            if short is None:
                raise
            return str(short)
        self._answer = local(agent)
        self._size = pool_size(agent.backbone, agent.settings, uses_model=uses_model)
        return self._size()

    async def answer(self, job: Job) -> tuple[AnswerRecord, int]:
        """The record of a job, and how many items to keep at work from now on."""
        return await self._answer(job), self._size()

    async def close(self) -> None:
        """Release the agent's connections."""
        if self._agent is not None:
            await self._agent.aclose()


class WorkerLost(Exception):
    """A worker died, or is out of reach."""


class ItemFailed(Exception):
    """The worker lives, but has no record of the item to give, such as one that cannot be sent."""


class Handle(Protocol):
    """A worker as the process of the replay sees it. Each call raises WorkerLost or, for a job, ItemFailed."""

    async def prepare(self, strategies: Sequence[Strategy]) -> int | str:
        """See :meth:`Worker.prepare`."""
        ...

    async def answer(self, job: Job) -> tuple[AnswerRecord, int]:
        """See :meth:`Worker.answer`."""
        ...

    async def close(self) -> None:
        """See :meth:`Worker.close`."""
        ...

    def kill(self) -> None:
        """End it at once; without effect where it is dead."""
        ...


@dataclass(slots=True)
class _Member:
    handle: Handle
    size: int
    load: int = 0


class SharedWork(ABC):
    """Does jobs on workers; the ``work`` of :func:`clara.bench.replay.runner.replay`. An asynchronous context manager.

    Args:
        build: makes the agent; it runs in each worker, so it must be something that can be pickled.
        strategies: what the agents must be ready for.
    """

    kind: ClassVar[str]
    """What messages call a worker."""

    def __init__(self, build: Callable[[], Agent], strategies: Sequence[Strategy]) -> None:
        self._build = build
        self._strategies = tuple(strategies)
        self._alive: list[_Member] = []
        self._somebody = asyncio.Event()
        self._starting: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def _open(self) -> int:
        """Get ready to launch workers; gives how many to launch."""

    @abstractmethod
    async def _launch(self) -> Handle:
        """Start one worker. Raises: WorkerLost, ClaraError."""

    async def _leave(self) -> None:
        """End all workers."""
        for member in self._alive:
            member.handle.kill()

    def concurrency(self) -> int:
        """Items to keep at work now, over all workers."""
        return max(1, sum(member.size for member in self._alive))

    async def __aenter__(self) -> Self:
        number = await self._open()
        try:
            await self._start_all(number)
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        goodbyes = [asyncio.ensure_future(_ended(member.handle.close())) for member in self._alive]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=_GOODBYE)
            for goodbye in goodbyes:
                goodbye.cancel()
        await self._leave()

    async def __call__(self, job: Job) -> AnswerRecord:
        """The record of a job, from whichever worker lives to give it.

        Raises:
            ReplayStopped: no worker is left, and none came back.
        """
        reason = ""
        for _ in range(_LIVES):
            member = await self._idlest()
            member.load += 1
            try:
                record, member.size = await member.handle.answer(job)
                return record
            except ItemFailed as error:
                return asked(job) | failure(error.__cause__ if isinstance(error.__cause__, Exception) else error)
            except WorkerLost as error:
                reason = str(error)
                self._lost(member)
            finally:
                member.load -= 1
        lost = ClaraError(f"{_LIVES} {self.kind}s were lost while they answered it ({reason})")
        return asked(job) | failure(lost)

    async def _start_all(self, number: int) -> None:
        """Start the workers and wait for the first that works; the others join when they are ready."""
        starts = [self._start() for _ in range(number)]
        await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
        if not self._alive:
            await asyncio.wait(starts)
        if not self._alive:
            raise _first_error(starts)

    def _start(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._join())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        task.add_done_callback(_forget)
        return task

    async def _join(self) -> None:
        """Start a worker; it takes part as soon as its agent works."""
        handle = await self._launch()
        try:
            size = await handle.prepare(self._strategies)
        except WorkerLost as error:
            size = str(error)
        except BaseException:
            handle.kill()
            raise
        if isinstance(size, str):
            handle.kill()
            raise ClaraError(f"a {self.kind} cannot start: {size}")
        self._alive.append(_Member(handle, size))
        self._somebody.set()

    def _lost(self, member: _Member) -> None:
        """Strike a dead worker off, and start another in its place."""
        if member not in self._alive:
            return
        self._alive.remove(member)
        member.handle.kill()  # it may live on out of reach
        if not self._alive:
            self._somebody.clear()
        self._start()

    async def _idlest(self) -> _Member:
        try:
            await asyncio.wait_for(self._somebody.wait(), _PATIENCE)
        except TimeoutError:
            raise ReplayStopped(f"all {self.kind}s are lost, and none came back within {_PATIENCE:.0f} s") from None
        return min(self._alive, key=lambda member: member.load / member.size)


def _first_error(tasks: Iterable[asyncio.Task[None]]) -> BaseException:
    for task in tasks:
        error = task.exception()
        if error is not None:
            return error
    raise AssertionError("all tasks ended well")


async def _ended(work: Awaitable[object]) -> None:
    with contextlib.suppress(Exception):
        await work


def _forget(task: asyncio.Task[None]) -> None:
    """A worker that cannot start is no reason to stop the others."""
    if not task.cancelled():
        task.exception()
