"""Files that are written whole or not at all, files that only their owner may read, a lock, and text with front matter."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import socket
from pathlib import Path
from typing import Any, cast

import yaml

from clara.errors import DataError, WriteError

PRIVATE = 0o600
"""Mode of a file that only its owner may read: questions, answers, replies of a model."""

_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EFBIG: "files may not grow that large here: raise the limit (ulimit -f)",
    errno.EROFS: "it lies on a read-only file system: make it writable, or choose another folder",
    errno.EACCES: "give yourself the right to write there, or choose another folder",
    errno.EPERM: "give yourself the right to write there, or choose another folder",
    errno.EEXIST: "a file is in the way: choose another folder",
    errno.ENOTDIR: "a file is in the way: choose another folder",
    errno.ELOOP: "a link stands in its place: remove it, or choose another folder",
}
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


def cannot_write(path: Path, error: OSError) -> WriteError:
    """The one sentence for a file that cannot be written: which, why, and what to do where that is known."""
    reason = error.strerror or str(error)
    remedy = _REMEDIES.get(error.errno or 0)
    sentence = f"cannot write {path}: {reason}"
    return WriteError(f"{sentence}; {remedy}" if remedy else sentence, path=path, reason=reason)


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, and sync it and its folder. A link in its place is replaced, not followed.

    Args:
        path: the file; its folder exists.
        data: the whole content.
        mode: permissions of the file.

    Raises:
        WriteError: it cannot be written; what was there before is unchanged.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with os.fdopen(open_new(draft, mode=mode), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from None


def write_result(path: Path, data: bytes) -> None:
    """Write a file that a user asked for, and the folders above it: whole or not at all, as :func:`replace_file` does.

    Devices and pipes (``/dev/stdout``) cannot be replaced and are written to.

    Raises:
        WriteError: it cannot be written; what was there before is unchanged.
    """
    try:
        _make_private(path.parent)
        is_special = path.exists() and not (path.is_file() or path.is_dir())
        if is_special or path.absolute().parent == Path("/dev"):
            path.write_bytes(data)
            return
    except OSError as error:
        raise cannot_write(path, error) from None
    replace_file(path, data)


def open_new(path: Path, *, mode: int = PRIVATE) -> int:
    """The descriptor of a file that is made by this call.

    Raises:
        FileExistsError: something, if only a link, has that name already.
        OSError: it cannot be made.
    """
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def private_file(path: Path) -> None:
    """Make sure that a file is there and only its owner may read it; SQLite gives its side files the same mode.

    The name of a new one is synced to disk, so that what is written to it later cannot be lost with its name.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """
    _make_private(path.parent)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
    try:
        os.fchmod(descriptor, PRIVATE)
        if is_new:
            sync_folder(path.parent)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, for their owner only, and sync each that is new into its parent.

    Raises:
        WriteError: it cannot be made.
    """
    try:
        _make_private(folder)
    except OSError as error:
        raise cannot_write(folder, error) from None


def _make_private(folder: Path) -> None:
    """As :func:`make_folder`. Raises: OSError."""
    missing: list[Path] = []
    for path in (folder, *folder.parents):
        if path.exists():
            break
        missing.append(path)
    missing.reverse()
    for path in missing:
        path.mkdir(mode=0o700, exist_ok=True)
        sync_folder(path.parent)
    if not folder.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the folder cannot be opened or synced.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderLock:
    """Keeps a folder to one writer. The system frees the lock when the process dies, however it dies.

    Args:
        folder: where the file ``lock`` stands; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None
        self.holder = ""
        """Who has the lock, once :meth:`take` has said False: ``process 12 on host``."""

    def take(self) -> bool:
        """Take the lock; False if another process has it.

        Raises:
            WriteError: the lock file cannot be made, or the file system has no locks.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
        except OSError as error:
            raise cannot_write(self._path, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.holder = os.read(descriptor, 100).decode(errors="replace") or "unknown"
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return False
            raise cannot_write(self._path, error) from None
        with contextlib.suppress(OSError):  # the name is for a message; a full disk is no reason to stop here
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let the next writer in; without effect where the lock is not taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read_front_matter(path: Path, what: str, error: type[DataError]) -> tuple[dict[str, Any], str]:
    """The front matter (YAML between two lines of three hyphens) and the body of a text file.

    Args:
        path: the file, in UTF-8.
        what: what it should be, for the message: ``the note``.
        error: what to raise.

    Raises:
        DataError: as ``error``; the file cannot be read, has no front matter, or one that is no YAML mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise error(f"cannot read {what} {path}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise error(f"cannot read {what} {path}: it is not UTF-8 text") from None
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise error(f"{path} has no front matter between --- lines")
    try:
        head: Any = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError) as problem:  # ValueError: a date of the 40th of a month
        raise error(f"{path}: the front matter is not valid YAML ({problem})") from None
    if not isinstance(head, dict):
        raise error(f"{path}: the front matter must consist of lines like name: value")
    return cast("dict[str, Any]", head), match[2]
