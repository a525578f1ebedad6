"""Reads benchmark files: wide CSV (a column per language) and long CSV or JSONL (a row per question and language)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clara import resources
from clara.errors import DatasetError
from clara.languages import Language, find_language, get_language
from clara.questions import parse_question
from clara.types import Option, Question

_GOLD = ("answer", "gold", "label", "correct")
_LONE_OPTION = re.compile(r"^[ \t]*\(?([A-Ja-j])[).）][ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Item:
    """One question in one language."""

    id: str
    language: str
    """The label of the language in results: a lower-case English name."""
    code: str
    question: Question
    gold: str
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark: the same questions in several languages."""

    name: str
    fingerprint: str
    items: tuple[Item, ...]
    languages: tuple[str, ...]

    def select(self, languages: Iterable[str] = (), limit: int | None = None) -> Dataset:
        """The items in these languages (codes or names; none means all), of the first ``limit`` question ids.

        Raises:
            UnknownLanguage: a value names no language.
            DatasetError: the data set does not have the language.
        """
        codes = {item.language: item.code for item in self.items}
        wanted = [get_language(name) for name in languages]
        for language in wanted:
            if language.code not in codes.values():
                raise DatasetError(f"{self.name} has no {language.name}; its languages are {', '.join(self.languages)}")
        keep = {language.code for language in wanted} or set(codes.values())
        ids = set(list(dict.fromkeys(item.id for item in self.items))[:limit])
        items = tuple(item for item in self.items if item.code in keep and item.id in ids)
        return replace(self, items=items, languages=tuple(name for name in self.languages if codes[name] in keep))


def load_dataset(source: str | Path) -> Dataset:
    """Read a data set by name (``sample``) or path.

    Raises:
        DatasetError: the file is missing or is no data set; the message names the column or the row.
    """
    path = resources.SAMPLE_BENCHMARK if str(source) == "sample" else Path(source)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"cannot read the data set {path}: {error.strerror}", path=str(path)) from None
    except UnicodeDecodeError:
        raise DatasetError(f"{path} is not UTF-8 text", path=str(path)) from None
    rows = _json_rows(path, text) if path.suffix in (".jsonl", ".ndjson") else _csv_rows(path, text)
    items = tuple(_items(path, rows))
    if not items:
        raise DatasetError(f"{path} holds no questions", path=str(path))
    seen: set[tuple[str, str]] = set()
    for item in items:
        if (item.id, item.code) in seen:
            raise DatasetError(f"{path}: question {item.id!r} stands twice in {item.language}", path=str(path))
        seen.add((item.id, item.code))
    name = "sample" if str(source) == "sample" else path.stem
    languages = tuple(dict.fromkeys(item.language for item in items))
    return Dataset(name, hashlib.sha256(raw).hexdigest()[:16], items, languages)


Row = tuple[int, dict[str, Any]]


def _csv_rows(path: Path, text: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        table = [row for row in reader if row]
    except csv.Error as error:
        raise DatasetError(f"{path} is no readable CSV: {error}", path=str(path)) from None
    if not table:
        raise DatasetError(f"{path} is empty", path=str(path))
    header = [cell.strip() for cell in table[0]]
    for number, cells in enumerate(table[1:], 1):
        if len(cells) != len(header):
            raise DatasetError(
                f"{path}: row {number} has {len(cells)} cells, the header has {len(header)}", path=str(path), row=number
            )
    return [(number, dict(zip(header, cells, strict=True))) for number, cells in enumerate(table[1:], 1)]


def _json_rows(path: Path, text: str) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise DatasetError(f"{path}: row {number} is no JSON: {error}", path=str(path), row=number) from None
        if not isinstance(value, dict):
            raise DatasetError(f"{path}: row {number} is no JSON object", path=str(path), row=number)
        rows.append((number, value))
    return rows


def _items(path: Path, rows: list[Row]) -> Iterator[Item]:
    if not rows:
        return
    columns = list(rows[0][1])
    lower = {column.lower(): column for column in columns}
    if not any(name in lower for name in _GOLD):
        raise DatasetError(
            f"{path} has no gold column (answer); columns are {', '.join(columns)}", path=str(path), column="answer"
        )
    if "id" not in lower:
        raise DatasetError(f"{path} has no id column; columns are {', '.join(columns)}", path=str(path), column="id")
    long = "language" in lower and "question" in lower
    wide = {column: language for column in columns if (language := find_language(column)) and column.lower() != "id"}
    if not long and not wide:
        raise DatasetError(f"{path} has no language column; columns are {', '.join(columns)}", path=str(path))
    for number, row in rows:
        named = {str(key).lower(): value for key, value in row.items()}
        key, gold = _identity(path, number, named)
        theme = str(named.get("theme") or "")
        texts = [(str(named.get("language", "")), named.get("question"))] if long else [(c, row.get(c)) for c in wide]
        for label, text in texts:
            language = wide.get(label) or find_language(label)
            if language is None:
                raise DatasetError(f"{path}: row {number} has the unknown language {label!r}", path=str(path), row=number)
            question = _question(str(text or ""), language.code, key, named.get("options") if long else None)
            yield Item(key, _label(label, language), language.code, question, gold, theme)


def _identity(path: Path, number: int, row: Mapping[str, Any]) -> tuple[str, str]:
    value = row.get("id")
    key = "" if value is None else str(value).strip()
    if not key:
        raise DatasetError(f"{path}: row {number} has an empty id", path=str(path), row=number, column="id")
    gold = str(next((row[name] for name in _GOLD if name in row), "")).strip().upper()
    if len(gold) != 1 or not "A" <= gold <= "J":
        raise DatasetError(
            f"{path}: row {number} has the gold answer {gold!r}, which is no letter from A to J", path=str(path), row=number
        )
    return key, gold


def _label(text: str, language: Language) -> str:
    name = text.strip().lower()
    names = {language.name.lower(), *(alias for alias in language.aliases if len(alias) > 3 and "-" not in alias)}
    return name if name in names else language.name.lower()


def _question(text: str, code: str, key: str, options: Any) -> Question:
    if isinstance(options, Mapping):
        given = tuple(Option(str(label).upper(), str(value)) for label, value in options.items())
        return Question(text.strip(), given, code, key)
    if isinstance(options, list):
        return Question(text.strip(), tuple(Option(chr(65 + n), str(v)) for n, v in enumerate(options[:10])), code, key)
    if isinstance(options, str) and options.strip():
        text = f"{text}\n{options}"
    parsed = parse_question(text, language=code, id=key)
    if parsed.options:
        return parsed
    lone = list(_LONE_OPTION.finditer(text))
    kept = {match[1].upper(): Option(match[1].upper(), match[2].strip()) for match in lone}
    stem = text[: lone[0].start()].strip() if lone else text.strip()
    return Question(stem, tuple(kept.values()), code, key)
