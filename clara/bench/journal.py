"""The run folder: ``manifest.json`` says what runs, ``journal.jsonl`` holds one checked line per answered item."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from clara.errors import JournalError

Record = dict[str, Any]
_COMMIT_SECONDS = 0.5


def read_run(folder: Path) -> tuple[dict[str, Any], list[Record]]:
    """Manifest and records of a finished or partial run.

    Raises:
        JournalError: the folder holds no run, or a line that is not the last is broken.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(f"{folder} is no run folder: cannot read {path.name} ({error.strerror})") from None
    except ValueError as error:
        raise JournalError(f"{path} is broken: {error}") from None
    if not isinstance(manifest, dict):
        raise JournalError(f"{path} is broken: it holds no JSON object")
    return manifest, _read(folder / "journal.jsonl")[0]


def _read(path: Path) -> tuple[list[Record], int]:
    """The whole records and the length of the part that holds them; a torn last line is left out."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    records: list[Record] = []
    good = 0
    for number, line in enumerate(raw.splitlines(keepends=True), 1):
        record = _decode(line)
        if record is None:
            if good + len(line) < len(raw):
                raise JournalError(f"{path}: line {number} is broken; the run cannot be trusted, start it again elsewhere")
            break
        records.append(record)
        good += len(line)
    return records, good


def _encode(record: Mapping[str, Any]) -> bytes:
    body = json.dumps(record, ensure_ascii=True, sort_keys=True)
    return f'{{"crc": {zlib.crc32(body.encode())}, "record": {body}}}\n'.encode()


def _decode(line: bytes) -> Record | None:
    if not line.endswith(b"\n"):
        return None
    try:
        value = json.loads(line)
        record = value["record"]
        body = json.dumps(record, ensure_ascii=True, sort_keys=True)
        return record if value["crc"] == zlib.crc32(body.encode()) else None
    except (ValueError, KeyError, TypeError):
        return None


class Journal:
    """Appends records durably: every line is flushed at once and synced to disk within half a second.

    Raises:
        JournalError: the folder is in use, holds a run and ``resume`` is off, or holds a run of something else.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any], *, resume: bool = False) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "lock").open("a")
        except OSError as error:
            raise JournalError(f"cannot write the run folder {folder}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise JournalError(f"another process is writing to the run folder {folder}") from None
        try:
            self.records = self._prepare(dict(manifest), resume)
            self._file = (folder / "journal.jsonl").open("ab")
        except (JournalError, OSError) as error:
            self._lock.close()
            raise JournalError(str(error)) from None
        _sync_folder(folder)
        self._dirty = False
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._commit_often, name="journal", daemon=True)
        self._worker.start()

    def _prepare(self, manifest: dict[str, Any], resume: bool) -> list[Record]:
        others = [path.name for path in self.folder.iterdir() if path.name not in ("lock", "manifest.tmp")]
        if not others:
            _write(self.folder / "manifest.json", json.dumps(manifest, indent=2).encode())
            return []
        if not resume:
            raise JournalError(f"{self.folder} is not empty: go on with --resume, or give another --out")
        found, _ = read_run(self.folder)
        differing = sorted(key for key in manifest.keys() | found.keys() if manifest.get(key) != found.get(key))
        if differing:
            raise JournalError(f"cannot resume {self.folder}: it differs in {', '.join(differing)}; give another --out")
        path = self.folder / "journal.jsonl"
        records, good = _read(path)
        if path.exists() and path.stat().st_size > good:
            os.truncate(path, good)
        return records

    def append(self, record: Record) -> None:
        """Write one record."""
        with self._guard:
            self._file.write(_encode(record))
            self._file.flush()
            self._dirty = True
        self.records.append(record)

    def _commit(self) -> None:
        with self._guard:
            dirty, self._dirty = self._dirty, False
        if dirty:
            os.fsync(self._file.fileno())

    def _commit_often(self) -> None:
        while not self._stop.wait(_COMMIT_SECONDS):
            self._commit()

    def close(self) -> None:
        """Sync what is left and give the folder free."""
        self._stop.set()
        self._worker.join()
        self._commit()
        self._file.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _write(path: Path, data: bytes) -> None:
    """All or nothing."""
    draft = path.with_suffix(".tmp")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
