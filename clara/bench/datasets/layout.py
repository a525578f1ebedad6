"""Where a data set keeps what: named by an adapter, guessed from the columns (``guess``), or read from a small TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

from clara.bench.datasets.values import GoldForm
from clara.errors import DatasetError
from clara.language.codes import find_language


@dataclass(frozen=True, slots=True)
class Columns:
    """Where one language's text stands."""

    question: str | tuple[str, ...]
    """One column, or several that together are the question: a case and what is asked about it."""
    options: str | tuple[str, ...] = ()
    """One column, or a column an option; empty if the options stand in the question's text."""
    references: str = ""
    """Reference answers of free-text items."""

    @property
    def questions(self) -> tuple[str, ...]:
        """The columns of the question."""
        return (self.question,) if isinstance(self.question, str) else self.question

    @property
    def needed(self) -> set[str]:
        """The columns that must be there; of options in columns of their own the first two."""
        options = (self.options,) if isinstance(self.options, str) else self.options[:2]
        return {*self.questions, *options, self.references}


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows become items."""

    id: tuple[str, ...] = ("id",)
    """Columns that together name a question; empty means that the row's number does."""
    wide: Mapping[str, Columns] = field(default_factory=dict[str, Columns])
    """A group of columns a language, under the language's label; or"""
    long: Columns | None = None
    """a row for each question and language, with"""
    language: str = ""
    """the column that names the language, or"""
    fixed: str = ""
    """the language of all rows; with neither, the file's name says it."""
    gold: str = ""
    gold_form: GoldForm = "letter"
    theme: str = ""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Column to the values that are kept, compared without case."""
    without: str = ""
    """Rows that have something in this column (an image) are left out."""
    check: str = ""
    """A second gold column, a place counted from 0, that must agree."""
    parallel: bool = True
    """False if equal ids in two languages are not the same question."""
    config: str = ""
    """Configuration of a hub set."""
    split: str = "test"
    """Split of a hub set, and of a folder whose files are named after their split."""

    @property
    def columns(self) -> set[str]:
        """Every column that must be there."""
        columns = {*self.id, self.language, self.gold, *self.only, self.check}
        for part in self.parts:
            columns |= part.needed
        return columns - {""}

    @property
    def parts(self) -> tuple[Columns, ...]:
        """The columns of each language."""
        return (*self.wide.values(), self.long) if self.long else tuple(self.wide.values())


def read_layout(path: Path) -> Layout:
    """A layout from a TOML file; docs/datasets.md describes its keys.

    Raises:
        DatasetError: the file cannot be read, or a key is unknown, missing or of the wrong kind; the message names it.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise DatasetError(f"cannot read the mapping {path}: {error.strerror}", path=str(path)) from None
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, or no UTF-8
        raise DatasetError(f"the mapping {path} is not valid TOML: {error}", path=str(path)) from None
    return layout_from(values, str(path))


_KEYS = frozenset(
    "id question options references language fixed_language languages gold gold_form theme only without parallel config "
    "split".split()
)


def layout_from(values: Mapping[str, Any], where: str) -> Layout:
    """A layout from the keys of a mapping file; ``where`` names it in errors."""
    unknown = sorted(values.keys() - _KEYS)
    if unknown:
        raise DatasetError(f"{where}: there is no key {unknown[0]!r}; keys are {', '.join(sorted(_KEYS))}", path=where)
    wide = {str(label): _columns(entry, where) for label, entry in dict(values.get("languages", {})).items()}
    for label in wide:
        if find_language(label) is None:
            raise DatasetError(f"{where}: {label!r} under [languages] names no language", path=where)
    long = None if wide else _columns(values, where)
    fixed = _text(values, "fixed_language", where)
    language = _text(values, "language", where)
    if fixed and find_language(fixed) is None:
        raise DatasetError(f"{where}: fixed_language {fixed!r} names no language", path=where)
    gold = _text(values, "gold", where)
    parts = [*wide.values(), long] if long else list(wide.values())
    if not gold and not any(part.references for part in parts):
        raise DatasetError(f"{where} needs gold or references: the column with the right answer", path=where)
    form = values.get("gold_form", "letter")
    if form not in get_args(GoldForm):
        raise DatasetError(f"{where}: gold_form must be one of {', '.join(get_args(GoldForm))}, not {form!r}", path=where)
    return Layout(
        id=_names(values.get("id", "id"), "id", where),
        wide=wide,
        long=long,
        language=language,
        fixed=fixed,
        gold=gold,
        gold_form=form,
        theme=_text(values, "theme", where),
        only={str(key): _names(kept, f"only.{key}", where) for key, kept in dict(values.get("only", {})).items()},
        without=_text(values, "without", where),
        parallel=bool(values.get("parallel", True)),
        config=_text(values, "config", where),
        split=_text(values, "split", where) or "test",
    )


def _columns(entry: Any, where: str) -> Columns:
    if isinstance(entry, str):
        return Columns(entry)
    if not isinstance(entry, Mapping) or "question" not in entry:
        raise DatasetError(f"{where} needs question: the column with the question's text", path=where)
    values = cast(Mapping[str, Any], entry)
    options = values.get("options", ())
    question = values["question"]
    return Columns(
        _text(values, "question", where) if isinstance(question, str) else _names(question, "question", where),
        options if isinstance(options, str) else _names(options, "options", where),
        _text(values, "references", where),
    )


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise DatasetError(f"{where}: {key} must be the name of one column, not {value!r}", path=where)
    return value


def _names(value: Any, key: str, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, Sequence) and all(isinstance(name, str) for name in cast(Sequence[Any], value)):
        return tuple(cast(Sequence[str], value))
    raise DatasetError(f"{where}: {key} must be a text or a list of texts, not {value!r}", path=where)
