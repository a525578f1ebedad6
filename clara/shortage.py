"""Tells what the machine has run out of from the many errors in which that shows: threads, memory, open files, disk."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from clara.errors import Shortage

_BY_NUMBER = {
    errno.EMFILE: "too many files are open: allow more (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "there is not enough memory",
    errno.EAGAIN: "no further thread or process may be started: allow more (ulimit -u), or end others",
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your disk quota is used up: free some space",
    errno.EROFS: "the disk is read-only: set CLARA_HOME to a folder that can be written",
}
_BY_WORDS = (
    ("can't start new thread", "no thread can be started: allow more memory or threads (ulimit -v, ulimit -u)"),
    ("ThreadPoolBuildError", "no thread can be started: allow more memory or threads (ulimit -v, ulimit -u)"),
    ("Resource temporarily unavailable", "no further thread or process may be started: allow more (ulimit -u)"),
    ("Cannot allocate memory", "there is not enough memory"),
    ("failed to map segment", "there is not enough memory"),
    ("out of memory", "there is not enough memory"),
    ("Too many open files", "too many files are open: allow more (ulimit -n)"),
    ("No space left on device", "the disk is full: free some space"),
)
"""What libraries say of it in errors of their own, a panic of Rust among them."""


def shortage(error: BaseException) -> Shortage | None:
    """What the machine has run out of, if that is what an error comes from; None if it is not."""
    for part in _parts(error):
        reason = _reason(part)
        if reason:
            return Shortage(f"the machine does not give CLARA what it needs: {reason}")
    return None


def as_exception(error: BaseException) -> Exception:
    """The error as one that may be passed on; a panic of a Rust library is none by itself."""
    if isinstance(error, Exception):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


def _reason(error: BaseException) -> str:
    if isinstance(error, Shortage):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and number in _BY_NUMBER:
        return _BY_NUMBER[number]
    text = str(error)
    for words, reason in _BY_WORDS:
        if words in text:
            return reason
    return ""


def _parts(error: BaseException) -> Iterator[BaseException]:
    """The error, those in its group, and those that it came from."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _parts(inner)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        yield from _parts(cause)
