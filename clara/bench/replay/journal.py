"""The run folder: ``manifest.json`` says what runs, ``journal.jsonl`` holds one checked line per answered item.

A line is ``{"crc": N, "record": {...}}``, where N is the CRC-32 of the bytes of the record as they stand in the line. What
the folder guarantees, and how to read it with other tools: docs/replay.md.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from clara.bench.replay.durable_log import DurableLog
from clara.bench.replay.manifest import differences
from clara.errors import DataError, JournalError, WriteError
from clara.files import PRIVATE, FolderLock, cannot_write, make_folder, open_new, replace_file, sync_folder

AnswerRecord = dict[str, Any]

MANIFEST, JOURNAL, ASIDE = "manifest.json", "journal.jsonl", "aside.jsonl"
_LINE = re.compile(rb'\{"crc": (\d{1,10}), "record": (.*)\}\n', re.DOTALL)
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def read_run(folder: Path, *, paths: bool = True) -> tuple[dict[str, Any], list[AnswerRecord]]:
    """Manifest and records of a finished or partial run, also while it is being written.

    A last line that is torn is left out. Other damaged lines are left out too, and their numbers stand in the manifest
    under ``damaged_lines``.

    Args:
        folder: the run folder.
        paths: with ``answer``, the whole path of every item; without it a record takes a tenth of the memory.

    Raises:
        JournalError: the folder holds no run.
    """
    manifest = _read_manifest(folder)
    records: list[AnswerRecord] = []
    damaged: list[int] = []
    for number, line, body in _lines(folder / JOURNAL):
        if body is not None:
            record = _loads(body)
            if not paths:
                record.pop("answer", None)
            records.append(record)
        elif line.endswith(b"\n"):
            damaged.append(number)
    if damaged:
        manifest = manifest | {"damaged_lines": damaged}
    return manifest, records


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(f"{folder} is no run folder: cannot read {path.name} ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{path} is broken: {error}") from None
    if not isinstance(manifest, dict):
        raise JournalError(f"{path} is broken: it holds no JSON object")
    return manifest


def _lines(path: Path) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Number, line, and the record's bytes, or None if the line is damaged; a torn last line has no newline."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield number, line, _body(line)
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}") from None


def _body(line: bytes) -> bytes | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    is_whole = zlib.crc32(match[2]) == int(match[1])
    return match[2] if is_whole else None


def _appending(path: Path) -> BinaryIO:
    """A private file open for appending, whose name is no link."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, PRIVATE), "ab")


def encode(record: Mapping[str, Any]) -> bytes:
    """The line of a record."""
    try:
        body = orjson.dumps(record, option=_OPTIONS)
    except TypeError:  # half a surrogate pair in a model's reply, which JSON can only hold as an escape
        body = json.dumps(record, ensure_ascii=True).encode()
    return b'{"crc": %d, "record": %b}\n' % (zlib.crc32(body), body)


def _loads(body: bytes) -> AnswerRecord:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


class Journal:
    """The one writer of a run folder. A record is done when the future of its ``append`` is: it then is on disk.

    Args:
        folder: made if it does not exist.
        manifest: what the run is; see :func:`clara.bench.replay.manifest.describe`.
        resume: go on with the run that is there; damaged lines are moved to ``aside.jsonl``, a torn last one is cut.
        again: records to move aside on resume, so that their items are answered again.

    Raises:
        JournalError: the folder is in use, holds a run and ``resume`` is off, or holds a run of something else; the
            message says what differs.
        WriteError: the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Mapping[str, Any],
        *,
        resume: bool = False,
        again: Callable[[AnswerRecord], bool] | None = None,
    ) -> None:
        self.folder = folder
        self.kept = 0
        """Records found on opening."""
        self.damaged: tuple[int, ...] = ()
        """Numbers of the lines that were damaged on opening and moved aside."""
        make_folder(folder)
        self._lock = FolderLock(folder)
        if not self._lock.take():
            raise JournalError(f"another process is writing to the run folder {folder}: {self._lock.holder}")
        try:
            self.manifest = self._prepare(dict(manifest), resume, again)
            self._log = DurableLog(folder / JOURNAL)
        except DataError:
            self._lock.release()
            raise

    def _prepare(
        self, manifest: dict[str, Any], resume: bool, again: Callable[[AnswerRecord], bool] | None
    ) -> dict[str, Any]:
        if not any(path.name in (MANIFEST, JOURNAL) for path in self.folder.iterdir()):
            own_names = re.compile(rf"lock|\.{re.escape(MANIFEST)}\.\w+\.tmp")  # what a killed start leaves
            if any(not own_names.fullmatch(path.name) for path in self.folder.iterdir()):
                raise JournalError(f"{self.folder} is not empty and holds no run: give another --out")
            self._write_manifest(manifest)
            return manifest
        if not resume:
            raise JournalError(f"{self.folder} holds a run: go on with --resume, or give another --out")
        stored = _read_manifest(self.folder)
        differing = differences(stored, manifest)
        if differing:
            raise JournalError(f"cannot resume {self.folder}: it differs in {', '.join(differing)}; give another --out")
        self._repair(again)
        sessions = manifest.get("sessions")
        if sessions:
            session = {**sessions[-1], "kept": self.kept, "damaged_lines": list(self.damaged)}
            earlier = stored.get("sessions", ())
            stored = {**manifest, **stored, "sessions": [*earlier, session]}  # an older run lacks keys that only describe it
            self._write_manifest(stored)
        return stored

    def _write_manifest(self, manifest: Mapping[str, Any]) -> None:
        replace_file(self.folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False).encode())

    def _repair(self, again: Callable[[AnswerRecord], bool] | None) -> None:
        """Cut a torn last line; move damaged lines, and records to make again, to another file."""

        def stays(body: bytes) -> bool:
            return again is None or not again(_loads(body))

        path = self.folder / JOURNAL
        total, damaged, torn = 0, [], 0
        for number, line, body in _lines(path):
            if not line.endswith(b"\n"):
                torn = len(line)
                break
            total += 1
            if body is None:
                damaged.append(number)
            elif stays(body):
                self.kept += 1
        self.damaged = tuple(damaged)
        try:
            if self.kept < total:
                self._move_aside(path, stays)
            elif torn:
                with _appending(path) as journal:
                    journal.truncate(path.stat().st_size - torn)
        except OSError as error:
            raise cannot_write(path, error) from None

    def _move_aside(self, path: Path, stays: Callable[[bytes], bool]) -> None:
        draft = path.with_name(f".{JOURNAL}.{secrets.token_hex(4)}.tmp")
        with _appending(self.folder / ASIDE) as aside, os.fdopen(open_new(draft), "wb") as journal:
            for _, line, body in _lines(path):
                file = journal if body is not None and stays(body) else aside
                file.write(line.removesuffix(b"\n") + b"\n")
            for file in (aside, journal):
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(self.folder)

    def records(self) -> Iterator[AnswerRecord]:
        """The records found on opening, one at a time from disk."""
        for number, _, body in _lines(self.folder / JOURNAL):
            if number > self.kept:
                return
            if body is not None:
                yield _loads(body)

    def append(self, record: Mapping[str, Any]) -> Future[None]:
        """Write one record; the future is done when it is on disk, within a second.

        Raises:
            WriteError: the disk is full or the like; no record can be written any more.
        """
        return self._log.append(encode(record))

    def close(self) -> None:
        """Write what is left and let the next writer in.

        Raises:
            WriteError: a record could not be written.
        """
        try:
            self._log.close()
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        try:
            self.close()
        except WriteError:
            if kind is None:
                raise
