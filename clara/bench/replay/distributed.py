"""Spreads the items of a replay over Ray actors, on this machine or on many. See docs/replay.md."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from typing import Any

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.bench.replay.journal import AnswerRecord
from clara.bench.replay.runner import Job
from clara.bench.replay.sharing import ItemFailed, SharedWork, Worker, WorkerLost
from clara.errors import ClaraError, UsageError
from clara.privacy import silence_telemetry

HERE = "local"
"""The address that starts Ray on this machine, for this replay alone."""
_WORKERS_A_NODE = 4
"""An actor mostly waits for the model server: few are enough."""
_KNOCK = 5.0


class _Actor:
    """A worker in an actor of Ray."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray = ray
        self._actor = actor

    async def prepare(self, strategies: Sequence[Strategy]) -> int | str:
        try:
            return await self._actor.prepare.remote(strategies)
        except self._ray.exceptions.RayError as error:
            raise WorkerLost(str(error).splitlines()[-1]) from None

    async def answer(self, job: Job) -> tuple[AnswerRecord, int]:
        try:
            return await self._actor.answer.remote(job)
        except self._ray.exceptions.RayTaskError as error:  # the item's own, such as a record that cannot be sent
            raise ItemFailed from error
        except self._ray.exceptions.RayError as error:
            raise WorkerLost(type(error).__name__) from None

    async def close(self) -> None:
        await self._actor.close.remote()

    def kill(self) -> None:
        self._ray.kill(self._actor)


class RayWork(SharedWork):
    """Does jobs on the actors of a Ray cluster. It joins or starts Ray, and leaves or stops it.

    Args:
        build, strategies: see :class:`clara.bench.replay.sharing.SharedWork`.
        address: :data:`HERE`, ``auto`` for the cluster that this machine belongs to, or ``host:port``.
        workers: actors; None means one for each core of the cluster, at most four a machine.

    Raises:
        UsageError: Ray is not installed.
        ClaraError: the cluster cannot be reached, or no actor can build its agent; the message says why.
    """

    kind = "Ray worker"

    def __init__(
        self, build: Callable[[], Agent], strategies: Sequence[Strategy], address: str = HERE, workers: int | None = None
    ) -> None:
        super().__init__(build, strategies)
        self._address = address
        self._number_of_workers = workers
        self._ray: Any = None
        self._joined = False

    async def _open(self) -> int:
        self._ray, self._joined = connect(self._address)
        return self._number_of_workers or self._most_workers()

    async def _launch(self) -> _Actor:
        remote = self._ray.remote(Worker)
        options = remote.options(num_cpus=1, scheduling_strategy="SPREAD", max_restarts=0)
        return _Actor(self._ray, options.remote(self._build))

    async def _leave(self) -> None:
        await super()._leave()
        if self._joined:
            self._ray.shutdown()

    def _most_workers(self) -> int:
        workers = 0
        for node in self._ray.nodes():
            if node["Alive"]:
                workers += min(int(node["Resources"].get("CPU", 0)), _WORKERS_A_NODE)
        return max(1, workers)


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
