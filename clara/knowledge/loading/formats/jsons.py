"""JSON: a record a line (JSONL), or a file with records in a list, by their ids, or below a name; MedQuAD's included."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable
from clara.knowledge.loading.formats.records import FIELDS, NO_RECORDS, Fields, answers, document_of
from clara.knowledge.loading.reading import Line, read_lines, read_text

_DEPTH = 3
"""Names below which the records of a file may lie."""


def read_jsonl(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a line, or one for each question-answer pair of a MedQuAD line.

    Raises:
        Unreadable: there is none, or the file is damaged.
    """
    pairs: Counter[str] = Counter()
    is_empty = True
    for line in read_lines(source.path):
        if not line.problem and not line.text.strip():
            continue
        is_empty = False
        try:
            yield from _documents(_object(line), f"{source.name}:{line.number}", source, hints, pairs)
        except Unreadable as problem:
            yield Unreadable(f"line {line.number}: {problem}")
    if is_empty:
        raise Unreadable(NO_RECORDS)


def _object(line: Line) -> dict[str, Any]:
    if line.problem:
        raise Unreadable(line.problem)
    try:
        record: Any = json.loads(line.text)
    except (ValueError, RecursionError):
        raise Unreadable("no valid JSON") from None
    if not isinstance(record, dict):
        raise Unreadable("no JSON object")
    return record


def read_json(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document a record of a JSON file; one that holds a record a line is read as JSONL.

    Raises:
        Unreadable: it holds no records, or is no JSON.
    """
    text = read_text(source.path)
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        if text.count("}\n") > 1:
            yield from read_jsonl(source, hints)
            return
        raise Unreadable("it is no valid JSON") from None
    records = _records(value)
    if not records:
        raise Unreadable(NO_RECORDS)
    pairs: Counter[str] = Counter()
    for number, record in enumerate(records, 1):
        try:
            yield from _documents(record, f"{source.name}:{number}", source, hints, pairs)
        except Unreadable as problem:
            yield Unreadable(f"record {number}: {problem}")


def _records(value: Any, depth: int = _DEPTH) -> list[Fields]:
    """The records of a JSON value: of a list, of a name, by their ids, or the value itself."""
    if isinstance(value, list):
        return list(map(_as_fields, value))
    if not isinstance(value, dict):
        return []
    if _has_text(value):
        return [value]
    if value and all(map(_has_text, value.values())):
        return [{"id": name, **record} for name, record in value.items()]
    longest: list[Fields] = []
    if depth:
        for part in value.values():
            records = _records(part, depth - 1)
            if len(records) > len(longest):
                longest = records
    return longest


def _has_text(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint((*FIELDS["text"], "qa"))


def _as_fields(value: Any) -> Fields:
    return value if isinstance(value, dict) else {"text": value if isinstance(value, str) else ""}


def _documents(
    record: Fields, name: str, source: SourceFile, hints: Hints, pairs: Counter[str]
) -> Iterator[Document | Unreadable]:
    listed = record.get("qa")
    if not isinstance(listed, list):
        yield document_of(record, name, source, hints)
        return
    if "id" not in record:
        raise Unreadable("a MedQuAD record needs an id")
    origin = ", ".join(str(record[key]) for key in ("source", "url") if record.get(key))
    yield from answers(str(record["id"]), str(record.get("focus") or ""), origin, map(_answer, listed), pairs, hints)


def _answer(pair: Any) -> str:
    return str(pair.get("answer") or "") if isinstance(pair, dict) else ""
