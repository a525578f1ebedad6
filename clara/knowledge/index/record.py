"""The durable record of a knowledge base: documents and passages in one SQLite file.

Chroma and BM25 are indexes derived from it: each says which generation of the record it was built from, and one that is
behind or damaged is built again. Nothing counts as added before it is committed here.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clara.errors import StoreError
from clara.files import private_file
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.corpus.documents import Document

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, origin TEXT NOT NULL,
    title TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, language TEXT NOT NULL,
    also TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_origin ON documents (origin);
CREATE TABLE IF NOT EXISTS chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE, section TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_document ON chunks (document);
"""


class KnowledgeRecord:
    """Documents and passages on disk.

    Every method raises StoreError where SQLite fails, for example on a damaged file or a full disk.

    Args:
        path: the SQLite file; None keeps it in memory.

    Raises:
        StoreError: the file cannot be opened or is no such record; the message names it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        with self._as_store_error("open"):
            if path is not None:
                private_file(path)
            self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, timeout=30)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(_SCHEMA)
        if self.get("identity") is None:
            with self._write():
                self._db.execute("INSERT OR IGNORE INTO meta VALUES ('identity', ?)", (secrets.token_hex(8),))

    @contextmanager
    def _as_store_error(self, what: str) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot {what} the knowledge base record {self.path}: {error}") from None

    @contextmanager
    def _write(self) -> Generator[None]:
        """One transaction: all of it or nothing."""
        with self._as_store_error("write"), self._db:
            yield

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._as_store_error("read"):
            return self._db.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def get(self, key: str) -> str | None:
        """A remembered value."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def set(self, key: str, value: str) -> None:
        """Remember a value."""
        with self._write():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def identity(self) -> str:
        """Random; tells this record from another of the same name, so that neither takes the other's index for its own."""
        return self.get("identity") or ""

    @property
    def generation(self) -> int:
        """Grows by one with every committed change."""
        return int(self.get("generation") or 0)

    def fingerprints(self) -> dict[str, str]:
        """Document id to fingerprint."""
        return dict(self._read("SELECT id, fingerprint FROM documents"))

    def ids_of(self, origin: str) -> dict[str, str]:
        """Ids of the documents that came from ``origin``, a name or a path, or from a file below it, each with its own."""
        below = f"{origin.rstrip('/')}/"
        query = "SELECT id, origin FROM documents WHERE origin = ? OR substr(origin, 1, ?) = ?"
        return dict(self._read(query, (origin, len(below), below)))

    def origin_of(self, document: str) -> str | None:
        """Where a document came from; None if there is no such document."""
        rows = self._read("SELECT origin FROM documents WHERE id = ?", (document,))
        return str(rows[0][0]) if rows else None

    def put(self, batch: Sequence[tuple[Document, list[Chunk]]]) -> tuple[list[int], list[int]]:
        """Add or replace documents in one transaction.

        Returns:
            Numbers of the passages that went, and of those that came.
        """
        with self._write():
            gone = self._delete([document.id for document, _ in batch])
            new: list[int] = []
            for document, chunks in batch:
                new += self._insert(document, chunks)
            self._grow()
        return gone, new

    def move(self, documents: Iterable[Document]) -> None:
        """Remember where documents lie now that were read before from elsewhere; no passage changes."""
        places = [{"id": document.id, "origin": document.origin} for document in documents]
        if places:
            query = "UPDATE documents SET origin = :origin WHERE id = :id AND :origin NOT IN ('', origin)"
            with self._write():
                self._db.executemany(query, places)

    def remove(self, ids: Sequence[str]) -> list[int]:
        """Remove documents; returns the numbers of their passages."""
        with self._write():
            gone = self._delete(ids)
            if gone:
                self._grow()
        return gone

    def _grow(self) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('generation', ?)", (str(self.generation + 1),))

    def _delete(self, ids: Iterable[str]) -> list[int]:
        gone: list[int] = []
        for document in ids:
            query = "SELECT c.number FROM chunks c JOIN documents d ON c.document = d.number WHERE d.id = ?"
            gone.extend(row[0] for row in self._db.execute(query, (document,)))
            self._db.execute("DELETE FROM documents WHERE id = ?", (document,))
        return gone

    def _insert(self, document: Document, chunks: Sequence[Chunk]) -> Iterator[int]:
        cursor = self._db.execute(
            "INSERT INTO documents (id, fingerprint, origin, title, text, source, kind, language, also) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                document.fingerprint,
                document.origin,
                document.title,
                document.text,
                document.source,
                document.kind,
                document.language,
                json.dumps(document.also, ensure_ascii=False),
            ),
        )
        for chunk in chunks:
            row = (chunk.id, cursor.lastrowid, chunk.section, chunk.text)
            added = self._db.execute("INSERT INTO chunks (id, document, section, text) VALUES (?, ?, ?, ?)", row)
            yield int(added.lastrowid or 0)

    def counts(self) -> dict[str, int]:
        """Documents and passages."""
        [(documents,)] = self._read("SELECT COUNT(*) FROM documents")
        [(chunks,)] = self._read("SELECT COUNT(*) FROM chunks")
        return {"documents": documents, "passages": chunks}

    def count_by(self, column: str) -> dict[str, int]:
        """Documents by ``kind`` or ``language``."""
        if column not in ("kind", "language"):
            raise ValueError(f"cannot count by {column!r}")
        return dict(self._read(f"SELECT {column}, COUNT(*) FROM documents GROUP BY 1 ORDER BY 2 DESC"))  # noqa: S608

    def numbers(self) -> list[int]:
        """Numbers of all passages, ascending: the order of the derived indexes."""
        return [row[0] for row in self._read("SELECT number FROM chunks ORDER BY number")]

    def documents(self) -> Iterator[Document]:
        """All documents with their text, in the order of their ids, a few at a time so that writing may go on."""
        query = (
            "SELECT id, title, text, source, kind, language, also, origin, fingerprint "
            "FROM documents WHERE id > ? ORDER BY id LIMIT 16"
        )
        last = ""
        while True:
            rows = self._read(query, (last,))
            if not rows:
                return
            for name, title, text, source, kind, language, also, origin, fingerprint in rows:
                others = tuple(json.loads(also))
                yield Document(name, title, text, source, kind, language, others, origin, fingerprint)
            last = rows[-1][0]

    def facets(self) -> list[tuple[int, str]]:
        """Number and language of every passage, in the order of :meth:`numbers`."""
        return self._read(
            "SELECT c.number, d.language FROM chunks c JOIN documents d ON c.document = d.number ORDER BY c.number"
        )

    def chunks(self, numbers: Sequence[int] | None = None) -> Iterator[tuple[int, Chunk]]:
        """Passages with their documents' names (not their full text), all of them or those of the given numbers."""
        query = (
            "SELECT c.number, c.id, c.section, c.text, d.id, d.title, d.source, d.kind, d.language, d.also "
            "FROM chunks c JOIN documents d ON c.document = d.number"
        )
        if numbers is None:
            with self._as_store_error("read"):
                yield from map(_chunk, self._db.execute(f"{query} ORDER BY c.number"))
            return
        for at in range(0, len(numbers), 500):
            part = list(numbers[at : at + 500])
            marks = ",".join("?" * len(part))
            yield from map(_chunk, self._read(f"{query} WHERE c.number IN ({marks})", part))


def _chunk(row: tuple[int, str, str, str, str, str, str, str, str, str]) -> tuple[int, Chunk]:
    number, chunk_id, section, text, document_id, title, source, kind, language, also = row
    document = Document(document_id, title, "", source, kind, language, tuple(json.loads(also)))
    return number, Chunk(chunk_id, document, section, text)
