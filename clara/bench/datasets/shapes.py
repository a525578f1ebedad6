"""JSON to records, in every shape in which benchmarks are published: lines, arrays, records under a key or by their ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from clara.bench.datasets.values import refuse_deep
from clara.errors import DatasetError

_ID = "id"


def json_records(path: Path, text: str, notes: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number (the line, for JSON Lines) and values of each record.

    A single value may be an array of records, an object that holds such an array or splits of it, or an object of records,
    whose keys are then their ids.

    Raises:
        DatasetError: the text is no JSON, or holds something else than records; the message names the row.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield from _lines(path, text, error)
        return
    records, key = _records(value)
    if key:
        notes.append(f"{path}: the records were found under {key!r}")
    for number, record in enumerate(records, 1):
        yield number, _object(path, number, record)


def _lines(path: Path, text: str, problem: Exception) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON Lines; a text whose first line is no JSON by itself was meant as one value."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == 1 and text.lstrip()[:1] == "[":
                raise DatasetError(f"{path} is no JSON: {problem}", path=str(path)) from None
            raise DatasetError(f"{path}: row {number} is no JSON: {error}", path=str(path), row=number) from None
        yield number, _object(path, number, value)


def _records(value: Any) -> tuple[list[Any], str]:
    """The records of one JSON value, and the key under which they were found."""
    if isinstance(value, list):
        return list[Any](value), ""
    if not isinstance(value, dict):
        return [value], ""
    entries = cast("dict[str, Any]", value)
    lists = {key: entry for key, entry in entries.items() if _is_list_of_objects(entry)}
    is_one_record = any(not isinstance(entry, list | dict) for entry in entries.values()) and "question" in entries
    if lists and not is_one_record:
        key = max(lists, key=lambda name: len(lists[name]))
        return list(lists[key]), key
    if not is_one_record and not all(isinstance(entry, dict) for entry in entries.values()):
        nested = list(_nested(entries, {}))
        if nested:
            return nested, " > ".join(key for key, entry in entries.items() if isinstance(entry, dict))
    if entries and all(isinstance(entry, dict) for entry in entries.values()):
        return _by_id(cast("dict[str, dict[str, Any]]", entries))
    return [entries], ""


def _nested(value: Mapping[str, Any], inherited: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Records some levels down, as in an exam with its parts; each has the plain fields of what it lies in."""
    plain = {key: entry for key, entry in value.items() if not isinstance(entry, list | dict)}
    for entry in value.values():
        if _is_list_of_objects(entry):
            for record in cast("list[dict[str, Any]]", entry):
                yield {**inherited, **plain, **record}
        elif isinstance(entry, dict):
            yield from _nested(cast("dict[str, Any]", entry), {**inherited, **plain})


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in cast("list[Any]", value))


def _by_id(entries: Mapping[str, dict[str, Any]]) -> tuple[list[Any], str]:
    """Records under their ids; an object of objects of records (a group of data sets) is taken apart once more."""
    first = next(iter(entries.values()))
    if first and all(isinstance(entry, dict) for entry in first.values()):
        records: list[Any] = []
        for group, members in entries.items():
            records.extend(_with_id(f"{group}:{key}", member) for key, member in members.items())
        return records, ""
    return [_with_id(key, record) for key, record in entries.items()], ""


def _with_id(key: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return dict(record) if _ID in record else {_ID: key, **record}


def _object(path: Path, number: int, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DatasetError(f"{path}: row {number} is no JSON object", path=str(path), row=number)
    try:
        refuse_deep(value)
    except ValueError as error:
        raise DatasetError(f"{path}: row {number} {error}", path=str(path), row=number) from None
    return {str(key): cell for key, cell in cast("dict[object, Any]", value).items()}
