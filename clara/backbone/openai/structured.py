"""Structured replies: the JSON schema that a task asks for, and the reading of what a model sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, cast

import json_repair
from pydantic import ValidationError

from clara.language.replies import reader
from clara.language.replies.objects import last_object
from clara.tasks.model import TASKS, AnswerIn, ChoiceOut, LetterOut, O, ReactOut, TaskModel, TranslateIn, TranslateOut
from clara.types import Passage

_KEPT = ("type", "enum", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_ITEM_LENGTH = 80
"""Longest string in a list: a term of a few words."""
_REMARKS = frozenset({"reasoning", "reason", "problem", "thought"})
"""Fields in which a model says why."""
_BRACES = 64
"""Opening brackets of a broken reply from which on it is not repaired."""
_LONGEST = 20_000
"""Characters of a broken reply from which on it is not repaired."""


class Misfit(ValueError):
    """A reply that is not what was asked for; the message is meant for the model."""


def reply_schema(output: type[TaskModel], inputs: TaskModel) -> dict[str, Any]:
    """A small, portable JSON schema: every field required, nothing else allowed, everything bounded. Do not change it."""
    return _schema(output, tuple(letters_of(inputs)), len(shown_passages(inputs)), getattr(inputs, "tools", ()))


@lru_cache(maxsize=512)
def _schema(output: type[TaskModel], letters: tuple[str, ...], passages: int, tools: tuple[str, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = dict(_bounds(output))
    if output is LetterOut:
        # its other fields are measured, not written
        properties = {"label": properties["label"]}
    if output in (ChoiceOut, LetterOut) and letters:
        properties["label"] = {"type": "string", "enum": list(letters)}
    if output is TranslateOut:
        properties["options"] = _object({letter: {"type": "string", "maxLength": 1000} for letter in letters})
    if output is ReactOut:
        properties["action"] = {"type": "string", "enum": [*tools, "answer"]}
    for name in ("citations", "relevant"):
        if name in properties:
            properties[name] = _numbers(properties[name], passages)
    return _object(properties)


def shown_passages(inputs: TaskModel) -> tuple[Passage, ...]:
    """The passages of a task input, best first; empty where it has none."""
    return getattr(inputs, "passages", ())


def with_passages(inputs: TaskModel, count: int) -> TaskModel:
    """The same input with its best ``count`` passages."""
    return inputs.model_copy(update={"passages": shown_passages(inputs)[:count]})


def read_reply(text: str, output: type[O], inputs: TaskModel) -> O:
    """The visible reply as the task's output.

    A choice may be written with its option's text ("B) Cornea"), and in a sentence where no object was written.

    Raises:
        Misfit: it holds no JSON object, or one that does not fit.
    """
    value = _within_bounds(_object_of(text, output, inputs), output)
    try:
        result = output.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misfit(f"{where or 'the object'}: {first['msg']}") from None
    letters = letters_of(inputs)
    if isinstance(result, ChoiceOut) and isinstance(inputs, AnswerIn) and result.label.upper() not in letters:
        raise Misfit(f"label must be one of {', '.join(letters)}")
    if isinstance(result, TranslateOut) and set(result.options) != set(letters):
        raise Misfit(f"options must have exactly the letters {', '.join(letters) or '(none: {})'}")
    return result


def _object_of(text: str, output: type[TaskModel], inputs: TaskModel) -> dict[str, Any]:
    """The object of a reply, its odd fields put right; of a choice in plain words, one that holds its letter."""
    if output is not ChoiceOut or not isinstance(inputs, AnswerIn):
        return tidied(_json_object(text, output.model_fields), output)
    try:
        value = tidied(_json_object(text, output.model_fields), output)
    except Misfit:
        letter = read_letter_of(text, inputs)
        if letter is None:
            raise
        return {"reasoning": text, "label": letter}
    if value.get("label") not in letters_of(inputs):
        letter = read_letter_of(text, inputs)
        if letter is not None:
            value["label"] = letter
    return value


def read_letter_of(text: str, inputs: TaskModel) -> str | None:
    """The option letter that a reply of any form gives, read as ``clara bench`` reads recorded ones."""
    if not isinstance(inputs, AnswerIn) or not inputs.options:
        return None
    return reader.read_letter(text, inputs.options).letter


def read_letter(text: str, inputs: TaskModel) -> LetterOut:
    """The reply of a task of the form ``letter``: the letter, alone, in an object or in a sentence.

    Raises:
        Misfit: it gives none of the letters.
    """
    letter = read_letter_of(text, inputs)
    if letter is None:
        raise Misfit(f"it gives none of the letters {', '.join(letters_of(inputs))}")
    return LetterOut(label=letter)


def letters_of(inputs: TaskModel) -> list[str]:
    """The option letters that a reply may use; empty where there are none."""
    if not isinstance(inputs, AnswerIn | TranslateIn):
        return []
    return [option.label for option in inputs.options]


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """One field without titles, defaults and null."""
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    source: dict[str, Any] = next(iter(choices), field)
    plain = {key: source[key] for key in _KEPT if key in source}
    if plain.get("type") == "array":
        plain["items"] = _plain(source["items"])
        if plain["items"].get("type") == "string":
            plain["items"]["maxLength"] = _ITEM_LENGTH
    return plain


def _numbers(field: dict[str, Any], passages: int) -> dict[str, Any]:
    most = min(passages, field.get("maxItems", passages))
    items: dict[str, Any] = {"type": "integer"}
    if passages:
        items["enum"] = list(range(1, passages + 1))
    return {"type": "array", "items": items, "maxItems": most}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@lru_cache(maxsize=len(TASKS))
def _bounds(output: type[TaskModel]) -> dict[str, dict[str, Any]]:
    return {name: _plain(field) for name, field in output.model_json_schema()["properties"].items()}


def tidied(value: dict[str, Any], output: type[TaskModel]) -> dict[str, Any]:
    """The object without keys that the task has not, and with fields of a neighbouring type as their own.

    Lists of citations may be null or hold texts such as "[1]"; a confidence may be "90%"; one in words says nothing.
    """
    fields = {name: field for name, field in value.items() if name in output.model_fields}
    for name in ("citations", "relevant"):
        if name in fields:
            fields[name] = _whole_numbers(fields[name])
    if isinstance(fields.get("confidence"), str):
        fields["confidence"] = _share(fields["confidence"])
    for name in _REMARKS & fields.keys():
        if fields[name] is None:
            fields[name] = ""
    return fields


def _whole_numbers(value: object) -> list[int]:
    """The whole numbers that stand in a list, a text or a single value."""
    if value is None:
        return []
    entries: list[object] = [value]
    if isinstance(value, list):
        entries = cast("list[object]", value)
    numbers: list[int] = []
    for entry in entries:
        numbers.extend(int(digits) for digits in re.findall(r"\d{1,4}", str(entry)))
    return numbers


def _share(text: str) -> float | None:
    """A confidence that was written as text: "0.9", "90%", "90 / 100"."""
    match = re.match(r"\s*(\d+(?:[.,]\d+)?)\s*(%?)", text)
    if match is None:
        return None
    number = float(match[1].replace(",", "."))
    if match[2] or number > 1:
        return number / 100
    return number


def _within_bounds(value: dict[str, Any], output: type[TaskModel]) -> dict[str, Any]:
    """The object with its remarks and lists cut to their bounds, which a model is not told, and a percentage as a share.

    Text that is itself the result (an answer, a translation) is not cut: its end may turn its meaning round.
    """
    bounded = dict(value)
    for name, most in _bounds(output).items():
        field = bounded.get(name)
        if isinstance(field, list):
            bounded[name] = field[: most.get("maxItems")]
        elif name in _REMARKS and isinstance(field, str):
            bounded[name] = field[: most.get("maxLength")]
        elif name == "confidence" and isinstance(field, int | float) and 1 < field <= 100:
            bounded[name] = field / 100
    return bounded


def _json_object(text: str, keys: Collection[str]) -> dict[str, Any]:
    """The last JSON object in a text, fenced or embedded, since what stands before it is a draft; repaired if need be."""
    value = last_object(text, keys)
    if value is None:
        value = _repaired_object(text)
    if value is None:
        raise Misfit("the reply holds no complete JSON object")
    return value


def _repaired_object(text: str) -> dict[str, Any] | None:
    """What a repair makes of a broken reply; None for one that is too long or too nested to be worth it."""
    brackets = text.count("{") + text.count("[")
    if "{" not in text or brackets > _BRACES or len(text) > _LONGEST:
        return None
    try:
        repaired: Any = json_repair.loads(text, skip_json_loads=True)
    except (ValueError, RecursionError):
        return None
    parts: list[Any] = [repaired]
    if isinstance(repaired, list):
        parts = cast("list[Any]", repaired)
    for part in reversed(parts):
        if part and isinstance(part, dict):
            return cast("dict[str, Any]", part)
    return None
