"""Files to rows: CSV, TSV, JSON, JSON Lines, Parquet and XLSX; every row keeps its number for error messages."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clara.bench.datasets.values import refuse_deep
from clara.errors import DatasetError

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
EXTRA = "install it with: pip install 'clara-agent[datasets]'"


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


def read_rows(path: Path) -> tuple[list[Row], bytes]:
    """The rows of one file and its bytes.

    Raises:
        DatasetError: the file is missing, is not what its name says, or needs a package that is not installed.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read the data set {path}: {error.strerror}", path=str(path)) from None
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _numbered(path, _parquet(path)), raw
    if suffix == ".xlsx":
        return _numbered(path, _xlsx(path)), raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(f"{path} is not UTF-8 text", path=str(path)) from None
    if suffix in (".jsonl", ".ndjson") or (suffix == ".json" and not text.lstrip().startswith("[")):
        return _json_lines(path, text), raw
    if suffix == ".json":
        return _json_array(path, text), raw
    return _csv(path, text, "\t" if suffix == ".tsv" else ","), raw


def _numbered(path: Path, table: list[dict[str, Any]]) -> list[Row]:
    return [Row(path, number, values) for number, values in enumerate(table, 1)]


def _csv(path: Path, text: str, delimiter: str) -> list[Row]:
    try:
        table = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise DatasetError(f"{path} is no readable CSV: {error}", path=str(path)) from None
    if not table:
        raise DatasetError(f"{path} is empty", path=str(path))
    header = [cell.strip() for cell in table[0]]
    for number, cells in enumerate(table[1:], 1):
        if len(cells) != len(header):
            raise Row(path, number, {}).error(f"has {len(cells)} cells, the header has {len(header)}")
    return _numbered(path, [dict(zip(header, cells, strict=True)) for cells in table[1:]])


def _json_lines(path: Path, text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Row(path, number, {}).error(f"is no JSON: {error}") from None
        rows.append(_object(path, number, value))
    return rows


def _json_array(path: Path, text: str) -> list[Row]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is no JSON: {error}", path=str(path)) from None
    return [_object(path, number, value) for number, value in enumerate(values, 1)]


def _object(path: Path, number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        raise Row(path, number, {}).error("is no JSON object")
    try:
        refuse_deep(value)
    except ValueError as error:
        raise Row(path, number, {}).error(str(error)) from None
    return Row(path, number, {str(key): cell for key, cell in value.items()})


def _parquet(path: Path) -> list[dict[str, Any]]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise DatasetError(f"{path} is a Parquet file, which needs the package pyarrow; {EXTRA}", path=str(path)) from None
    try:
        return parquet.read_table(path).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise DatasetError(f"{path} is no readable Parquet file: {error}", path=str(path)) from None


def _xlsx(path: Path) -> list[dict[str, Any]]:
    import zipfile

    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise DatasetError(f"{path} is an Excel file, which needs the package openpyxl; {EXTRA}", path=str(path)) from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError) as error:
        raise DatasetError(f"{path} is no readable Excel file: {error}", path=str(path)) from None
    try:
        table = [row for row in book.worksheets[0].iter_rows(values_only=True) if any(cell is not None for cell in row)]
    finally:
        book.close()
    if not table:
        raise DatasetError(f"{path} is empty", path=str(path))
    header = [str(cell).strip() for cell in table[0]]
    return [dict(zip(header, cells, strict=False)) for cells in table[1:]]
