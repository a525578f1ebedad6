"""Replies on disk, so that the same request is not computed twice, and identical requests in flight are sent once.

A reply's key is the SHA-256 of everything that determines it: the model with what the server says of its build, the
server's version, and the full request body, which holds the messages, the sampling parameters and the seed. Where a server
tells neither version nor build, its address stands in for them: two servers may give different models one name. The file
holds keys and replies, never a prompt or an API key, and is readable by its owner only.

SQLite of the standard library, in one worker thread: one file, safe under several processes and a kill, and one index
answers in microseconds. Cache libraries on top of it (diskcache, aiosqlite) add no part that is missing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from clara.backbone.base import BackboneInfo
from clara.backbone.openai.reply import Completion
from clara.files import private_file
from clara.runtime.batching import Batcher
from clara.types import Usage

_TABLE = "CREATE TABLE IF NOT EXISTS replies (key BLOB PRIMARY KEY, reply TEXT NOT NULL, used REAL NOT NULL) WITHOUT ROWID"
_INDEX = "CREATE INDEX IF NOT EXISTS by_use ON replies (used)"
_EVICT = (
    "DELETE FROM replies WHERE key IN "
    "(SELECT key FROM replies ORDER BY used LIMIT max(1, (SELECT count(*) FROM replies) / 10))"
)
_EVERY = 64
"""Stores between two looks at the size."""
_log = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]


def reply_key(addresses: Iterable[str], info: BackboneInfo, body: bytes) -> bytes:
    """The key of a request; streaming or not is no part of ``body``.

    Args:
        addresses: those of all replicas, without credentials, in any order; they count only where nothing else tells one
            server from another, so that a further replica or another name of a host loses no reply.
        info: the model and the server.
        body: as it is sent.
    """
    known = info.server or info.build
    identity = json.dumps([[] if known else sorted(set(addresses)), info.model, info.build, info.server])
    return hashlib.sha256(identity.encode() + b"\0" + body).digest()


class ReplyCache:
    """Completions by key, the least recently used dropped beyond a size. For one event loop.

    A file that is no database any more is put away and begun again, with a warning in the log; one that cannot be opened or
    written at all switches the cache off. Neither loses a question.
    """

    def __init__(self, file: Path, size_mb: int) -> None:
        self._file, self._bytes = file, size_mb * 1024 * 1024
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clara-cache")
        self._base: sqlite3.Connection | None = None
        self._off = False
        self._stores = 0
        self._batcher: Batcher[Work, Any] = Batcher(self._together, self._thread)

    async def get(self, key: bytes) -> Completion | None:
        """The reply stored under ``key``, its usage one cached call; None if there is none."""
        found = await self._hand_over(lambda base: _get(base, key))
        if found is None:
            return None
        try:
            return replace(Completion(**json.loads(found)), usage=Usage(cached_calls=1))
        except (TypeError, ValueError):
            return None

    def put(self, key: bytes, reply: Completion) -> None:
        """Store a reply soon; who asks for it meanwhile finds it."""
        values = asdict(replace(reply, usage=Usage()))
        del values["usage"]
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        self._hand_over(lambda base: self._put(base, key, text))

    async def aclose(self) -> None:
        """Store what is still to be stored and close the file; nothing is found or stored from then on."""
        await self._hand_over(lambda _base: None)
        self._off = True
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
        self._close()

    def _hand_over(self, work: Work) -> asyncio.Future[Any]:
        """Have work done by the thread, in order; what comes while it is busy is done together, in one transaction."""
        if not self._off:
            return self._batcher.submit(work)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def _together(self, works: list[Work]) -> list[Any]:
        try:
            with self._open() as base:
                base.execute("BEGIN IMMEDIATE")
                return [work(base) for work in works]
        except sqlite3.OperationalError as error:
            # locked, full, read-only: these replies are not stored or not found, the next may be
            _log.warning("the reply cache %s cannot be used now: %s", self._file, error)
        except sqlite3.DatabaseError:
            _log.warning("the reply cache %s is damaged and is begun again", self._file)
            self._close()
            for name in (self._file, *(self._file.with_name(self._file.name + end) for end in ("-wal", "-shm"))):
                name.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("no reply cache: %s cannot be written (%s)", self._file, error.strerror)
            self._off = True
        except Exception as error:  # noqa: BLE001 (a question must not fail, whatever the cache met)
            _log.warning("the reply cache %s failed: %s: %s", self._file, type(error).__name__, error)
        return [None] * len(works)

    def _open(self) -> sqlite3.Connection:
        if self._base is None:
            private_file(self._file)
            base = sqlite3.connect(self._file, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._base = base
            base.execute("PRAGMA journal_mode = WAL")
            # a crash of the machine may lose the last replies, never the file
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute(_TABLE)
            base.execute(_INDEX)
        return self._base

    def _close(self) -> None:
        if self._base is not None:
            with contextlib.suppress(sqlite3.Error):
                self._base.close()
            self._base = None

    def _put(self, base: sqlite3.Connection, key: bytes, text: str) -> None:
        base.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", (key, text, time.time()))
        self._stores += 1
        if self._stores % _EVERY == 1:
            while _used_bytes(base) > self._bytes and base.execute(_EVICT).rowcount > 0:
                pass


class SingleFlight:
    """Identical work in flight is done once; it goes on as long as one of those who wait for it does."""

    def __init__(self) -> None:
        self._flights: dict[bytes, tuple[asyncio.Task[Any], list[int]]] = {}

    async def do(self, key: bytes, work: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """The result of ``work``, and whether it was somebody else's."""
        joined = key in self._flights
        if not joined:
            task: asyncio.Task[Any] = asyncio.ensure_future(_awaited(work))
            self._flights[key] = (task, [0])
            task.add_done_callback(lambda done: self._landed(key, done))
        task, waiting = self._flights[key]
        waiting[0] += 1
        try:
            return await asyncio.shield(task), joined
        except asyncio.CancelledError:
            if waiting[0] == 1 and not task.done():
                # nobody else wants it: stop it on the server too, and do not let a newcomer join it
                self._flights.pop(key, None)
                task.cancel()
                await asyncio.wait([task])
            raise
        finally:
            waiting[0] -= 1

    async def aclose(self) -> None:
        """End what is in flight."""
        tasks = [task for task, _ in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: bytes, task: asyncio.Task[Any]) -> None:
        if key in self._flights and self._flights[key][0] is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # it is seen by those who wait; where all were cancelled nobody complains


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def _get(base: sqlite3.Connection, key: bytes) -> str | None:
    row = base.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    base.execute("UPDATE replies SET used = ? WHERE key = ?", (time.time(), key))
    return str(row[0])


def _used_bytes(base: sqlite3.Connection) -> int:
    pages, free, size = (base.execute(f"PRAGMA {n}").fetchone()[0] for n in ("page_count", "freelist_count", "page_size"))
    return (int(pages) - int(free)) * int(size)
