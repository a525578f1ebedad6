"""Structured replies: the JSON schema that a task asks for, and the reading of what a model sent."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from clara.tasks import AnswerIn, ChoiceOut, LetterOut, O, TaskModel, TranslateIn, TranslateOut
from clara.types import Option, Passage

_KEPT = ("type", "enum", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_ITEM_LENGTH = 80
"""Longest string in a list: a term of a few words."""
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_ANSWER = re.compile(r'"answer"\s*:\s*"')


class Misfit(ValueError):
    """A reply that is not what was asked for; the message is meant for the model."""


def reply_schema(output: type[TaskModel], inputs: TaskModel) -> dict[str, Any]:
    """A small, portable JSON schema: every field required, nothing else allowed, everything bounded."""
    fields = output.model_json_schema()["properties"]
    properties: dict[str, Any] = {name: _plain(field) for name, field in fields.items()}
    letters = _letters(inputs)
    if output in (ChoiceOut, LetterOut) and letters:
        properties["label"] = {"type": "string", "enum": letters}
    if output is TranslateOut:
        properties["options"] = _object({letter: {"type": "string", "maxLength": 1000} for letter in letters})
    for name in ("citations", "relevant"):
        if name in properties:
            properties[name] = _numbers(properties[name], len(shown_passages(inputs)))
    return _object(properties)


def shown_passages(inputs: TaskModel) -> tuple[Passage, ...]:
    """The passages of a task input, best first; empty where it has none."""
    return getattr(inputs, "passages", None) or getattr(inputs, "cited", ())


def with_passages(inputs: TaskModel, count: int) -> TaskModel:
    """The same input with its best ``count`` passages."""
    name = "passages" if "passages" in type(inputs).model_fields else "cited"
    return inputs.model_copy(update={name: shown_passages(inputs)[:count]})


def read_reply(text: str, output: type[O], inputs: TaskModel) -> O:
    """The reply as the task's output.

    Raises:
        Misfit: it holds no JSON object, or one that does not fit.
    """
    value = _json_object(visible(text))
    try:
        result = output.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Misfit(f"{where or 'the object'}: {first['msg']}") from None
    letters = _letters(inputs)
    if isinstance(result, ChoiceOut | LetterOut) and isinstance(inputs, AnswerIn) and result.label.upper() not in letters:
        raise Misfit(f"label must be one of {', '.join(letters)}")
    if isinstance(result, TranslateOut) and set(result.options) != set(letters):
        raise Misfit(f"options must have exactly the letters {', '.join(letters) or '(none: {})'}")
    return result


def visible(text: str) -> str:
    """The reply without its thinking, also where the opening tag is missing or the closing one never came."""
    text = _THOUGHT.sub("", text)
    return text.rpartition("</think>")[2].partition("<think>")[0].strip()


def answer_so_far(text: str) -> str:
    """The "answer" field of a JSON object that is still being written, as far as it can be read."""
    found = _ANSWER.search(text)
    if found is None:
        return ""
    body = text[found.end() :]
    end = re.match(r'(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*', body)
    raw = end[0] if end else ""
    try:
        written = json.loads(f'"{raw}"', strict=False)
    except ValueError:
        return ""
    # half of a surrogate pair waits for the other half
    return written[:-1] if written and "\ud800" <= written[-1] <= "\udbff" else written


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """One field without titles, defaults and null."""
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    source: dict[str, Any] = choices[0] if choices else field
    plain = {key: source[key] for key in _KEPT if key in source}
    if plain.get("type") == "array":
        items = _plain(source["items"])
        plain["items"] = {**items, "maxLength": _ITEM_LENGTH} if items.get("type") == "string" else items
    return plain


def _numbers(field: dict[str, Any], passages: int) -> dict[str, Any]:
    most = min(passages, field.get("maxItems", passages))
    items: dict[str, Any] = {"type": "integer"}
    if passages:
        items["enum"] = list(range(1, passages + 1))
    return {"type": "array", "items": items, "maxItems": most}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _letters(inputs: TaskModel) -> list[str]:
    options: tuple[Option, ...] = getattr(inputs, "options", ())
    return [option.label for option in options] if isinstance(inputs, AnswerIn | TranslateIn) else []


def _json_object(text: str) -> dict[str, Any]:
    """The first JSON object in a text, fenced or embedded."""
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    while at >= 0:
        try:
            return decoder.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
    raise Misfit("the reply holds no complete JSON object")
