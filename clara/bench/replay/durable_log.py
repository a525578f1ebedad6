"""A log that survives a crash: lines are appended in groups, each group with one sync to disk."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from clara.errors import WriteError
from clara.files import PRIVATE, cannot_write, sync_folder

COMMIT_SECONDS = 0.05
"""Least time between two syncs to disk; what arrives in between shares one."""


class DurableLog:
    """Appends to one file from a thread of its own; many appends share one sync to disk.

    A write that fails half-way is cut off again, so that the file always ends with a whole line.

    Raises:
        WriteError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(path, flags, PRIVATE)
            sync_folder(path.parent)  # the name of a new file is as durable as its lines
        except OSError as error:
            raise cannot_write(path, error) from None
        self._size = os.fstat(self._file).st_size
        self._lines: list[bytes] = []
        self._done = _running_future()
        self._failure: WriteError | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._hurry = threading.Event()
        self._worker = threading.Thread(target=self._work, name=f"sync {path.name}", daemon=True)
        self._worker.start()

    def append(self, line: bytes) -> Future[None]:
        """Hand one whole line over; the future is done when the line is on disk.

        Raises:
            WriteError: an earlier line could not be written.
        """
        with self._wake:
            if self._failure is not None:
                raise self._failure
            self._lines.append(line)
            self._wake.notify()
            return self._done

    def close(self) -> None:
        """Sync what is left and close the file.

        Raises:
            WriteError: a line could not be written.
        """
        with self._wake:
            if self._closing:
                return
            self._closing = True
            self._hurry.set()
            self._wake.notify()
        self._worker.join()
        os.close(self._file)
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._lines or self._closing)
                if not self._lines:
                    return
                lines, self._lines = self._lines, []
                done, self._done = self._done, _running_future()
            begin = time.monotonic()
            try:
                self._commit(b"".join(lines))
            except OSError as error:
                self._fail(cannot_write(self.path, error), done)
                return
            done.set_result(None)
            self._hurry.wait(max(0.0, begin + COMMIT_SECONDS - time.monotonic()))

    def _commit(self, data: bytes) -> None:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._size)  # none of these lines was acknowledged
            raise
        self._size += len(data)

    def _fail(self, failure: WriteError, done: Future[None]) -> None:
        with self._wake:
            self._failure = failure
            waiting, self._lines = bool(self._lines), []
        done.set_exception(failure)
        if waiting:
            self._done.set_exception(failure)


def _running_future() -> Future[None]:
    """A future that many may wait for and none can cancel."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future
