"""Files with a record a line: CSV, TSV and JSONL, MedQuAD's questions and answers included."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from clara.knowledge.documents import Document
from clara.knowledge.loading.base import LONGEST_LINE, Hints, SourceFile, Unreadable, decode, language_of, read_lines

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


def read_jsonl(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a line, or one for each question-answer pair of a MedQuAD line."""
    pairs: Counter[str] = Counter()
    for number, line in read_lines(source.path):
        try:
            record = _object(number, line)
            if record is None:
                continue
            if isinstance(record.get("qa"), list):
                yield from _medquad(record, pairs, hints)
            else:
                yield _document(record, f"{source.name}:{number}", source, hints)
        except Unreadable as problem:
            yield Unreadable(f"line {number}: {problem}")


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
            yield Document(f"{name}#{pairs[name]}", title, answer, source, hints.kind or "encyclopaedia", language)
        pairs[name] += 1


def read_csv(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a row; the first row names the columns."""
    csv.field_size_limit(LONGEST_LINE)
    delimiter = "\t" if source.suffix == ".tsv" else None
    lines = _csv_lines(source)
    first = next(lines, "")
    if delimiter is None:
        delimiter = max(",;\t", key=first.count)
    columns = next(csv.reader([first], delimiter=delimiter), [])
    rows = csv.DictReader(lines, fieldnames=[column.strip() for column in columns], delimiter=delimiter, restkey="")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise Unreadable(f"row {rows.line_num + 1}: {error}") from None
        if row is None:
            return
        try:
            yield _document(row, f"{source.name}:{rows.line_num + 1}", source, hints)
        except Unreadable as problem:
            yield Unreadable(f"row {rows.line_num + 1}: {problem}")


def _csv_lines(source: SourceFile) -> Iterator[str]:
    for number, line in read_lines(source.path):
        if line is None:
            raise Unreadable(f"line {number} is longer than {LONGEST_LINE >> 20} MiB")
        yield decode(line) if number == 1 else _utf8(line)


def _document(record: Record, name: str, source: SourceFile, hints: Hints) -> Document:
    text = _field(record, "text", hints)
    if not text:
        have = ", ".join(str(key) for key in list(record)[:12] if key)
        wanted = hints.fields.get("text") or " or ".join(FIELDS["text"])
        raise Unreadable(f"no text in {wanted} (there is: {have or 'nothing'}); map it with --field text=NAME")
    title = _field(record, "title", hints)
    return Document(
        id=_field(record, "id", hints) or name,
        title=title if title and title != text else source.path.name.split(".")[0],
        text=text,
        source=_field(record, "source", hints) or source.path.name,
        kind=hints.kind or _field(record, "kind", hints) or "document",
        language=language_of(text, hints, _field(record, "language", hints)),
    )


def _field(record: Record, name: str, hints: Hints) -> str:
    columns = (hints.fields[name],) if name in hints.fields else FIELDS[name]
    for column in columns:
        value = record.get(column)
        if value is not None and str(value).strip():
            return str(value).strip()
    return ""
