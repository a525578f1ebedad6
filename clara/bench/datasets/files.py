"""Files to rows: CSV, TSV, JSON, JSON Lines, Parquet and XLSX, also packed with gzip; every row keeps its number for errors.

Encoding, delimiter and the shape of JSON are found by looking. What was found, where it is not the usual one, and what was
left out, stands in the notes of the table.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clara.bench.datasets.shapes import json_records
from clara.errors import DatasetError
from clara.language.codes import find_language
from clara.language.encodings import encoding_of

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm")
EXTRA = "install it with: pip install 'clara-agent[datasets]'"
_DELIMITERS = ",;\t|"
_LARGEST_CELL = 1 << 27
"""Characters; a long vignette with a report passes the 131,072 of Python's csv module."""
_LARGEST = 1 << 31
"""Bytes that a packed file may unfold to."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, counted from 1 without the header."""

    path: Path
    number: int
    values: dict[str, Any]

    def get(self, column: str) -> Any:
        """The value of a column, None if it is missing, empty or not a number."""
        value = self.values.get(column)
        if isinstance(value, str) and not value.strip():
            return None
        return None if isinstance(value, float) and math.isnan(value) else value

    def error(self, message: str, column: str | None = None) -> DatasetError:
        """A DatasetError that names the file and this row."""
        return DatasetError(f"{self.path}: row {self.number} {message}", path=str(self.path), row=self.number, column=column)


@dataclass(frozen=True, slots=True)
class FileTable:
    """The rows of a file, or of one sheet of a workbook."""

    rows: list[Row]
    language: str = ""
    """The language that the sheet's name is."""
    notes: list[str] = field(default_factory=list[str])
    """How the file was read, where that is not the usual way."""


def suffix_of(path: Path) -> str:
    """The ending that says what a file holds: ``.jsonl`` of ``exam.jsonl.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else "".join(suffixes[-1:])


def is_data_file(path: Path) -> bool:
    """True if the name is that of a file that can be read."""
    return suffix_of(path) in SUFFIXES


def read_sheets(path: Path) -> tuple[list[FileTable], bytes]:
    """The sheets of one file, one for all kinds but workbooks, and its bytes.

    Raises:
        DatasetError: the file is missing, is not what its name says, or needs a package that is not installed.
    """
    raw = _read(path)
    suffix = suffix_of(path)
    if suffix == ".parquet":
        return [FileTable(_numbered(path, _parquet(path, raw)))], raw
    if suffix in (".xlsx", ".xlsm"):
        return _workbook(path, raw), raw
    notes: list[str] = []
    text = _text(path, raw, notes)
    if suffix in (".json", ".jsonl", ".ndjson"):
        rows = [Row(path, number, values) for number, values in json_records(path, text, notes)]
    else:
        rows = _table(path, text, "\t" if suffix == ".tsv" else "", notes)
    return [FileTable(rows, notes=notes)], raw


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        if raw.startswith(b"\x1f\x8b"):
            with gzip.open(io.BytesIO(raw)) as packed:
                raw = packed.read(_LARGEST)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"cannot read the data set {path}: {reason}", path=str(path)) from None
    return raw


def _text(path: Path, raw: bytes, notes: list[str]) -> str:
    encoding = encoding_of(raw)
    if encoding is None:
        raise DatasetError(f"{path} is no text in any known encoding", path=str(path))
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
        notes.append(f"{path} holds bytes that are no {encoding} text; they are shown as \ufffd")
    if not encoding.startswith("utf-8"):
        notes.append(f"{path} was read as {encoding}")
    return text.removeprefix("\ufeff")


def _numbered(path: Path, table: Iterable[dict[str, Any]]) -> list[Row]:
    return [Row(path, number, values) for number, values in enumerate(table, 1)]


def _table(path: Path, text: str, delimiter: str, notes: list[str]) -> list[Row]:
    csv.field_size_limit(_LARGEST_CELL)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:  # Excel's own way to name it
        delimiter, text = first.strip()[4:] or "\t", rest
    delimiter = delimiter or _delimiter(text)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DatasetError(f"{path} is no readable CSV: {error}", path=str(path)) from None
    while table and not any(map(str.strip, table[0])):
        table.pop(0)
    if not table:
        raise DatasetError(f"{path} is empty", path=str(path))
    if delimiter not in (",", "\t"):
        notes.append(f"{path} was read with the delimiter {delimiter!r}")
    header = _header(table[0])
    return list(_rows(path, header, table[1:], notes))


def _delimiter(text: str) -> str:
    """The character that parts the cells of the header and of the first rows alike."""
    sample = text[:20_000]
    best, most = ",", 0.0
    for candidate in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=candidate) if row]
        except csv.Error:
            continue
        complete = widths[: max(1, len(widths) - 1)][:20]  # the last row may be cut
        if complete and complete[0] > 1:
            alike = complete.count(complete[0]) / len(complete)
            if alike * complete[0] > most:
                best, most = candidate, alike * complete[0]
    return best


def _header(cells: Sequence[Any]) -> list[str]:
    """The names of the columns; those without one at the end, which spreadsheets leave, are dropped."""
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _rows(path: Path, header: list[str], table: Iterable[Sequence[Any]], notes: list[str]) -> Iterator[Row]:
    """Rows as objects; rows without anything in them are left out and counted."""
    blank = 0
    for number, cells in enumerate(table, 1):
        if all(_is_blank(cell) for cell in cells):
            blank += bool(cells)
            continue
        beyond = cells[len(header) :]
        if any(not _is_blank(cell) for cell in beyond) or len(cells) < len(header):
            raise Row(path, number, {}).error(f"has {len(cells)} cells, the header has {len(header)}")
        yield Row(path, number, dict(zip(header, cells, strict=False)))
    if blank:
        notes.append(f"{blank} blank rows of {path} were left out")


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _parquet(path: Path, raw: bytes) -> list[dict[str, Any]]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise DatasetError(f"{path} is a Parquet file, which needs the package pyarrow; {EXTRA}", path=str(path)) from None
    try:
        return parquet.read_table(io.BytesIO(raw)).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise DatasetError(f"{path} is no readable Parquet file: {error}", path=str(path)) from None


def _workbook(path: Path, raw: bytes) -> list[FileTable]:
    """The sheets that have the columns of the first one; others are named in a note."""
    sheets: list[FileTable] = []
    columns: list[str] = []
    for title, cells in _sheets(path, raw):
        table = list(cells)
        while table and all(map(_is_blank, table[0])):
            table.pop(0)
        if not table:
            continue
        header = _header(table[0])
        columns = columns or header
        place = path if not sheets else Path(f"{path} (sheet {title})")
        if set(header) != set(columns):
            sheets[0].notes.append(f"the sheet {title!r} of {path} was not read: it has other columns than the first")
            continue
        notes: list[str] = []
        rows = list(_rows(place, header, [row + (None,) * (len(header) - len(row)) for row in table[1:]], notes))
        sheets.append(FileTable(rows, title.strip() if find_language(title.strip()) else "", notes))
        if len(sheets) > 1:
            sheets[0].notes.append(f"the sheet {title!r} of {path} was read too")
    if not sheets:
        raise DatasetError(f"{path} is empty", path=str(path))
    return sheets


def _sheets(path: Path, raw: bytes) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    import zipfile

    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise DatasetError(f"{path} is an Excel file, which needs the package openpyxl; {EXTRA}", path=str(path)) from None
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DatasetError(f"{path} is no readable Excel file: {error}", path=str(path)) from None
    try:
        for sheet in book.worksheets:
            yield sheet.title, sheet.iter_rows(values_only=True)
    finally:
        book.close()
