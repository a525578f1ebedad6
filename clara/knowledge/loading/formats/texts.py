"""Markdown and plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clara.knowledge.corpus.documents import Document, headings
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, whole_file
from clara.knowledge.loading.reading import decode, read_bytes

_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z_][\w-]*:(?:\s|$)", re.MULTILINE)
"""A line of front matter."""
_OTHER = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive, such as DOCX"}
"""What files begin with that are no text, though a parser of text would take it."""


def text_bytes(source: SourceFile) -> bytes:
    """What a file of text holds.

    Raises:
        Unreadable: it holds something else, or cannot be read.
    """
    data = read_bytes(source.path)
    for magic, kind in _OTHER.items():
        if data.startswith(magic):
            raise Unreadable(f"it is {kind}, not what its name says")
    return data


def read_markdown(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; front matter may give its title, source and kind, else the first heading is the title."""
    text = decode(text_bytes(source))
    head: dict[str, Any] = {}
    match = _FRONT_MATTER.match(text)
    if match is not None:
        block = _head(match[1])
        if block is not None:
            head, text = block, match[2]
    title = str(head.get("title") or next((name for _, _, name in headings(text)), ""))
    kind, language = str(head.get("kind") or "document"), str(head.get("language") or "")
    yield _with_names(whole_file(source, text, title=title, kind=kind, language=language, hints=hints), head)


def _head(block: str) -> dict[str, Any] | None:
    """The front matter; None if the block is text between two rules, as it is where an empty line follows the first."""
    import yaml

    if not block.strip():
        return {}
    if not block.splitlines()[0].strip():
        return None
    try:
        try:
            head: Any = yaml.safe_load(block)
        except (ValueError, KeyError, AttributeError):
            # a date that does not exist, for example: then all values are kept as they are written
            head = yaml.load(block, yaml.BaseLoader)  # noqa: S506 - it makes strings, lists and mappings only
    except yaml.YAMLError:
        if not _NAME.search(block):
            return None
        raise Unreadable("its front matter is not valid YAML") from None
    return head if isinstance(head, dict) else None


def _with_names(document: Document, head: dict[str, Any]) -> Document:
    also: list[Any] = []
    synonyms, titles = head.get("synonyms"), head.get("titles")
    if isinstance(synonyms, list):
        also += synonyms
    if isinstance(titles, dict):
        also += titles.values()
    own_id = head.get("id")
    return replace(
        document,
        id=str(own_id or document.id),
        naming="file" if own_id else "path",
        source=_source(head) or document.source,
        also=tuple(map(str, also)),
    )


def _source(head: dict[str, Any]) -> str:
    """The ``source`` of the front matter, or the first reference of those that CLARA's own notes have."""
    listed = head.get("sources") or head.get("further_reading")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first: dict[str, Any] = listed[0]
        return ", ".join(str(first[key]) for key in ("name", "url") if first.get(key))
    return str(head.get("source") or "")


def read_plain(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; a short first line followed by an empty one is its title."""
    text = decode(text_bytes(source))
    first, _, rest = text.lstrip().partition("\n")
    is_title = len(first) <= 120 and rest.startswith(("\n", "\r\n"))
    yield whole_file(source, text, title=first if is_title else "", hints=hints)
