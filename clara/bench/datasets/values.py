"""Cells to options, gold letters and reference answers, in all the shapes that public data sets use."""

from __future__ import annotations

import ast
import contextlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

from clara.language.questions import LETTERS, label_of, parse_question
from clara.language.text import plain
from clara.types import Option

GoldForm = Literal["letter", "index0", "index1", "text", "flag"]
"""How the gold column says which option is right: a letter, a place counted from 0 or 1, the option's text, or, where it is
the column of the options, a field of the right ones such as ``"correct": true``."""

MOST_LEVELS = 32
"""Lists and objects in one another in one row; public data sets have two or three."""
_TOO_DEEP = f"is nested more than {MOST_LEVELS} levels deep"
_WITH_TEXT = re.compile(r"\W*(\w)\s*[).:：．、]\s*(\S.*)", re.DOTALL)
"""A letter with the text of its option: ``B. Ciliary body``."""
_LONGEST_GOLD = 150
"""Characters of a cell that may be gold letters; 26 of them, parted by "and", are not longer."""
_LABEL_KEYS = ("aid", "key", "label", "letter", "option_label", "id")
FLAG_KEYS = ("correct", "is_correct", "iscorrect", "right", "is_right", "is_answer")
_TEXT_KEYS = ("atext", "value", "text", "content", "option_text", "option", "description")


def refuse_deep(value: Any, most: int = MOST_LEVELS) -> None:
    """Refuse a value that cannot be handled as data: Python shows, copies and compares nested values by recursion.

    Raises:
        ValueError: lists and objects lie in one another more than ``most`` levels deep.
    """
    if isinstance(value, Mapping):
        inner: list[Any] = list(value.values())
    elif isinstance(value, list | tuple):
        inner = list(value)
    else:
        return
    if most == 0:
        raise ValueError(_TOO_DEEP)
    for part in inner:
        refuse_deep(part, most - 1)


def missing(value: Any) -> bool:
    """True for None, NaN and blank text."""
    return (
        value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip())
    )


