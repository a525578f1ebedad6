"""What the loaders share: their hints, their problems, and reading that is bounded whatever the file holds."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from clara.knowledge.corpus.documents import Document, storable
from clara.language.codes import find_language
from clara.language.detection import UNKNOWN, detect_language

LONGEST_TEXT = 64 << 20
"""Bytes of a file that is read whole."""
LONGEST_LINE = 8 << 20
"""Bytes of one line of a file that is read line by line."""
LONGEST_ID, LONGEST_SOURCE, LONGEST_KIND = 1000, 1000, 100
"""Characters; they stand with every passage, or in a table of all of them."""
MOST_UNPACKED, MOST_TIMES = 1 << 30, 200
"""Bytes that a gzip may unpack to in any case, and times the bytes they came from where that is more."""
_DEFLATE = 1032
"""Times that gzip can make anything smaller at most."""


class Unreadable(Exception):
    """A file, or one record of it, cannot be read; the message says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller says about the files."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """For CSV and JSONL: which column holds a field of the document."""
    language: str | None = None
    """Language code of every document; None detects it."""
    kind: str | None = None
    """Source kind of every document."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read."""

    path: Path
    name: str
    """Identity of what it holds: the path below the folder that was named, that folder included."""

    @property
    def origin(self) -> str:
        """The absolute path, as documents carry it."""
        return origin_of(self.path)

    @property
    def suffix(self) -> str:
        """The lower-case suffix, of ``x.jsonl.gz`` the inner one."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes and suffixes[-1] == ".gz":
            suffixes.pop()
        return suffixes[-1] if suffixes else ""


def origin_of(path: Path | str) -> str:
    """The absolute path of a file or folder, without ``..``, as documents carry it."""
    return storable(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps ".."


def language_of(text: str, hints: Hints, said: str = "") -> str:
    """The language that the caller gave, else the file's own word, else what the text begins in, else English."""
    if hints.language:
        return hints.language
    if language := find_language(said):
        return language.code
    code = detect_language(text[:600]).code
    return "en" if code == UNKNOWN else code


def whole_file(
    source: SourceFile, text: str, *, title: str = "", kind: str = "document", language: str = "", hints: Hints
) -> Document:
    """A file that is one document.

    Raises:
        Unreadable: it holds no text.
    """
    if not text.strip():
        raise Unreadable("it holds no text")
    return Document(
        id=source.name,
        title=" ".join(title.split()) or source.path.name.split(".")[0],
        text=text,
        source=source.path.name,
        kind=hints.kind or kind,
        language=language_of(text, hints, language),
    )


def named(document: Document) -> Document:
    """The document, if its id is not too long. An id cannot be cut, or two documents might share one.

    Raises:
        Unreadable: it is; the message shows how it begins.
    """
    if len(storable(document.id)) > LONGEST_ID:
        raise Unreadable(f"its id is longer than {LONGEST_ID:,} characters ({document.id[:40]}...)")
    return document


class _Unpacked(io.RawIOBase):
    """What a gzip holds, until that is more than a file of its size holds in good faith."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._gzip = gzip.GzipFile(fileobj=file)
        self._bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._gzip.readinto(buffer)
        self._bytes += count
        if self._bytes > max(MOST_UNPACKED, MOST_TIMES * self._file.tell()):
            raise Unreadable(f"it unpacks to more than {MOST_TIMES} times its size; unpack it yourself if you trust it")
        return count

    def close(self) -> None:
        if not self.closed:
            self._gzip.close()
            self._file.close()
        super().close()


def open_binary(path: Path) -> BinaryIO:
    """The file's bytes, decompressed if it is gzip; reading them raises Unreadable where they are too many.

    Raises:
        Unreadable: so many that it shows at once.
    """
    file = path.open("rb")
    magic = file.read(2)
    file.seek(0)
    if magic != b"\x1f\x8b":
        return file
    try:
        _look_ahead(path)
    except BaseException:
        file.close()
        raise
    return io.BufferedReader(_Unpacked(file), 1 << 17)


def _look_ahead(path: Path) -> None:
    """Find a bomb before its first document: a few megabytes of it may be millions of short ones, a day's work.

    What is read twice is at most the part that could unpack to MOST_UNPACKED: 5 MiB of an ordinary file.

    Raises:
        Unreadable: it unpacks to too much.
    """
    if path.stat().st_size * _DEFLATE <= MOST_UNPACKED:
        return
    with suppress(OSError, EOFError, zlib.error), path.open("rb") as file, _Unpacked(file) as unpacked:
        while file.tell() * MOST_TIMES <= MOST_UNPACKED and unpacked.read(1 << 17):  # damage is told of by who reads it
            pass


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        Unreadable: it is longer than LONGEST_TEXT, or damaged.
    """
    try:
        with open_binary(path) as file:
            data = file.read(LONGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(getattr(error, "strerror", None) or f"damaged ({error})") from None
    if len(data) > LONGEST_TEXT:
        raise Unreadable(f"it is longer than {LONGEST_TEXT >> 20} MiB; split it")
    return data


def read_text(path: Path) -> str:
    """The whole file as text: UTF-8, or UTF-16 with its mark.

    Raises:
        Unreadable: it is longer than LONGEST_TEXT, or no such text.
    """
    return decode(read_bytes(path))


def decode(data: bytes) -> str:
    """Bytes as text.

    Raises:
        Unreadable: they are no text in UTF-8 or UTF-16.
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 text (byte {error.start})") from None
    if "\x00" in text:
        raise Unreadable("it is binary, not text")
    return text


def read_lines(path: Path) -> Iterator[tuple[int, bytes | None]]:
    """Line numbers from 1 and lines; None stands for a line that is longer than LONGEST_LINE.

    Raises:
        Unreadable: the file is damaged, or unpacks to too much.
    """
    try:
        with open_binary(path) as file:
            number = 0
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) <= LONGEST_LINE:
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
                yield number, None
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(getattr(error, "strerror", None) or f"damaged ({error})") from None
