"""Reading files so that it is bounded whatever they hold: bytes, text and lines, gzip unpacked, any usual encoding."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from clara.knowledge.loading.base import Unreadable
from clara.language.encodings import SAMPLE, encoding_of

LONGEST_TEXT = 64 << 20
"""Bytes of a file that is read whole."""
LONGEST_LINE = 8 << 20
"""Bytes of one line of a file that is read line by line."""
MOST_UNPACKED, MOST_TIMES = 64 << 20, 200
"""Bytes that a gzip may unpack to in any case, and times the bytes they came from where that is more."""
_DEFLATE = 1032
"""Times that gzip can make anything smaller at most."""
_NO_TEXT = "it is binary, not text"


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


class _InUtf8(io.RawIOBase):
    """A text in another encoding as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            data = self._file.read(1 << 16)
            self._rest = self._decoder.decode(data, final=not data).encode()
            if not data:
                break
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def is_gzip(path: Path) -> bool:
    """True for a file that begins as gzip does, whatever its name."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def open_binary(path: Path) -> BinaryIO:
    """The file's bytes, decompressed if it is gzip; reading them raises Unreadable where they are too many.

    Raises:
        Unreadable: so many that it shows at once.
    """
    if not is_gzip(path):
        return path.open("rb")
    _look_ahead(path)
    return io.BufferedReader(_Unpacked(path.open("rb")), 1 << 17)


def _look_ahead(path: Path) -> None:
    """Find a bomb before its first document: a few megabytes of it may be millions of short ones, a day's work.

    What is read twice is at most the part that could unpack to MOST_UNPACKED: 320 KiB of an ordinary file.

    Raises:
        Unreadable: it unpacks to too much.
    """
    if path.stat().st_size * _DEFLATE <= MOST_UNPACKED:
        return
    with suppress(OSError, EOFError, zlib.error), path.open("rb") as file, _Unpacked(file) as unpacked:
        while file.tell() * MOST_TIMES <= MOST_UNPACKED:
            if not unpacked.read(1 << 17):
                return


def damage(error: OSError | EOFError | zlib.error) -> str:
    """Why a file could not be read to its end."""
    return getattr(error, "strerror", None) or f"damaged ({error})"


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        Unreadable: it is longer than LONGEST_TEXT, or damaged.
    """
    try:
        with open_binary(path) as file:
            data = file.read(LONGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(damage(error)) from None
    if len(data) > LONGEST_TEXT:
        raise Unreadable(f"it is longer than {LONGEST_TEXT >> 20} MiB; split it")
    return data


def read_text(path: Path) -> str:
    """The whole file as text.

    Raises:
        Unreadable: it is longer than LONGEST_TEXT, or no text.
    """
    return decode(read_bytes(path))


def decode(data: bytes) -> str:
    """Bytes as text, in UTF-8 or in the encoding that they look like.

    Raises:
        Unreadable: they are no text.
    """
    encoding = encoding_of(data)
    if encoding is None:
        raise Unreadable(_NO_TEXT)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not {encoding.upper()} text (byte {error.start})") from None
    if "\x00" in text:
        raise Unreadable(_NO_TEXT)
    return text


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, its end included."""

    number: int
    """From 1."""
    text: str
    """Characters that could not be read replaced; empty for a line that is too long."""
    problem: str = ""
    """What is wrong with it."""


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a text file.

    Raises:
        Unreadable: the file is damaged, no text, or unpacks to too much.
    """
    try:
        with _open_utf8(path) as file:
            number = 0
            while True:
                line = file.readline(LONGEST_LINE + 1)
                if not line:
                    return
                number += 1
                if len(line) <= LONGEST_LINE:
                    yield _line(number, line)
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
                yield Line(number, "", f"longer than {LONGEST_LINE >> 20} MiB")
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(damage(error)) from None


def _open_utf8(path: Path) -> BinaryIO:
    """The file's text as UTF-8, whatever its encoding."""
    encoding = encoding_of(_sample(path))
    if encoding is None:
        raise Unreadable(_NO_TEXT)
    file = open_binary(path)
    if encoding in ("utf-8", "utf-8-sig"):
        return file
    return io.BufferedReader(_InUtf8(file, encoding), 1 << 17)


def _sample(path: Path) -> bytes:
    """The first bytes of a file, as far as they can be read."""
    sample = bytearray()
    with open_binary(path) as file, suppress(EOFError, zlib.error):
        while len(sample) < SAMPLE:
            part = file.read(1 << 14)
            if not part:
                break
            sample += part
    return bytes(sample)


def _line(number: int, line: bytes) -> Line:
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return Line(number, line.decode())
    except UnicodeDecodeError:
        return Line(number, line.decode(errors="replace"), "not UTF-8")
