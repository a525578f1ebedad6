"""The models that a server lists, and the one among them that the user means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, cast

_SHOWN_NAMES = 10


def listed_models(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of ``/v1/models`` that have a name."""
    data: Any = found.get("data", found.get("models"))
    models: list[dict[str, Any]] = []
    for entry in cast("list[Any]", data) if isinstance(data, list) else []:
        model = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {"id": entry}
        name = model.get("id") or model.get("name") or model.get("model")
        if isinstance(name, str):
            models.append({**model, "id": name})
    return models


def first_name(names: list[str]) -> str | None:
    """The first name that is one; a pattern such as ``openai/*`` names no model."""
    for name in names:
        if "*" not in name:
            return name
    return None


def listed_name(model: str, names: Sequence[str]) -> str | None:
    """The name under which a server lists a model, or None.

    ``llama3`` is listed as ``llama3:latest``, ``x:free`` as ``x``, ``gemini-pro`` as ``models/gemini-pro``, and anything
    by a gateway that lists ``openai/*``.
    """
    if model in names:
        return model
    plain = _plain_name(model)
    for name in names:
        if _plain_name(name) == plain:
            return name
    for name in names:
        if "*" in name and fnmatchcase(model, name):
            return name
    untagged = plain.partition(":")[0]
    return next((name for name in names if _plain_name(name) == untagged), None)


def _plain_name(name: str) -> str:
    return name.casefold().removeprefix("models/").removesuffix(":latest")


def some_of(names: list[str], model: str) -> str:
    """The names for a message: all of a few, the nearest of many."""
    if len(names) <= _SHOWN_NAMES:
        return ", ".join(names) or "none"
    nearest = difflib.get_close_matches(model, names, n=_SHOWN_NAMES, cutoff=0.3) or names[:_SHOWN_NAMES]
    return f"{len(names)} others, such as {', '.join(nearest)}"
