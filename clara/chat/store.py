"""Conversations on disk: LangGraph's SQLite checkpointer, one file, mode 0600, one checkpoint a conversation.

Checkpoints hold plain JSON values only, and the serialiser refuses to build anything else from the file, so a manipulated
file cannot run code (langgraph-checkpoint's strict mode). What is deleted is overwritten (``secure_delete``).
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosqlite
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from clara.chat.turns import Turn
from clara.errors import DataError, UsageError
from clara.files import private_file
from clara.language.text import fold

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

FILE = "conversations.sqlite"
_WAIT = 30.0
"""Seconds to wait for another chat that is writing."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list."""

    id: str
    title: str
    """Its first question."""
    turns: int
    updated: str
    """Local time of the last turn, ISO 8601."""


class ConversationStore:
    """All conversations of a user; in memory only if private. Open it with :func:`open_store`."""

    def __init__(self, saver: AsyncSqliteSaver | InMemorySaver) -> None:
        self.saver = saver

    async def load(self, id: str) -> tuple[Turn, ...]:  # noqa: A002
        """The turns of a conversation, oldest first; none if it does not exist.

        Raises:
            DataError: another version of CLARA wrote it, or the file is damaged.
        """
        with _told():
            found = await self.saver.aget_tuple(config(id))
        return _turns(id, found.checkpoint["channel_values"]) if found else ()

    async def summaries(self, search: str = "") -> list[Summary]:
        """All conversations that hold the text ``search``, newest first."""
        wanted = fold(search)
        found: list[Summary] = []
        for name, values in (await self._newest()).items():
            try:
                turns = _turns(name, values)
            except DataError as error:
                found.append(Summary(name, str(error), 0, ""))
                continue
            if turns and (not wanted or any(wanted in fold(_words(turn)) for turn in turns)):
                found.append(Summary(name, turns[0].asked, len(turns), turns[-1].at))
        return sorted(found, key=lambda summary: summary.updated, reverse=True)

    async def find(self, id: str) -> str:  # noqa: A002
        """The full id that ``id`` is or uniquely begins.

        Raises:
            UsageError: there is none, or more than one.
        """
        names = list(await self._newest())
        near = [name for name in names if name == id] or [name for name in names if id and name.startswith(id)]
        if len(near) != 1:
            what = f"{len(near)} conversations begin with" if near else "there is no conversation"
            raise UsageError(f"{what} {id!r}; clara chat --list shows them")
        return near[0]

    async def delete(self, id: str) -> None:  # noqa: A002
        """Forget a conversation; nothing of it stays in the file."""
        with _told():
            await self.saver.adelete_thread(id)
            if isinstance(self.saver, AsyncSqliteSaver):
                await _empty_log(self.saver)

    async def prune(self, id: str) -> None:  # noqa: A002
        """Keep the newest checkpoint of a conversation only, each holds all its turns; nothing of the others stays."""
        if not isinstance(self.saver, AsyncSqliteSaver):
            return
        with _told():
            for table in ("writes", "checkpoints"):
                await self.saver.conn.execute(
                    f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < "  # noqa: S608 - the two names above
                    "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ?)",
                    (id, id),
                )
            await self.saver.conn.commit()
            await _empty_log(self.saver)

    async def _newest(self) -> dict[str, dict[str, Any]]:
        """The newest state of each conversation by its id, those without a turn too."""
        newest: dict[str, dict[str, Any]] = {}
        with _told():
            async for entry in self.saver.alist(None):
                newest.setdefault(str(entry.config["configurable"]["thread_id"]), entry.checkpoint["channel_values"])
        return newest


@asynccontextmanager
async def open_store(folder: Path | None) -> AsyncGenerator[ConversationStore]:
    """The conversations below ``folder``; None keeps everything in memory.

    Raises:
        DataError: the file cannot be opened, or is no such file.
    """
    serde = JsonPlusSerializer(allowed_msgpack_modules=None, allowed_json_modules=None)
    if folder is None:
        yield ConversationStore(InMemorySaver(serde=serde))
        return
    path = folder / FILE
    try:
        private_file(path)
    except OSError as error:
        raise DataError(
            f"cannot keep conversations in {folder}: {error.strerror}; clara chat --private keeps none"
        ) from None
    async with aiosqlite.connect(path, timeout=_WAIT) as connection:
        with _told():
            await connection.execute("PRAGMA secure_delete = ON")
            saver = AsyncSqliteSaver(connection, serde=serde)
            await saver.setup()
        yield ConversationStore(saver)


def config(id: str) -> RunnableConfig:  # noqa: A002
    """What names a conversation to LangGraph."""
    return {"configurable": {"thread_id": id, "checkpoint_ns": ""}}


def new_id() -> str:
    """A fresh conversation id, short enough to type."""
    return secrets.token_hex(4)


async def _empty_log(saver: AsyncSqliteSaver) -> None:
    """Move the write-ahead log into the file and empty it: what was deleted would stay readable in it."""
    async with saver.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)") as cursor:
        await cursor.fetchone()


@contextmanager
def _told() -> Generator[None]:
    """SQLite's errors in a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise DataError(
            f"the file of conversations {FILE} cannot be used ({error}); move it away, or use clara chat --private"
        ) from None


def _turns(id: str, values: dict[str, Any]) -> tuple[Turn, ...]:  # noqa: A002
    try:
        return tuple(Turn.from_json(turn) for turn in values.get("turns") or ())
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DataError(
            f"conversation {id} cannot be read by this version of CLARA; clara chat --delete {id} removes it"
        ) from None


def _words(turn: Turn) -> str:
    answer = turn.answer
    return "\n".join((turn.asked, turn.question, turn.clarification, answer.answer if answer else ""))
