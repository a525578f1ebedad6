"""Rows to items, under a layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

from clara.bench.datasets.files import Row
from clara.bench.datasets.layout import Columns, Layout
from clara.bench.datasets.model import Defect, Item
from clara.bench.datasets.values import GoldForm, missing, read_gold, read_options, read_references
from clara.errors import DatasetError
from clara.language.codes import Language, find_language, get_language
from clara.language.questions import parse_question
from clara.types import Option, Question

_NO_LANGUAGE = "has no language: give the mapping language (a column) or fixed_language, or end the file's name in one"
_LONE_OPTION = re.compile(r"^[ \t]*\(?([A-Za-z])[).）][ \t]*(.*)$", re.MULTILINE)


@dataclass(slots=True)
class Converter:
    """Turns rows into items. Strict: the first defect raises. Otherwise defects are collected."""

    layout: Layout
    strict: bool = True
    defects: list[Defect] = field(default_factory=list[Defect])
    skipped: Counter[str] = field(default_factory=Counter[str])
    """Why rows and cells were left out, in words, and how many."""
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Question and language code of what has been read."""

    def items(self, rows: Iterable[Row], language: str = "", prefix: str = "") -> Iterator[Item]:
        """The items of some rows; ``language`` is what the file's place says about them, ``prefix`` goes before their ids.

        Raises:
            DatasetError: a column is missing, or, if strict, a cell cannot be used; the message names the row.
        """
        for row in rows:
            self._check_columns(row)
            if self._is_wanted(row):
                yield from self._row(row, language, prefix)

    def _check_columns(self, row: Row) -> None:
        absent = sorted(self.layout.columns - row.values.keys())
        if absent:
            raise row.error(f"has no column {absent[0]}; columns are {', '.join(row.values)}", absent[0])

    def _is_wanted(self, row: Row) -> bool:
        for column, values in self.layout.only.items():
            if str(row.get(column)).strip().casefold() not in map(str.casefold, values):
                return False  # what another subject's rows are is no news
        if self.layout.without and not missing(row.get(self.layout.without)):
            self.skipped[f"questions with something under {self.layout.without} were left out"] += 1
            return False
        return True

    def _row(self, row: Row, place: str, prefix: str) -> Iterator[Item]:
        key = prefix + self._key(row)
        for label, columns in self._texts(row, place):
            language = find_language(label)
            if language is None:
                raise row.error(f"has the unknown language {label!r}" if label else _NO_LANGUAGE, self.layout.language)
            name = _label(label, language)
            if (key, language.code) in self.seen:
                self._defect(row, key, name, "duplicate_item", f"question {key!r} stands twice in {name}")
                continue
            self.seen.add((key, language.code))
            item = self._item(row, key, name, language.code, columns)
            if item is not None:
                yield item

    def _key(self, row: Row) -> str:
        parts = [row.get(column) for column in self.layout.id]
        if any(missing(part) for part in parts):
            raise row.error("has an empty id", self.layout.id[0])
        return ":".join(str(part).strip() for part in parts) or str(row.number)

    def _texts(self, row: Row, place: str) -> Iterator[tuple[str, Columns]]:
        yield from self.layout.wide.items()
        if self.layout.long:
            label = str(row.get(self.layout.language) or "") if self.layout.language else self.layout.fixed or place
            yield label, self.layout.long

    def _item(self, row: Row, key: str, name: str, code: str, columns: Columns) -> Item | None:
        raw = _text(row, columns)
        if not raw:
            self.skipped[f"empty {name} cells were left out"] += 1
            place = columns.questions[-1]
            self.defects.append(Defect(key, name, "empty", f"row {row.number} has no text under {place}"))
            return None
        question = self._question(row, key, code, raw, columns)
        references = read_references(row.get(columns.references)) if columns.references else ()
        gold = read_gold(row.get(self.layout.gold), question.options, self.layout.gold_form) if self.layout.gold else ""
        if gold is None and references and not question.options:
            gold = ""
        if gold is None or not (gold or references):
            if columns.references and not self.layout.gold:
                self._defect(row, key, name, "empty", "has no reference answer", columns.references)
            else:
                self._defect(row, key, name, "bad_gold", self._gold_message(row), self.layout.gold)
            return None
        if gold and not question.options:
            self._defect(row, key, name, "bad_gold", self._no_options(gold), self.layout.gold)
            return None
        if self.strict and not set(gold.replace("|", "")) <= set(question.labels):
            raise row.error(self._gold_message(row), self.layout.gold)
        if self.layout.check and gold != read_gold(row.get(self.layout.check), question.options, "index0"):
            self._defect(row, key, name, "bad_gold", f"has gold {gold} but {self.layout.check} {row.get(self.layout.check)}")
            return None
        theme = str(row.get(self.layout.theme) or "") if self.layout.theme else ""
        return Item(key, name, code, question, gold, theme, references, raw)

    def _gold_message(self, row: Row) -> str:
        value = row.get(self.layout.gold)
        shown = "" if value is None else str(value).strip()
        kind = {"letter": "letter of an option", "text": "text of an option"}.get(
            self.layout.gold_form, "number of an option"
        )
        forms = ", ".join(get_args(GoldForm))
        return f"has the gold answer {shown!r}, which is no {kind} (gold_form of a mapping says what it is: {forms})"

    def _no_options(self, gold: str) -> str:
        return f"has the gold answer {gold!r}, but no options were found in its text or columns"

    def _question(self, row: Row, key: str, code: str, text: str, columns: Columns) -> Question:
        try:
            listed = _options(row, columns)
        except ValueError as error:
            raise row.error(str(error), str(columns.options)) from None
        if listed:
            return Question(text.strip(), listed, code, key)
        parsed = parse_question(text, language=code, id=key)
        if parsed.options:
            return parsed
        lone = list(_LONE_OPTION.finditer(text))
        options = {match[1].upper(): Option(match[1].upper(), match[2].strip()) for match in lone}
        stem = text[: lone[0].start()] if lone else text
        return Question(stem.strip(), tuple(options.values()), code, key)

    def _defect(self, row: Row, key: str, name: str, problem: str, detail: str, column: str | None = None) -> None:
        if self.strict:
            if problem == "duplicate_item":
                raise DatasetError(f"{row.path}: {detail}", path=str(row.path), row=row.number)
            raise row.error(detail, column)
        joint = "" if detail.startswith("has ") else ":"
        self.defects.append(Defect(key, name, problem, f"row {row.number}{joint} {detail}"))


def _text(row: Row, columns: Columns) -> str:
    """The text of all columns of the question; empty if the last of them, what is asked, is."""
    if missing(row.get(columns.questions[-1])):
        return ""
    parts: list[str] = []
    for column in columns.questions:
        cell = row.get(column)
        if isinstance(cell, (list, tuple)):
            cell = "\n".join(map(str, list[Any](cell)))
        if not missing(cell):
            parts.append(str(cell))
    return "\n\n".join(parts)


def _options(row: Row, columns: Columns) -> tuple[Option, ...]:
    if isinstance(columns.options, tuple):
        cells: dict[str, Any] = {str(n): row.get(column) for n, column in enumerate(columns.options, 1)}
        return read_options(cells) if cells else ()
    value = row.get(columns.options) if columns.options else None
    return () if value is None else read_options(value)


def _label(text: str, language: Language) -> str:
    """The language as results name it: the file's own English name for it, else ours."""
    name = text.strip().lower()
    names = {language.name.lower(), *(alias for alias in language.aliases if len(alias) > 3 and "-" not in alias)}
    return name if name in names else get_language(language.code).name.lower()
