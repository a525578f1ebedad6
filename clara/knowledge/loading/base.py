"""What the loaders share: the file, what the caller says about it, and the document or the problem that they give."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clara.knowledge.corpus.documents import Document, storable
from clara.knowledge.loading.titles import says_nothing
from clara.language.codes import find_language
from clara.language.detection import UNKNOWN, detect_language

LONGEST_ID, LONGEST_SOURCE, LONGEST_KIND = 1000, 1000, 100
"""Characters; they stand with every passage, or in a table of all of them."""


class Unreadable(Exception):
    """A file, or one record of it, cannot be read; the message says why, without the file's name."""


class Notice(Unreadable):
    """What the caller should know of a file that was read whole: no text to index in a record or on a page, joined cells."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller says about the files."""

    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """For CSV and JSONL: which column holds a field of the document."""
    language: str | None = None
    """Language code of every document; None detects it."""
    kind: str | None = None
    """Source kind of every document."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read."""

    path: Path
    name: str
    """Identity of what it holds: the path below the folder that was named, that folder included."""

    @property
    def origin(self) -> str:
        """The absolute path, as documents carry it."""
        return origin_of(self.path)

    @property
    def suffix(self) -> str:
        """The lower-case suffix, of ``x.jsonl.gz`` the inner one."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes and suffixes[-1] == ".gz":
            suffixes.pop()
        return suffixes[-1] if suffixes else ""


def origin_of(path: Path | str) -> str:
    """The absolute path of a file or folder, without ``..``, as documents carry it."""
    return storable(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps ".."


def language_of(text: str, hints: Hints, named: str = "") -> str:
    """The language that the caller gave, else the one that the file names, else what the text begins in, else English."""
    if hints.language:
        return hints.language
    language = find_language(named)
    if language is not None:
        return language.code
    code = detect_language(text[:600]).code
    return "en" if code == UNKNOWN else code


def whole_file(
    source: SourceFile, text: str, *, title: str = "", kind: str = "document", language: str = "", hints: Hints
) -> Document:
    """A file that is one document.

    Raises:
        Unreadable: it holds no text.
    """
    if not text.strip():
        raise Unreadable("it holds no text")
    title = " ".join(title.split())
    if says_nothing(title):
        title = source.path.name.split(".")[0]
    return Document(
        id=source.name,
        title=title,
        text=text,
        source=source.path.name,
        kind=hints.kind or kind,
        language=language_of(text, hints, language),
        naming="path",
    )


def named(document: Document) -> Document:
    """The document, if its id is not too long. An id cannot be cut, or two documents might share one.

    Raises:
        Unreadable: it is; the message shows how it begins.
    """
    if len(storable(document.id)) > LONGEST_ID:
        raise Unreadable(f"its id is longer than {LONGEST_ID:,} characters ({document.id[:40]}...)")
    return document
