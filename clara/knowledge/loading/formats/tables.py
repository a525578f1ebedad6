"""Tables: CSV and TSV, a record a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable
from clara.knowledge.loading.formats.records import NO_RECORDS, document_of, text_column
from clara.knowledge.loading.reading import LONGEST_LINE, read_lines

_MOST_LINES = 10_000
"""Lines of a row; one that goes on longer has a quote that nobody closed."""
_TOO_MANY_LINES = f"a row of more than {_MOST_LINES:,} lines"
_OPEN_QUOTE = (_TOO_MANY_LINES, "field larger than field limit", "unexpected end of data")
"""Errors of a row with an open quote, the csv module's among them."""


def read_csv(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a row; the first row names the columns.

    Raises:
        Unreadable: there is no row, the first one cannot be read, a quote is opened and not closed, or the file is damaged.
    """
    csv.field_size_limit(LONGEST_LINE)
    lines = _Lines(source)
    header = lines.header()
    delimiter = "\t" if source.suffix == ".tsv" else max(",;\t|", key=header.count)
    table = _Table([name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])], delimiter, source, hints)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    has_row = False
    while True:
        lines.begin_row()
        try:
            cells = next(rows, None)
        except csv.Error as error:  # the reader has forgotten what it had of the row, and goes on with the next line
            if str(error).startswith(_OPEN_QUOTE):
                raise Unreadable(f"{lines.row()}: a quote is opened and not closed") from None
            yield Unreadable(f"{lines.row()}: {error}")
        else:
            if cells is None:
                break
            if not cells:
                continue
            yield from table.read(cells, lines.number, lines.problem)
        has_row = True
    if not has_row:
        raise Unreadable(NO_RECORDS)


class _Table:
    """Rows as documents."""

    def __init__(self, columns: list[str], delimiter: str, source: SourceFile, hints: Hints) -> None:
        self._columns = columns
        self._delimiter = delimiter
        self._source, self._hints = source, hints
        self._text_at = text_column(columns, hints)

    def read(self, cells: list[str], number: int, problem: str) -> Iterator[Document | Unreadable]:
        """The document of a row that ends in line ``number``, with what is wrong with it."""
        extra = len(cells) - len(self._columns)
        try:
            if problem:
                raise Unreadable(problem)
            if extra > 0:  # a delimiter in a cell without quotes: in free text, most likely
                end = self._text_at + extra + 1
                cells[self._text_at : end] = [self._delimiter.join(cells[self._text_at : end])]
            record = dict(zip(self._columns, cells, strict=False))
            yield document_of(record, f"{self._source.name}:{number}", self._source, self._hints)
        except Unreadable as error:
            yield Unreadable(f"row {number}: {error}")
            return
        if extra > 0:
            yield Notice(
                f"row {number}: {len(self._columns) + extra} cells for {len(self._columns)} columns, read as one text; "
                "quote a cell that holds the delimiter"
            )


class _Lines:
    """The lines of a table as text. Unlike a generator it goes on after a line that cannot be read."""

    def __init__(self, source: SourceFile) -> None:
        self._lines = read_lines(source.path)
        self._begin = 1
        self.number = 0
        """Of the line that was read last, from 1."""
        self.problem = ""
        """What is wrong with a line of the row."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.number - self._begin >= _MOST_LINES:
            raise csv.Error(_TOO_MANY_LINES)
        line = next(self._lines)
        self.number = line.number
        if line.problem and not line.text:
            raise csv.Error(line.problem)
        if line.problem:  # the row may go on over more lines: it is left out when it is complete
            self.problem = line.problem
        return line.text

    def header(self) -> str:
        """The first line.

        Raises:
            Unreadable: it is too long, or no text; or there is none.
        """
        line = next(self._lines, None)
        if line is None:
            raise Unreadable(NO_RECORDS)
        self.number = line.number
        if line.problem:
            raise Unreadable(f"line 1 is {line.problem}")
        return line.text

    def begin_row(self) -> None:
        """The next line begins a row."""
        self._begin, self.problem = self.number + 1, ""

    def row(self) -> str:
        """The lines of the row that was read last, in words."""
        if self.number <= self._begin:
            return f"row {self._begin}"
        return f"rows {self._begin} to {self.number}"
