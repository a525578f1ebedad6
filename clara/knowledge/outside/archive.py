"""What outside sources sent, kept on disk, so that the same query is not sent twice within a month."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from clara.files import private_file
from clara.knowledge.outside.source import OutsideSource
from clara.tasks.model import Tool
from clara.types import Passage

KEPT = 30 * 24 * 3600.0
"""Seconds until an entry is asked for again."""


class Archive:
    """A small SQLite file; safe to use from several threads. Blocks, so call it from a worker thread.

    A file that cannot be read or written is no reason to fail: then nothing is kept. It holds clinical queries, so only its
    owner may read it.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def get(self, source: str, query: str, limit: int) -> tuple[Passage, ...] | None:
        """What was found before; None if nothing was kept or it is too old."""
        try:
            with self._lock, self._open() as base:
                row = base.execute(
                    "SELECT passages FROM found WHERE source = ? AND query = ? AND most = ? AND at > ?",
                    (source, query, limit, self._clock() - KEPT),
                ).fetchone()
            if row is None:
                return None
            return tuple(Passage(**passage) for passage in json.loads(row[0]))
        except (sqlite3.Error, OSError, ValueError, TypeError):  # the last two: an entry of another version
            return None

    def put(self, source: str, query: str, limit: int, passages: tuple[Passage, ...]) -> None:
        """Keep what was found."""
        text = json.dumps([asdict(passage) for passage in passages], ensure_ascii=False)
        try:
            with self._lock, self._open() as base:
                base.execute("DELETE FROM found WHERE at <= ?", (self._clock() - KEPT,))
                base.execute("REPLACE INTO found VALUES (?, ?, ?, ?, ?)", (source, query, limit, self._clock(), text))
        except (sqlite3.Error, OSError):
            return

    def _open(self) -> _Base:
        private_file(self._path)
        return _Base(self._path)


class Archived:
    """An outside source behind its archive; failures are not kept."""

    def __init__(self, source: OutsideSource, archive: Archive) -> None:
        self._source = source
        self._archive = archive

    @property
    def name(self) -> str:
        """The source's own."""
        return self._source.name

    @property
    def tool(self) -> Tool:
        """The source's own."""
        return self._source.tool

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """From the archive, else from the source. Raises: as the source."""
        passages = await asyncio.to_thread(self._archive.get, self.name, query, limit)
        if passages is None:
            passages = await self._source.search(query, limit)
            await asyncio.to_thread(self._archive.put, self.name, query, limit, passages)
        return passages

    async def aclose(self) -> None:
        """Close the source."""
        await self._source.aclose()


class _Base:
    """A connection that commits and closes at the end of its block."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=5)

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS found (source TEXT, query TEXT, most INTEGER, at REAL, passages TEXT, "
            "PRIMARY KEY (source, query, most))"
        )
        return self._connection

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            self._connection.commit()
        self._connection.close()
