"""How a gold column says which option is right, seen from its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from clara.bench.datasets.files import Row
from clara.bench.datasets.layout import Columns
from clara.bench.datasets.values import GoldForm, missing, read_options
from clara.language.questions import LETTERS, label_of, parse_question
from clara.language.text import plain

_NUMBER = re.compile(r"(?:option|opt|choice)?[ _]?(\d{1,2})(?:\.0)?", re.IGNORECASE)
_PARTS = re.compile(r"\s*[,;|]\s*")
_HEAD = re.compile(r"(?<=\w)[).:．、]\s")
_FIRST = 50
_LOOKED_AT = 2000
"""Rows whose gold cells are looked at."""


def gold_form(rows: Sequence[Row], gold: str, columns: Columns) -> GoldForm:
    """A letter, a number from 0 or from 1, or the option's text; a letter where it cannot be told."""
    if not columns.options:
        return "letter"
    cells = _cells(rows, gold)
    numbers: list[int] = []
    for _, text in cells:
        named = numbers_of(text)
        if not named:
            return _form_of_words(cells, columns)
        numbers.extend(named)
    if 0 in numbers:
        return "index0"
    for row, text in cells:
        is_named = not text[0].isdigit()  # "option1"
        if is_named or _counts_from_one(row, columns, numbers):
            return "index1"
    return "letter"


def is_free_text(rows: Sequence[Row], gold: str, columns: Columns) -> bool:
    """True if no row has options, in its text or in columns, and the gold cells are more than a letter or a number."""
    if columns.options:
        return False
    for row, text in _cells(rows[:_FIRST], gold):
        if names_letter(text) or numbers_of(text):
            return False
        if parse_question(str(row.get(columns.questions[-1]))).options:
            return False
    return True


def numbers_of(text: str) -> list[int]:
    """The numbers of a cell such as ``3``, ``option3`` or ``option1,option3``; none if it holds anything else."""
    numbers: list[int] = []
    for part in _PARTS.split(text):
        match = _NUMBER.fullmatch(part)
        if match is None:
            return []
        numbers.append(int(match[1]))
    return numbers


def names_letter(text: str) -> bool:
    """True for a letter in any script, several of A to J, and a letter with the text of its option after it."""
    head = _HEAD.split(text, maxsplit=1)[0]
    letters = re.sub(r"[\W_]|\b(?:and|or)\b", "", head)
    if len(letters) == 1:
        return label_of(letters) is not None
    is_several = re.fullmatch(r"[A-Ja-j]{2,10}", letters) is not None
    return is_several and len(set(letters)) == len(letters)


def _cells(rows: Sequence[Row], gold: str) -> list[tuple[Row, str]]:
    """The gold cells that hold one value, as text."""
    cells: list[tuple[Row, str]] = []
    for row in rows[:_LOOKED_AT]:
        value = row.get(gold)
        if not missing(value) and not isinstance(value, list | dict):
            cells.append((row, str(value).strip()))
    return cells


def _form_of_words(cells: Sequence[tuple[Row, str]], columns: Columns) -> GoldForm:
    """``text`` where every cell is the text of an option and one of them names none of the letters."""
    are_letters = True
    for row, text in cells:
        options = _options_of(row, columns)
        label = label_of(text.strip("()[]. ")[:1])
        if not names_letter(text) or label is None or label not in LETTERS[: len(options)]:
            are_letters = False
        if plain(text) not in map(plain, options):
            return "letter"
    return "letter" if are_letters else "text"


def _counts_from_one(row: Row, columns: Columns, numbers: Sequence[int]) -> bool:
    """True if a row has as many options as a gold number says, or names its options ``1``, ``2`` and so on."""
    value = row.get(columns.options) if isinstance(columns.options, str) else None
    if isinstance(value, Mapping) and "1" in value:
        return True
    return len(_options_of(row, columns)) in numbers


def _options_of(row: Row, columns: Columns) -> list[str]:
    """The texts of a row's options; none where they cannot be read."""
    value: Any = None
    if isinstance(columns.options, tuple):
        value = {str(number): row.get(column) for number, column in enumerate(columns.options, 1)}
    elif columns.options:
        value = row.get(columns.options)
    if not value:
        return []
    try:
        options = read_options(value)
    except ValueError:
        return []
    return [option.text for option in options]