def read_options(value: Any) -> tuple[Option, ...]:
    """Options from a mapping, a list, a list of objects, JSON or Python text of these, or text with markers.

    Empty options are left out; the others keep the letter of their place.

    Raises:
        ValueError: the value holds no options that can be told apart; the message says why.
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, Mapping):
        return _from_mapping(value)
    if isinstance(value, Sequence):
        items: list[Any] = list(value)
        if items and all(_is_letter_with_text(item) for item in items):
            return _from_mapping({key: text for item in items for key, text in item.items()})
        if items and isinstance(items[0], Mapping):
            labels = [_pick(item, _LABEL_KEYS, default=n + 1) for n, item in enumerate(items)]
            return _labelled(labels, [_pick(item, _TEXT_KEYS) for item in items])
        marked = _marked(items)
        return marked or _labelled(list(range(1, len(items) + 1)), items)
    raise ValueError(f"has options of the unknown form {type(value).__name__}")


def _is_letter_with_text(item: Any) -> bool:
    """True for ``{"A": "Cornea"}``, an option of a list of such objects."""
    return (
        isinstance(item, Mapping) and len(item) == 1 and _letter(next(iter(cast("Mapping[str, Any]", item))), 1) is not None
    )


def _marked(items: Sequence[Any]) -> tuple[Option, ...]:
    """The options of a list whose texts carry their own letters; nothing if they do not."""
    if not all(isinstance(item, str) and item.strip() for item in items):
        return ()
    options = parse_question("\n" + "\n".join(" ".join(item.split()) for item in items)).options
    return options if len(options) == len(items) and len(options) > 1 else ()


def _from_text(text: str) -> tuple[Option, ...]:
    stripped = text.strip()
    if stripped[:1] in "[{":
        for parse, failures in ((json.loads, ValueError), (ast.literal_eval, (ValueError, SyntaxError))):
            try:
                value: Any = parse(stripped)
            except failures:
                continue
            except (RecursionError, MemoryError):  # the second is how ast refuses brackets in brackets
                raise ValueError(_TOO_DEEP) from None
            refuse_deep(value)
            with contextlib.suppress(ValueError):
                return read_options(value)
    options = parse_question(f"\n{stripped}").options
    if not options:
        raise ValueError(f"has options without markers: {stripped[:60]!r}")
    return options


def _from_mapping(value: Mapping[Any, Any]) -> tuple[Option, ...]:
    columns = {str(key): cells for key, cells in value.items()}
    if columns and all(isinstance(cells, (list, tuple)) for cells in columns.values()):
        texts = list(_pick(columns, _TEXT_KEYS))
        return _labelled(list(_pick(columns, _LABEL_KEYS, default=range(1, len(texts) + 1))), texts)
    return _labelled(list(columns), list(columns.values()))


def _pick(item: Mapping[str, Any], keys: tuple[str, ...], default: Any = None) -> Any:
    for key in keys:
        if key in item:
            return item[key]
    if default is None:
        raise ValueError(f"has options with the unknown keys {', '.join(item)}")
    return default


def _labelled(labels: Sequence[Any], texts: Sequence[Any]) -> tuple[Option, ...]:
    first = 0 if "0" in [str(label).strip() for label in labels] else 1
    options: list[Option] = []
    for label, text in zip(labels, texts, strict=True):
        if missing(text):
            continue
        letter = _letter(label, first)
        if letter is None:
            raise ValueError(f"has the option {label!r}; options go from A to Z, or from 1 to 26")
        options.append(Option(letter, str(text).strip()))
    if len({option.label for option in options}) < len(options):
        raise ValueError("has two options with the same letter")
    return tuple(sorted(options, key=lambda option: option.label))


def _letter(label: Any, first: int) -> str | None:
    text = str(label).strip()
    digits = re.fullmatch(r"(?:option)?[ _]?(\d+)(?:\.0)?", text, re.IGNORECASE)
    if digits:
        place = int(digits[1]) - first
        return LETTERS[place] if 0 <= place < len(LETTERS) else None
    named = re.fullmatch(r"(?:option[ _])?\W?(\w)\W?", text, re.IGNORECASE)
    return label_of(named[1]) if named else None


def read_gold(value: Any, options: Sequence[Option], form: GoldForm) -> str | None:
    """The gold letters as :class:`clara.bench.datasets.model.Item` keeps them, or None if the value names none.

    ``A|C`` and ``A/C`` mean that either is right; ``ACE``, ``A,C,E``, ``(ACE)`` and lists mean that all are needed.
    """
    if missing(value):
        return None
    if form == "flag":
        return _together(flagged_letters(value))
    if form == "text":
        return _label_of_text(str(value), options)
    if isinstance(value, (list, tuple)):
        return _together(read_gold(part, options, form) for part in list[Any](value))
    text = str(value).strip()
    if form != "letter":
        return _together(_letter(part, int(form[-1])) for part in re.split(r"\s*[,;|]\s*", text))
    with_text = _WITH_TEXT.fullmatch(text)
    if with_text and label_of(with_text[1]) == _label_of_text(with_text[2], options):
        text = with_text[1]
    return _gold_letters(text)


def flagged_letters(value: Any) -> list[str]:
    """The letters of the options that a field of their own calls right."""
    letters: list[str] = []
    entries: list[Any] = list[Any](value) if isinstance(value, list) else []
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, Mapping):
            fields = {str(key).lower(): field for key, field in cast("Mapping[str, Any]", entry).items()}
            is_right = any(str(fields.get(key)).lower() in ("true", "1") for key in FLAG_KEYS)
            letter = _letter(_pick(fields, _LABEL_KEYS, default=number), 1)
            letters.extend([letter] if is_right and letter else [])
    return letters


def _label_of_text(text: str, options: Sequence[Option]) -> str | None:
    for option in options:
        if plain(option.text) == plain(text):
            return option.label
    return None


def _together(letters: Iterable[str | None]) -> str | None:
    """All of these letters as one answer; None if one is none or there are none."""
    known: set[str] = set()
    for letter in letters:
        if not letter:
            return None
        known.add(letter)
    return "".join(sorted(known)) or None


def _gold_letters(text: str) -> str | None:
    if len(text) > _LONGEST_GOLD:
        return None
    either = re.split(r"\s*(?:[|/]|\bor\b)\s*", text)
    if len(either) > 1:
        letters = [_gold_letters(part) for part in either]
        return None if None in letters else "|".join(sorted({letter for letter in letters if letter}))
    labels = [label_of(char) for char in re.sub(r"[\s,;.()\[\]&（）【】]|\band\b", "", text)]
    return _together(labels) if len(set(labels)) == len(labels) else None


def read_references(value: Any) -> tuple[str, ...]:
    """Reference answers from a text, a list of texts, or JSON text of one."""
    if missing(value):
        return ()
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            listed: Any = json.loads(value)
            refuse_deep(listed)
        except (ValueError, RecursionError):
            return (value.strip(),)
        value = listed
    if isinstance(value, (list, tuple)):
        return tuple(str(part).strip() for part in list[Any](value) if not missing(part))
    return (str(value).strip(),)
