"""Conversations on disk: one SQLite file, mode 0600, a row a turn.

A turn is one transaction: a crash in the middle of an answer loses that answer and no earlier turn. A row holds plain JSON,
so that a manipulated file can make CLARA build nothing but turns. What is deleted is overwritten (``secure_delete``), and
the rollback journal goes with the transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from clara.chat.turns import Turn
from clara.errors import DataError, UsageError
from clara.files import private_file
from clara.language.text import fold

FILE = "conversations.sqlite"
_WAIT = 30.0
"""Seconds to wait for another chat that is writing."""
_TABLE = """
    CREATE TABLE IF NOT EXISTS turns (row INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL, turn TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS turns_of_conversation ON turns (conversation);
"""
_EARLIER_TABLES = ("checkpoints", "writes")
"""Where the first versions kept conversations, as LangGraph's checkpoints."""


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
    """All conversations of a user; in memory only if private. Open it with :func:`open_store`.

    Every method raises :class:`DataError` if the file cannot be used.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, id: str, turn: Turn) -> int:  # noqa: A002
        """Append a turn to a conversation; returns its row."""
        with _readable_errors(), self._connection as transaction:
            cursor = transaction.execute("INSERT INTO turns (conversation, turn) VALUES (?, ?)", (id, _written(turn)))
            return cursor.lastrowid or 0

    def replace(self, row: int, turn: Turn) -> None:
        """Put a turn in the place of another."""
        with _readable_errors(), self._connection as transaction:
            transaction.execute("UPDATE turns SET turn = ? WHERE row = ?", (_written(turn), row))

    def forget(self, row: int) -> None:
        """Remove a turn; nothing of it stays in the file."""
        with _readable_errors(), self._connection as transaction:
            transaction.execute("DELETE FROM turns WHERE row = ?", (row,))

    def delete(self, id: str) -> None:  # noqa: A002
        """Forget a conversation; nothing of it stays in the file."""
        with _readable_errors(), self._connection as transaction:
            transaction.execute("DELETE FROM turns WHERE conversation = ?", (id,))

    def load(self, id: str) -> tuple[Turn, ...]:  # noqa: A002
        """The turns of a conversation, oldest first; none if it does not exist.

        Raises:
            DataError: another version of CLARA wrote it, or the file is damaged.
        """
        with _readable_errors():
            rows = self._connection.execute("SELECT row, turn FROM turns WHERE conversation = ? ORDER BY row", (id,))
            try:
                return tuple(Turn.from_json(json.loads(text), row) for row, text in rows)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise DataError(
                    f"conversation {id} cannot be read by this version of CLARA; clara chat --delete {id} removes it"
                ) from None

    def summaries(self, search: str = "") -> list[Summary]:
        """All conversations that hold the text ``search``, newest first."""
        pattern = fold(search)
        summaries: list[Summary] = []
        for conversation in self._ids():
            try:
                turns = self.load(conversation)
            except DataError as error:
                summaries.append(Summary(conversation, str(error), 0, ""))
                continue
            if pattern in fold("\n".join(turn.words for turn in turns)):
                summaries.append(Summary(conversation, turns[0].asked, len(turns), turns[-1].at))
        return sorted(summaries, key=lambda summary: summary.updated, reverse=True)

    def find(self, id: str) -> str:  # noqa: A002
        """The full id that ``id`` is or uniquely begins.

        Raises:
            UsageError: there is none, or more than one.
        """
        ids = self._ids()
        if id in ids:
            return id
        near = [known for known in ids if id and known.startswith(id)]
        if len(near) != 1:
            what = f"{len(near)} conversations begin with" if near else "there is no conversation"
            raise UsageError(f"{what} {id!r}; clara chat --list shows them")
        return near[0]

    def _ids(self) -> list[str]:
        with _readable_errors():
            return [id for (id,) in self._connection.execute("SELECT DISTINCT conversation FROM turns")]  # noqa: A001


@contextmanager
def open_store(folder: Path | None) -> Generator[ConversationStore]:
    """The conversations below ``folder``; None keeps everything in memory.

    Raises:
        DataError: the file cannot be opened, or is no such file.
    """
    if folder is not None:
        try:
            private_file(folder / FILE)
        except OSError as error:
            raise DataError(
                f"cannot keep conversations in {folder}: {error.strerror}; clara chat --private keeps none"
            ) from None
    with _readable_errors():
        connection = sqlite3.connect(folder / FILE if folder else ":memory:", timeout=_WAIT)
    with closing(connection):
        with _readable_errors():
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = DELETE")  # a write-ahead log would keep what was deleted
            connection.execute("PRAGMA synchronous = EXTRA")  # the end of a transaction is durable too, also in its folder
            connection.executescript(_TABLE)
            _take_over(connection)
        yield ConversationStore(connection)


def new_id() -> str:
    """A fresh conversation id, short enough to type."""
    return secrets.token_hex(4)


def _written(turn: Turn) -> str:
    return json.dumps(turn.to_json(), ensure_ascii=False)


@contextmanager
def _readable_errors() -> Generator[None]:
    """SQLite's errors in a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise DataError(
            f"the file of conversations {FILE} cannot be used ({error}); move it away, or use clara chat --private"
        ) from None


def _take_over(connection: sqlite3.Connection) -> None:
    """Move the conversations of the first versions into rows; a checkpoint that cannot be read is left out."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables.issuperset(_EARLIER_TABLES):
        return
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    plain_values = JsonPlusSerializer(allowed_msgpack_modules=None, allowed_json_modules=None)
    with connection as transaction:
        newest = transaction.execute(
            "SELECT thread_id, type, checkpoint, max(checkpoint_id) FROM checkpoints GROUP BY thread_id"
        )
        for conversation, kind, checkpoint, _ in newest.fetchall():
            values = plain_values.loads_typed((kind, checkpoint))["channel_values"]
            for turn in values.get("turns") or ():
                transaction.execute("INSERT INTO turns (conversation, turn) VALUES (?, ?)", (conversation, json.dumps(turn)))
        for table in _EARLIER_TABLES:
            transaction.execute(f"DROP TABLE {table}")
