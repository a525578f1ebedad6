"""Files with a record a line: CSV, TSV and JSONL, MedQuAD's questions and answers included."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import (
    LONGEST_LINE,
    Hints,
    SourceFile,
    Unreadable,
    decode,
    language_of,
    named,
    read_lines,
)

Record = Mapping[str, Any]

FIELDS: dict[str, tuple[str, ...]] = {
    "text": ("text", "content", "contents", "body", "abstract", "answer"),
    "title": ("title", "focus", "name", "heading", "question"),
    "id": ("id", "_id", "doc_id", "docid", "pmid"),
    "source": ("source", "url", "link"),
    "kind": ("kind",),
    "language": ("language", "lang"),
}
"""Field of a document to the column names that hold it unless the caller maps it; the first that is there counts."""
_EMPTY = "it holds no records"


def read_jsonl(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a line, or one for each question-answer pair of a MedQuAD line.

    Raises:
        Unreadable: there is none, or the file is damaged.
    """
    pairs: Counter[str] = Counter()
    empty = True
    for number, line in read_lines(source.path):
        try:
            record = _object(number, line)
            if record is None:
                continue
            empty = False
            if isinstance(record.get("qa"), list):
                yield from _medquad(record, pairs, hints)
            else:
                yield _document(record, f"{source.name}:{number}", source, hints)
        except Unreadable as problem:
            empty = False
            yield Unreadable(f"line {number}: {problem}")
    if empty:
        raise Unreadable(_EMPTY)


def _object(number: int, line: bytes | None) -> dict[str, Any] | None:
    if line is None:
        raise Unreadable(f"longer than {LONGEST_LINE >> 20} MiB")
    text = decode(line) if number == 1 else _utf8(line)
    if not text.strip():
        return None
    try:
        record: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("no valid JSON") from None
    if not isinstance(record, dict):
        raise Unreadable("no JSON object")
    return record


def _utf8(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None


def _medquad(record: Record, pairs: Counter[str], hints: Hints) -> Iterator[Document]:
    """The answers of one MedQuAD line; the same id may come again with other answers, so the count goes on."""
    if "id" not in record:
        raise Unreadable("a MedQuAD record needs an id")
    name, title = str(record["id"]), str(record.get("focus") or record["id"])
    source = ", ".join(str(record[key]) for key in ("source", "url") if record.get(key))
    for pair in record["qa"]:
        answer = str(pair.get("answer") or "").strip() if isinstance(pair, dict) else ""
        if answer:
            language = hints.language or "en"
            kind = hints.kind or "encyclopaedia"
            yield named(Document(f"{name}#{pairs[name]}", title, answer, source, kind, language))
        pairs[name] += 1


def read_csv(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a row; the first row names the columns.

    Raises:
        Unreadable: there is no row, the first one cannot be read, or the file is damaged.
    """
    csv.field_size_limit(LONGEST_LINE)
    lines = _Lines(source)
    first = lines.head()
    delimiter = "\t" if source.suffix == ".tsv" else max(",;\t", key=first.count)
    columns = next(csv.reader([first], delimiter=delimiter), [])
    rows = csv.DictReader(lines, fieldnames=[column.strip() for column in columns], delimiter=delimiter, restkey="")
    empty = True
    while True:
        begin = lines.number + 1
        try:
            row = next(rows, None)
            if row is None:
                break
            yield _row(row, lines, source, hints)
        except csv.Error as error:  # the reader has forgotten what it had of the row, and goes on with the next line
            lines.is_text()
            place = f"row {begin}" if begin == lines.number else f"rows {begin} to {lines.number}"
            yield Unreadable(f"{place}: {error}")
        empty = False
    if empty:
        raise Unreadable(_EMPTY)


def _row(row: Record, lines: _Lines, source: SourceFile, hints: Hints) -> Document | Unreadable:
    try:
        if not lines.is_text():
            raise Unreadable("not UTF-8")
        return _document(row, f"{source.name}:{lines.number}", source, hints)
    except Unreadable as problem:
        return Unreadable(f"row {lines.number}: {problem}")


class _Lines:
    """The lines of a table as text. Unlike a generator it goes on after a line that cannot be read."""

    def __init__(self, source: SourceFile) -> None:
        self._lines = read_lines(source.path)
        self._damaged = False
        self.number = 0
        """Of the line that was read last, from 1."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        if line is None:
            raise csv.Error(f"longer than {LONGEST_LINE >> 20} MiB")
        try:
            return _utf8(line)
        except Unreadable:  # the row may go on over more lines: it is left out when it is complete
            self._damaged = True
            return line.decode(errors="replace")

    def head(self) -> str:
        """The first line.

        Raises:
            Unreadable: it is too long, or no text; or there is none.
        """
        self.number, line = next(self._lines, (0, b""))
        if line is None:
            raise Unreadable(f"line 1 is longer than {LONGEST_LINE >> 20} MiB")
        if not line:
            raise Unreadable(_EMPTY)
        return decode(line)

    def is_text(self) -> bool:
        """True if every line since the last call was UTF-8."""
        damaged, self._damaged = self._damaged, False
        return not damaged


def _document(record: Record, name: str, source: SourceFile, hints: Hints) -> Document:
    text = _field(record, "text", hints)
    if not text:
        have = ", ".join(str(key)[:40] for key in list(record)[:12] if key)
        wanted = hints.fields.get("text") or " or ".join(FIELDS["text"])
        raise Unreadable(f"no text in {wanted} (there is: {have or 'nothing'}); map it with --field text=NAME")
    title = _field(record, "title", hints)
    return named(
        Document(
            id=_field(record, "id", hints) or name,
            title=title if title and title != text else source.path.name.split(".")[0],
            text=text,
            source=_field(record, "source", hints) or source.path.name,
            kind=hints.kind or _field(record, "kind", hints) or "document",
            language=language_of(text, hints, _field(record, "language", hints)),
        )
    )


def _field(record: Record, name: str, hints: Hints) -> str:
    columns = (hints.fields[name],) if name in hints.fields else FIELDS[name]
    for column in columns:
        value = record.get(column)
        if value is not None and str(value).strip():
            return str(value).strip()
    return ""
