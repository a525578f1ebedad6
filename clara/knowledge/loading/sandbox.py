"""Parses untrusted files in child processes that have little memory, little time and no network settings.

A child may use MEMORY bytes of address space. It may leave the parent waiting SECONDS for its next document; the time in
which the parent is busy with the last one does not count. A child that breaks a limit is killed with the file reported,
and another takes its place; one that says that it is spent is replaced too.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clara.knowledge.corpus.documents import LONGEST_NAME, MOST_ALSO, Document, storable
from clara.knowledge.loading.base import LONGEST_ID, LONGEST_KIND, LONGEST_SOURCE, Hints, SourceFile
from clara.knowledge.loading.reading import LONGEST_TEXT
from clara.privacy import child_environment

MEMORY = 512 << 20
"""Bytes of address space of a child."""
SECONDS = 30.0
"""Longest wait for the next document of a file."""
_START_SECONDS = 120.0
"""Longest wait for a child to start."""
_TOO_SLOW = "it took more than {:.0f} s to parse"
_LONGEST_FRAME = 8 * LONGEST_TEXT
"""Bytes; a character may take six in JSON."""
_AHEAD, _AHEAD_CHARACTERS = 256, 16 << 20
"""Documents, and characters of them, that wait for the reader before the children pause."""
_LONGEST_REASON = 1000
"""Characters; a reason may quote the file."""


@dataclass(frozen=True, slots=True)
class Omission:
    """A file, or a record of it, that was left out, or was read with something to know about it."""

    path: Path
    reason: str
    is_notice: bool = False
    """What it names was read: its file holds no more than came."""

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class _Broke(Exception):
    """A child had to be killed or ended by itself."""


class _Child:
    """One parsing process."""

    def __init__(self) -> None:
        environment = child_environment()
        for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT"):
            if name in os.environ:
                environment[name] = os.environ[name]
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "clara.knowledge.loading.child", str(MEMORY)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        self._rest = b""
        self._is_ready = False

    def frames(self, source: SourceFile, hints: Hints) -> Iterator[dict[str, Any]]:
        """What the child finds in a file; the last frame has the key ``end``.

        Raises:
            _Broke: it sent nothing for too long, too much at once, or ended.
        """
        request = {
            "path": str(source.path),
            "name": source.name,
            "fields": dict(hints.fields),
            "language": hints.language,
            "kind": hints.kind,
        }
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise _Broke("the parser ended") from None
        if not self._is_ready:  # its imports are no fault of the file
            self._line(_START_SECONDS)
            self._is_ready = True
        left = SECONDS
        while True:
            begin = time.monotonic()
            frame: dict[str, Any] = json.loads(self._line(left))
            if "document" in frame:
                left = SECONDS
            else:
                left -= time.monotonic() - begin
            yield frame
            if "end" in frame:
                return

    def _line(self, seconds: float) -> bytes:
        parts, size = [self._rest], len(self._rest)
        limit = time.monotonic() + seconds
        if seconds <= 0:
            raise _Broke(_TOO_SLOW.format(SECONDS))
        while b"\n" not in parts[-1]:
            self._socket.settimeout(max(0.001, limit - time.monotonic()))
            try:
                part = self._socket.recv(1 << 20)
            except TimeoutError:
                raise _Broke(_TOO_SLOW.format(SECONDS)) from None
            except OSError:
                part = b""
            if not part:
                raise _Broke(f"the parser ended; it may need more than {MEMORY >> 20} MiB")
            size += len(part)
            if size > _LONGEST_FRAME:
                raise _Broke("it holds a text that is too long")
            parts.append(part)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        self._socket.close()


class _Channel:
    """What the children found, on its way to the reader; a thread that puts too much waits until there is room."""

    def __init__(self) -> None:
        self._items: deque[Document | Omission | Exception | None] = deque()
        self._characters = 0
        self._changed = threading.Condition()
        self.closed = False

    def put(self, item: Document | Omission | Exception | None) -> bool:
        """Wait for room; False, and the item is dropped, if nobody reads. One of any size fits into the empty channel."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._has_room(_size(item)))
            if self.closed:
                return False
            self._items.append(item)
            self._characters += _size(item)
            self._changed.notify_all()
            return True

    def _has_room(self, characters: int) -> bool:
        return not self._items or (len(self._items) < _AHEAD and self._characters + characters <= _AHEAD_CHARACTERS)

    def get(self) -> Document | Omission | Exception | None:
        """The next item, waited for."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            item = self._items.popleft()
            self._characters -= _size(item)
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Nobody reads any more."""
        with self._changed:
            self.closed = True
            self._items.clear()
            self._characters = 0
            self._changed.notify_all()


