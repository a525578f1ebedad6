"""Files that survive a crash: a log with group commit, all-or-nothing writes, and a folder that takes one writer."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from clara.errors import JournalError

COMMIT_SECONDS = 0.05
"""Least time between two syncs to disk; what arrives in between shares one."""

_MENDS = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EFBIG: "files may not grow that large here: raise the limit (ulimit -f)",
    errno.EROFS: "it lies on a read-only file system: make it writable, or give another --out",
    errno.EACCES: "give yourself the right to write there, or give another --out",
    errno.EPERM: "give yourself the right to write there, or give another --out",
    errno.EEXIST: "a file is in the way: give another --out",
    errno.ENOTDIR: "a file is in the way: give another --out",
}


def cannot_write(path: Path, error: OSError) -> JournalError:
    """The one sentence for a file that cannot be written: which, why, and the mend where there is one."""
    mend = _MENDS.get(error.errno or 0)
    return JournalError(f"cannot write {path}: {error.strerror or error}" + (f"; {mend}" if mend else ""))


class DurableLog:
    """Appends to one file from a thread of its own; many appends share one sync to disk.

    A write that fails half-way is cut off again, so that the file always ends with a whole line.

    Raises:
        JournalError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise cannot_write(path, error) from None
        self._size = os.fstat(self._file).st_size
        self._lines: list[bytes] = []
        self._done = _running_future()
        self._failure: JournalError | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._hurry = threading.Event()
        self._worker = threading.Thread(target=self._work, name=f"sync {path.name}", daemon=True)
        self._worker.start()

    def append(self, line: bytes) -> Future[None]:
        """Hand one whole line over; the future is done when the line is on disk.

        Raises:
            JournalError: an earlier line could not be written.
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
            JournalError: a line could not be written.
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

    def _fail(self, failure: JournalError, done: Future[None]) -> None:
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


class FolderLock:
    """Holds a folder for one writer. The system lets go when the process dies, however it dies.

    Raises:
        JournalError: another process holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "lock"
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise cannot_write(path, error) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._file, 100).decode(errors="replace")
            os.close(self._file)
            if isinstance(error, BlockingIOError):
                raise JournalError(f"another process is writing to the run folder {folder}: {owner or 'unknown'}") from None
            raise JournalError(
                f"cannot lock the run folder {folder}: {error.strerror}; give an --out on a local disk"
            ) from None
        with contextlib.suppress(OSError):  # the name is for the message above; a full disk is no reason to stop here
            os.ftruncate(self._file, 0)
            os.write(self._file, f"process {os.getpid()} on {socket.gethostname()}".encode())

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._file)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, and sync each that is new into its parent.

    Raises:
        JournalError: it cannot be made.
    """
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in new:
            sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(folder, error) from None


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and sync it and its folder.

    Raises:
        JournalError: it cannot be written; what was there before is unchanged.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
