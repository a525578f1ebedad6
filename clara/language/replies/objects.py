"""Finds the JSON objects in a reply, also where a model wrote them as Python would or left a comma too many."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

_MOST = 64
"""Places in a reply where an object is looked for."""
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_JSON_WORDS = {"true": "True", "false": "False", "null": "None"}
_JSON_WORD = re.compile(r"\b(?:true|false|null)\b")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Embedded:
    """An object and where it stands in the text."""

    value: dict[str, Any]
    start: int
    end: int


def objects(text: str) -> list[Embedded]:
    """The outermost JSON objects of a text, in order."""
    result: list[Embedded] = []
    at = text.find("{")
    for _ in range(_MOST):
        if at < 0:
            break
        embedded, at = _object_at(text, at), at + 1
        if embedded is not None:
            result.append(embedded)
            at = embedded.end
        at = text.find("{", at)
    return result


def last_object(text: str, keys: Collection[str] = ()) -> dict[str, Any] | None:
    """The last object, the one that counts where drafts stand before it; one with any of ``keys`` if there is one."""
    values = [entry.value for entry in reversed(objects(text))]
    for value in values:
        if not value.keys().isdisjoint(keys):
            return value
    return next(iter(values), None)


def _object_at(text: str, at: int) -> Embedded | None:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return _lenient(text, at)
    return Embedded(value, at, end)


def _lenient(text: str, at: int) -> Embedded | None:
    """An object that is no JSON: it ends at the brace that makes it whole."""
    end = at
    for _ in range(_MOST):
        end = text.find("}", end) + 1
        if not end:
            return None
        value = _value(text[at:end])
        if isinstance(value, dict):
            return Embedded(cast("dict[str, Any]", value), at, end)
    return None


def _value(text: str) -> object:
    tidy = _TRAILING_COMMA.sub(r"\1", text)
    try:
        return json.loads(tidy, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(_JSON_WORD.sub(lambda word: _JSON_WORDS[word[0]], tidy))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