def _size(item: Document | Omission | Exception | None) -> int:
    if isinstance(item, Omission):
        return len(item.reason)
    if isinstance(item, Document):
        return item.size
    return 0


class _Children:
    """The children of one run. Whichever comes first, a child's start or the end of the run, none is left over."""

    def __init__(self) -> None:
        self._living: set[_Child] = set()
        self._ended = False
        self._lock = threading.Lock()

    def start(self) -> _Child | None:
        """Another child; None if the run has ended."""
        child = _Child()
        with self._lock:
            if not self._ended:
                self._living.add(child)
                return child
        child.kill()
        return None

    def end(self, child: _Child) -> None:
        """End one of them."""
        child.kill()
        with self._lock:
            self._living.discard(child)

    def end_all(self) -> None:
        """End them, and those that are about to start."""
        with self._lock:
            self._ended = True
            living = tuple(self._living)
        for child in living:
            child.kill()


def parse(files: Iterable[SourceFile], hints: Hints, *, workers: int | None = None) -> Generator[Document | Omission]:
    """Documents of many files, parsed by several processes; those of one file come in order, files may mix.

    Closing the iterator ends the children.

    Args:
        files: read as they are needed.
        hints: what the caller says about them.
        workers: child processes; None is one less than the cores, at least one and at most eight.
    """
    count = workers or min(8, max(1, (os.cpu_count() or 2) - 1))
    channel, todo, lock = _Channel(), iter(files), threading.Lock()
    children = _Children()

    def following() -> SourceFile | None:
        with lock:
            return next(todo, None)

    def run() -> None:
        try:
            _parse_all(following, hints, channel, children)
        except Exception as error:  # noqa: BLE001 - it belongs to the reader of the results
            channel.put(error)
        channel.put(None)

    threads = [threading.Thread(target=run, name=f"clara-parse-{n}", daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        ended = 0
        while ended < count:
            item = channel.get()
            if item is None:
                ended += 1
            elif isinstance(item, Exception):
                raise item
            else:
                yield item
    finally:
        channel.close()
        children.end_all()
        for thread in threads:
            thread.join()


def _parse_all(following: Callable[[], SourceFile | None], hints: Hints, channel: _Channel, children: _Children) -> None:
    """Parse one file after the other until none follows or nobody reads; a child that is spent is replaced."""
    child: _Child | None = None
    while not channel.closed:
        source = following()
        if source is None:
            break
        child = child or children.start()
        if child is not None and not _parse_one(child, source, hints, channel):
            children.end(child)
            child = None


def _parse_one(child: _Child, source: SourceFile, hints: Hints, channel: _Channel) -> bool:
    """Pass on what one file holds; False if the child can do no more, or nobody reads."""
    path = Path(source.origin)
    try:
        for frame in child.frames(source, hints):
            item = _item(frame, source, path)
            if item is not None and not channel.put(item):
                return False
            if frame.get("spent"):
                return False
    except (_Broke, ValueError) as error:
        channel.put(Omission(path, str(error)))
        return False
    return True


def _item(frame: dict[str, Any], source: SourceFile, path: Path) -> Document | Omission | None:
    """What a frame holds; None for the end of a file without a problem."""
    if "document" in frame:
        return _received(frame["document"], source)
    if "notice" in frame:
        return Omission(path, _reason(frame["notice"]), is_notice=True)
    reason = frame.get("problem") or frame.get("end")
    return Omission(path, _reason(reason)) if reason else None


def _reason(text: str) -> str:
    return storable(text)[:_LONGEST_REASON]


def _received(fields: dict[str, Any], source: SourceFile) -> Document:
    """A document that a child sent, with text that can be stored and with names that are not too long.

    Raises:
        _Broke: its id is too long, which the child should have found.
    """
    name = storable(fields["id"])
    if len(name) > LONGEST_ID:
        raise _Broke(f"it holds an id that is longer than {LONGEST_ID:,} characters")
    also, room = list[str](), MOST_ALSO
    for other in map(storable, fields["also"]):
        room -= len(other)
        if room < 0:
            break
        also.append(other)
    return Document(
        id=name,
        title=storable(fields["title"])[:LONGEST_NAME],
        text=storable(fields["text"]),
        source=storable(fields["source"])[:LONGEST_SOURCE],
        kind=storable(fields["kind"])[:LONGEST_KIND],
        language=fields["language"],
        also=tuple(also),
        origin=source.origin,
        naming=fields["naming"],
    )
