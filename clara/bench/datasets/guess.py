"""The layout of a file, by the names of its columns and a look at its cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from clara.bench.datasets.files import Row
from clara.bench.datasets.gold import gold_form, is_free_text
from clara.bench.datasets.layout import Columns, Layout
from clara.bench.datasets.values import GoldForm, flagged_letters, missing
from clara.errors import DatasetError
from clara.language.codes import find_language, get_language
from clara.language.detection import UNKNOWN, detect_language

_ID = ("id", "question_id", "qid", "sample_id", "item_id", "problem_id", "index", "uid", "uuid")
_QUESTION = (
    "question",
    "stem",
    "question_text",
    "qtext",
    "full_question",
    "instruction",
    "problem_text",
    "problem",
    "query",
    "prompt",
)
_CASE = ("case", "vignette", "case_vignette", "context", "contexts", "scenario", "case_text")
"""What the question is about, where it stands in a column of its own."""
_LANGUAGE = ("language", "lang", "language_code")
_OPTIONS = ("options", "choices", "answer_options", "answers", "alternatives")
_GOLD = (
    "answer_idx", "answer_letter", "answer", "gold", "label", "correct", "correct_answer", "correct_option", "answer_key",
    "answerkey", "correct_answers", "right_answer", "cop", "ra", "target", "answer_index", "solution", "final_decision",
)  # fmt: skip
_REFERENCES = ("references", "reference")
_THEME = ("theme", "subject", "subject_name", "category", "specialty", "topic")
_IMAGE = ("image", "images", "image_base64")
_OPTION = re.compile(r"(?:(?:op(?:tion|t)?|choice|answer|ending|alternative)[ _]?)?([a-z]|\d{1,2})", re.IGNORECASE)
_REGION = re.compile(r"([A-Za-z]{2,3})[-_]([A-Z]{2}|[A-Z][a-z]{3})\Z")
"""A language with its region or script: ``PT-BR``, ``zh_Hans``."""
_SPLIT = re.compile(r"(?:test|dev|validation|val|train|data)\b")
_ENOUGH, _SHARE, _SURE = 3, 0.8, 0.6
"""Questions in one language, and their share among those of which it is known, that make it the language of a file."""
_SHORT_GOLD = 12
"""Characters of a gold cell that may name options."""
_FIRST = 50


def guess_layout(path: Path, rows: Sequence[Row], notes: list[str]) -> Layout:
    """The layout that the columns speak for; what was found by looking is said in ``notes``.

    Raises:
        DatasetError: there is no question, no language or no gold; the message names the columns that are there.
    """
    columns = list(rows[0].values)
    lower = {column.strip().lower(): column for column in columns}
    gold, references = _gold_column(lower, rows), _first(lower, _REFERENCES)
    options = _options_column(lower, gold)
    is_flagged = not gold and _has_flags(rows, options)
    there = f"columns are {', '.join(columns)}"
    if not gold and not references and not is_flagged:
        raise DatasetError(f"{path} has no gold column (answer); {there}", path=str(path), column="answer")
    key = _first(lower, _ID)
    ids = (key,) if key else ()
    if not key:
        notes.append(f"{path} has no id column: its rows are numbered, and not paired with those of other files")
    question, language = _first(lower, _QUESTION), _first(lower, _LANGUAGE)
    wide = _wide(columns, references)
    fixed = ""
    if question and not language and not language_of(path) and not wide:
        fixed = _spoken_in(rows, question)
        if fixed:
            notes.append(f"{path} names no language: its questions are in {get_language(fixed).name}")
    if question and (language or fixed or language_of(path)):
        case = _first(lower, _CASE)
        asked = (case, question) if case else question
        long = Columns(asked, options or _option_columns(columns, gold), references)
        gold, form, long = _gold_of(path, rows, options if is_flagged else gold, long, notes)
        return Layout(
            id=ids,
            long=long,
            language=language,
            fixed=fixed,
            gold=gold,
            gold_form=form,
            theme=_first(lower, _THEME),
            without=_first(lower, _IMAGE),
            parallel=bool(key),
        )
    if not wide:
        raise DatasetError(f"{path} has no language column; {there}; or describe them with --mapping", path=str(path))
    return Layout(id=ids, wide=wide, gold=gold, theme=lower.get("theme", ""))


def _wide(columns: Sequence[str], references: str) -> dict[str, Columns]:
    """A column for each language that is named by one."""
    wide: dict[str, Columns] = {}
    for column in columns:
        if find_language(column) and column.lower() != "id":
            wide[column] = Columns(column, (), references)
    return wide


def _has_flags(rows: Sequence[Row], options: str) -> bool:
    """True if options carry a field that says which of them is right."""
    return bool(options) and any(flagged_letters(row.get(options)) for row in rows[:_FIRST])


def _gold_of(path: Path, rows: Sequence[Row], gold: str, long: Columns, notes: list[str]) -> tuple[str, GoldForm, Columns]:
    """The gold column, how it says what is right, and the columns of the text with what that changes in them."""
    if not gold:
        return gold, "letter", long
    if gold == long.options:
        return gold, "flag", long
    if not long.references and is_free_text(rows, gold, long):
        notes.append(f"{path}: there are no options, and {gold} is taken for the reference answer")
        return "", "letter", Columns(long.question, (), gold)
    form = gold_form(rows, gold, long)
    if form == "text":
        notes.append(f"{path}: {gold} holds the text of the right option")
    elif form != "letter":
        notes.append(f"{path}: the numbers under {gold} count the options from {form[-1]}")
    return gold, form, long


def _spoken_in(rows: Sequence[Row], question: str) -> str:
    """The language that nearly all of the first questions are in, as far as it can be told; nothing where it cannot."""
    counts: Counter[str] = Counter()
    for row in rows[:_FIRST]:
        detection = detect_language(str(row.get(question) or ""))
        if detection.confidence >= _SURE:
            counts[detection.code] += 1
    if not counts:
        return ""
    code, number = counts.most_common(1)[0]
    if number < max(_ENOUGH, _SHARE * counts.total()) or code == UNKNOWN:
        return ""
    return code


def language_of(path: Path) -> str:
    """The language that a file's name ends in (``hi.jsonl``, ``exam_hindi.csv``, ``test.en.jsonl``, ``mmlu_PT-BR.csv``).

    Where the file is named after a split, the folder may be the language (``hi/test.csv``); else nothing.
    """
    stem = path.name.removesuffix(".gz").rpartition(".")[0]
    if _SPLIT.match(stem) and find_language(path.parent.name):
        return path.parent.name
    return _language_at_end(stem)


def _language_at_end(name: str) -> str:
    region = _REGION.search(name)
    last = re.split(r"[-_. ]", name)[-1]
    for candidate in (name, last, region[1] if region else ""):
        if candidate and find_language(candidate):
            return candidate
    return ""


def _first(columns: Mapping[str, str], names: Sequence[str]) -> str:
    """The first of these names that there is a column of, as the file writes it; empty if there is none."""
    for name in names:
        if name in columns:
            return columns[name]
    return ""


def _gold_column(lower: Mapping[str, str], rows: Sequence[Row]) -> str:
    """The column of a usual name that holds letters or numbers in most rows; else the first with something in it."""
    named = [lower[name] for name in _GOLD if name in lower]
    filled: list[str] = []
    looked_at = rows[:_FIRST]
    for column in named:
        values = 0
        short_values = 0
        for row in looked_at:
            value = row.get(column)
            if not missing(value):
                values += 1
                short_values += len(str(value).strip()) <= _SHORT_GOLD
        if 2 * short_values > len(looked_at):
            return column
        if values:
            filled.append(column)
    return (filled or named or [""])[0]


def _options_column(lower: Mapping[str, str], gold: str) -> str:
    names = [name for name in _OPTIONS if lower.get(name) != gold]
    return _first(lower, names)


def _option_columns(columns: Sequence[str], gold: str) -> tuple[str, ...]:
    """The columns of options, ``A`` to ``E``, ``opa``, ``option_0`` or ``choice1``, in order."""
    letters: dict[str, str] = {}
    numbers: dict[int, str] = {}
    for column in columns:
        match = _OPTION.fullmatch(column.strip())
        if match is None or column == gold:
            continue
        if match[1].isdigit():
            numbers[int(match[1])] = column
        else:
            letters[match[1].upper()] = column
    if {"A", "B"} <= letters.keys():
        return tuple(letters[letter] for letter in sorted(letters))
    first = 0 if 0 in numbers else 1
    if {first, first + 1} <= numbers.keys():
        return tuple(numbers[number] for number in sorted(numbers))
    return ()
