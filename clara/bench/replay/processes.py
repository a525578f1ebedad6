"""Spreads the items of a replay over processes of this machine, so that one core does not hold a fast server back.

The process that was started and its workers speak over pipes: each message is a length of four bytes and a pickled value,
from our own process to our own process. A worker whose pipe ends, because the other side died or has no more to ask, ends
too. See docs/replay.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, cast

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.bench.replay.journal import AnswerRecord
from clara.bench.replay.runner import Job, rare_collections
from clara.bench.replay.sharing import ItemFailed, SharedWork, Worker, WorkerLost
from clara.errors import ClaraError, shortage

_LENGTH = struct.Struct("!I")
_WORTH = 500
"""Jobs that make a further process worth its start of a second or two."""
_MOST = 8


def default_processes(jobs: int, cores: int) -> int:
    """How many processes keep a fast server full: one a core, but none for less work than its start costs."""
    return max(1, min(cores, _MOST, jobs // _WORTH))


def _framed(value: object) -> bytes:
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


async def _read(stream: asyncio.StreamReader) -> Any:
    """The next message. Raises: IncompleteReadError: the other side is gone."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return pickle.loads(await stream.readexactly(length))  # noqa: S301 - written by our own process


class _Process:
    """A worker in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._lost = ""
        self._reader = asyncio.create_task(self._read_replies(cast("asyncio.StreamReader", process.stdout)))

    async def prepare(self, strategies: Sequence[Strategy]) -> int | str:
        return await self._ask("prepare", strategies)

    async def answer(self, job: Job) -> tuple[AnswerRecord, int]:
        return await self._ask("answer", job)

    async def close(self) -> None:
        await self._ask("close")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()
        await self._reader

    def send(self, value: object) -> None:
        """Hand a message over. Raises: WorkerLost."""
        pipe = self._process.stdin
        if self._lost or pipe is None or pipe.is_closing():
            raise WorkerLost(self._lost or "its pipe is closed")
        pipe.write(_framed(value))

    async def _ask(self, what: str, *arguments: object) -> Any:
        number = next(self._numbers)
        self.send((number, what, arguments))
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            return await reply
        finally:
            del self._waiting[number]

    async def _read_replies(self, output: asyncio.StreamReader) -> None:
        try:
            while True:
                number, result, problem = await _read(output)
                reply = self._waiting.get(number)
                if reply is None or reply.done():
                    continue
                if problem:
                    reply.set_exception(ItemFailed(problem))
                else:
                    reply.set_result(result)
        except (OSError, EOFError, pickle.UnpicklingError):
            pass
        code = await self._process.wait()
        self._lost = f"it ended with code {code}"
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(WorkerLost(self._lost))


class ProcessWork(SharedWork):
    """Does jobs in processes of this machine.

    Args:
        build, strategies: see :class:`clara.bench.replay.sharing.SharedWork`.
        processes: how many.

    Raises:
        ClaraError: no process can build its agent; the message says why.
    """

    kind = "worker process"

    def __init__(self, build: Callable[[], Agent], strategies: Sequence[Strategy], processes: int) -> None:
        super().__init__(build, strategies)
        self._processes = processes
        self._launched: list[_Process] = []

    async def _open(self) -> int:
        return self._processes

    async def _launch(self) -> _Process:
        command = (sys.executable, "-m", __name__)
        pipe = asyncio.subprocess.PIPE
        try:
            handle = _Process(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))
        except OSError as error:
            raise shortage(error) or ClaraError(f"cannot start a worker process: {error.strerror}") from None
        self._launched.append(handle)
        handle.send((sys.path, self._build))
        return handle

    async def _leave(self) -> None:
        for handle in self._launched:
            handle.kill()
        await asyncio.gather(*(handle.gone() for handle in self._launched))


async def _serve(requests: asyncio.StreamReader, replies: asyncio.StreamWriter) -> None:
    """Do what the other side asks until its pipe ends."""
    path, build = await _read(requests)
    sys.path[:] = path
    worker = Worker(build)
    at_work: set[asyncio.Task[None]] = set()

    async def reply(number: int, what: str, arguments: tuple[Any, ...]) -> None:
        try:
            frame = _framed((number, await getattr(worker, what)(*arguments), ""))
        except Exception as error:  # noqa: BLE001 - one item's failure, foreseen or not, must not end the worker
            frame = _framed((number, None, f"{type(error).__name__}: {error}"))
        replies.write(frame)
        await replies.drain()

    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            number, what, arguments = await _read(requests)
            if what == "close":
                for task in at_work:
                    task.cancel()
                await asyncio.gather(*at_work, return_exceptions=True)
            task = asyncio.create_task(reply(number, what, arguments))
            at_work.add(task)
            task.add_done_callback(at_work.discard)


async def _connected(output: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    requests = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), os.fdopen(0, "rb", closefd=False))
    make = asyncio.streams.FlowControlMixin
    transport, protocol = await loop.connect_write_pipe(make, os.fdopen(output, "wb"))
    return requests, asyncio.StreamWriter(transport, protocol, None, loop)


async def _work(output: int) -> None:
    requests, replies = await _connected(output)
    with rare_collections():
        await _serve(requests, replies)


def main() -> None:
    """Be a worker process, for as long as the pipe to the replay lasts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the replay gets it too, and says when to end
    output = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not stand among the messages
    asyncio.run(_work(output))
    os._exit(0)  # nothing is left to be kept, and a thread that still waits for a server must not keep the process


if __name__ == "__main__":
    main()
