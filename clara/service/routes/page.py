"""The OpenAPI description as one HTML page without scripts and without anything from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template, select_autoescape
from markdown_it import MarkdownIt

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Address:
    """One address with its method."""

    method: str
    path: str
    description: str
    """HTML."""
    fields: tuple[Field, ...]
    replies: tuple[tuple[str, str], ...]
    """Status and what it means."""


def render(openapi: dict[str, Any]) -> str:
    """The page.

    Args:
        openapi: the description, as the application generates it.
    """
    return _template().render(info=openapi["info"], addresses=addresses(openapi))


def addresses(openapi: dict[str, Any]) -> list[Address]:
    """Every address and method of a description."""
    schemas = openapi.get("components", {}).get("schemas", {})
    markdown = MarkdownIt("commonmark", {"html": False})
    every: list[Address] = []
    for path, methods in openapi["paths"].items():
        for method, facts in methods.items():
            replies = [(status, reply["description"]) for status, reply in facts.get("responses", {}).items()]
            description = markdown.render(facts.get("description", ""))
            every.append(Address(method.upper(), path, description, _fields(facts, schemas), tuple(replies)))
    return every


def _fields(facts: dict[str, Any], schemas: dict[str, Any]) -> tuple[Field, ...]:
    """The fields of the JSON that an address takes."""
    content = facts.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    schema = schemas.get(reference.rsplit("/", 1)[-1], {})
    required = schema.get("required", [])
    fields: list[Field] = []
    for name, value in schema.get("properties", {}).items():
        fields.append(Field(name, _kind(value), name in required, value.get("description", "")))
    return tuple(fields)


def _kind(schema: dict[str, Any]) -> str:
    """A type in a few words: ``string``, ``array of Message``, ``string or null``."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    kind = str(schema.get("type", "any"))
    return f"array of {_kind(schema['items'])}" if kind == "array" and "items" in schema else kind


@cache
def _template() -> Template:
    return Environment(loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape()).get_template("page.html.jinja")
