"""Spreads the items of a replay over Ray actors, on this machine or on many.

Each actor has its own agent: its own connections to the model servers and to the knowledge base. The journal stays with the
process that started the replay, so its guarantees are the same: an item whose actor dies goes to another actor, and its
record is written once, by one writer. See docs/replay.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.bench.replay.journal import AnswerRecord
from clara.bench.replay.runner import Job, asked, failure, local, pool_size
from clara.errors import ClaraError, ReplayStopped, UsageError
from clara.privacy import silence_telemetry

HERE = "local"
"""The address that starts Ray on this machine, for this replay alone."""
_WORKERS_A_NODE = 4
"""An actor mostly waits for the model server: few are enough."""
_LIVES = 3
"""How often an item may meet the death of its actor before it is given up: it may be what kills them."""
_PATIENCE = 120.0
"""Seconds to wait for an actor while there is none."""
_GOODBYE = 5.0
_KNOCK = 5.0


class Worker:
    """What runs in an actor: an agent, built there."""

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


@dataclass(slots=True)
class _Actor:
    handle: Any
    size: int
    load: int = 0


class RayWork:
    """Does jobs on the actors of a Ray cluster; the ``work`` of :func:`clara.bench.replay.runner.replay`.

    An asynchronous context manager: it joins or starts Ray, and leaves or stops it.

    Args:
        build: makes the agent; it runs in each actor, so it must be something that can be pickled.
        strategies: what the agents must be ready for.
        address: :data:`HERE`, ``auto`` for the cluster that this machine belongs to, or ``host:port``.
        workers: actors; None means one for each core of the cluster, at most four a machine.

    Raises:
        UsageError: Ray is not installed.
        ClaraError: the cluster cannot be reached, or no actor can build its agent; the message says why.
    """

    def __init__(
        self, build: Callable[[], Agent], strategies: Sequence[Strategy], address: str = HERE, workers: int | None = None
    ) -> None:
        self._build = build
        self._strategies = tuple(strategies)
        self._address = address
        self._number_of_workers = workers
        self._ray: Any = None
        self._joined = False
        self._alive: list[_Actor] = []
        self._somebody = asyncio.Event()
        self._starting: set[asyncio.Task[None]] = set()

    def concurrency(self) -> int:
        """Items to keep at work now, over all actors."""
        return max(1, sum(actor.size for actor in self._alive))

    async def __aenter__(self) -> Self:
        self._ray, self._joined = connect(self._address)
        try:
            await self._start_all(self._number_of_workers or self._most_workers())
        except BaseException:
            self._leave()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        for task in self._starting:
            task.cancel()
        goodbyes = [asyncio.ensure_future(_awaited(actor.handle.close.remote())) for actor in self._alive]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=_GOODBYE)
            for goodbye in goodbyes:
                goodbye.cancel()
        self._leave()

    async def __call__(self, job: Job) -> AnswerRecord:
        """The record of a job, from whichever actor lives to give it.

        Raises:
            ReplayStopped: no actor is left, and none came back.
        """
        reason = ""
        for _ in range(_LIVES):
            actor = await self._idlest()
            actor.load += 1
            try:
                record, actor.size = await actor.handle.answer.remote(job)
                return record
            except self._ray.exceptions.RayTaskError as error:  # the item's own, such as a record that cannot be sent
                return asked(job) | failure(error)
            except self._ray.exceptions.RayError as error:
                reason = type(error).__name__
                self._lost(actor)
            finally:
                actor.load -= 1
        lost = ClaraError(f"{_LIVES} Ray workers were lost while they answered it ({reason})")
        return asked(job) | failure(lost)

    def _most_workers(self) -> int:
        workers = 0
        for node in self._ray.nodes():
            if node["Alive"]:
                workers += min(int(node["Resources"].get("CPU", 0)), _WORKERS_A_NODE)
        return max(1, workers)

    async def _start_all(self, number: int) -> None:
        """Start the actors and wait for the first that works; the others join when they are ready."""
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
        """Start an actor; it takes part as soon as its agent works."""
        remote = self._ray.remote(Worker)
        handle = remote.options(num_cpus=1, scheduling_strategy="SPREAD", max_restarts=0).remote(self._build)
        try:
            size = await handle.prepare.remote(self._strategies)
        except self._ray.exceptions.RayError as error:
            size = str(error).splitlines()[-1]
        if isinstance(size, str):
            raise ClaraError(f"a Ray worker cannot start: {size}")
        self._alive.append(_Actor(handle, size))
        self._somebody.set()

    def _lost(self, actor: _Actor) -> None:
        """Strike a dead actor off, and start another in its place: here, or where the cluster has room again."""
        if actor not in self._alive:
            return
        self._alive.remove(actor)
        self._ray.kill(actor.handle)  # it may live on out of reach
        if not self._alive:
            self._somebody.clear()
        self._start()

    async def _idlest(self) -> _Actor:
        try:
            await asyncio.wait_for(self._somebody.wait(), _PATIENCE)
        except TimeoutError:
            raise ReplayStopped(f"all Ray workers are lost, and none came back within {_PATIENCE:.0f} s") from None
        return min(self._alive, key=lambda actor: actor.load / actor.size)

    def _leave(self) -> None:
        for actor in self._alive:
            self._ray.kill(actor.handle)
        if self._joined:
            self._ray.shutdown()


def connect(address: str) -> tuple[Any, bool]:
    """The module ``ray``, joined to the cluster at ``address``, and whether this call joined it.

    A cluster that is started here listens on 127.0.0.1 only and takes nobody without its token.

    Raises:
        UsageError: Ray is not installed.
        ClaraError: there is no cluster at the address.
    """
    silence_telemetry()
    if address == HERE:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's way to say: loopback addresses only
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
    except ImportError:
        raise UsageError("--ray needs Ray: install it with pip install 'clara-agent[ray]'") from None
    module: Any = ray
    if module.is_initialized():
        return module, False
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == HERE:
            module.init(address="local", include_dashboard=False, **quiet)
        else:
            _knock(address)
            module.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClaraError(f"cannot join the Ray cluster at {address}: {str(error).splitlines()[0]}") from None
    return module, True


def _knock(address: str) -> None:
    """Find out at once that nobody listens, where Ray itself would try for minutes. Raises: OSError, ValueError."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), timeout=_KNOCK).close()


def _first_error(tasks: Iterable[asyncio.Task[None]]) -> BaseException:
    for task in tasks:
        error = task.exception()
        if error is not None:
            return error
    raise AssertionError("all tasks ended well")


async def _awaited(reference: Any) -> None:
    with contextlib.suppress(Exception):
        await reference


def _forget(task: asyncio.Task[None]) -> None:
    """An actor that cannot start is no reason to stop the others."""
    if not task.cancelled():
        task.exception()
