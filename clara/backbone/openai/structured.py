"""Structured replies: the JSON schema that a task asks for, and the reading of what a model sent."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, cast

import json_repair
from pydantic import ValidationError

from clara.language.replies.objects import last_object
from clara.tasks.model import TASKS, AnswerIn, ChoiceOut, LetterOut, O, ReactOut, TaskModel, TranslateIn, TranslateOut
from clara.types import Option, Passage

_KEPT = ("type", "enum", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_ITEM_LENGTH = 80
"""Longest string in a list: a term of a few words."""
_REMARKS = frozenset({"reasoning", "reason", "problem", "thought"})
"""Fields in which a model says why."""
_BRACES = 64
"""Opening brackets of a broken reply from which on it is not repaired."""
_LONGEST = 20_000
"""Characters of a broken reply from which on it is not repaired."""
_LETTER = re.compile(
    r"(?:(?:the )?(?:right |correct )?(?:answer|option|letter)(?: is)?:?)?[\W_]*([A-J])(?=\W*\Z|\s*[).:*\]\n])",
    re.IGNORECASE,
)
"""A letter that stands alone: "B", "(b)", "B) Cornea", "The answer is B."; not the article of "A patient"."""


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

    Raises:
        Misfit: it holds no JSON object, or one that does not fit.
    """
    value = _within_bounds(_json_object(text, output.model_fields), output)
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


def read_letter(text: str, inputs: TaskModel) -> LetterOut:
    """The reply of a task of the form ``letter``: the letter alone, or in a JSON object.

    Raises:
        Misfit: it does not begin with one of the letters.
    """
    letters = letters_of(inputs)
    if "{" in text:
        value = _json_object(text, ("label",))
        text = str(value.get("label", ""))
    label = _leading_letter(text)
    if label not in letters:
        raise Misfit(f"it does not begin with one of the letters {', '.join(letters)}")
    return LetterOut(label=label)


def letters_of(inputs: TaskModel) -> list[str]:
    """The option letters that a reply may use; empty where there are none."""
    options: tuple[Option, ...] = getattr(inputs, "options", ())
    return [option.label for option in options] if isinstance(inputs, AnswerIn | TranslateIn) else []


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


@lru_cache(maxsize=len(TASKS))
def _bounds(output: type[TaskModel]) -> dict[str, dict[str, Any]]:
    return {name: _plain(field) for name, field in output.model_json_schema()["properties"].items()}


def _within_bounds(value: dict[str, Any], output: type[TaskModel]) -> dict[str, Any]:
    """The object with its remarks and lists cut to their bounds, which a model is not told, and a percentage as a share.

    Text that is itself the result (an answer, a translation) is not cut: its end may turn its meaning round.
    """
    kept = dict(value)
    for name, most in _bounds(output).items():
        found = kept.get(name)
        if isinstance(found, str) and name in _REMARKS:
            kept[name] = found[: most.get("maxLength")]
        elif isinstance(found, list):
            kept[name] = found[: most.get("maxItems")]
        elif name == "confidence" and isinstance(found, int | float) and 1 < found <= 100:
            kept[name] = found / 100
        elif name == "label" and isinstance(found, str):
            kept[name] = _leading_letter(found) or found
    return kept


def _leading_letter(text: str) -> str:
    """The option letter that a text begins with, alone or before the option's words; empty if there is none."""
    match = _LETTER.match(text)
    return match[1].upper() if match else ""


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
    parts = cast("list[Any]", repaired) if isinstance(repaired, list) else [repaired]
    objects = [cast("dict[str, Any]", part) for part in parts if isinstance(part, dict) and part]
    return objects[-1] if objects else None
