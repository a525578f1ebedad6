"""A document: what loaders give and what chunking takes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

LONGEST_NAME = 300
"""Characters of a title or a section, which stand with every passage."""
MOST_ALSO = 4000
"""Characters of all other names together, for the same reason."""
Naming = Literal["path", "file", "record"]
_HEADING = re.compile(r"^#{1,6} +(\S[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One source text before it is cut into passages."""

    id: str
    """Stable identity; citations are built on it."""
    title: str
    text: str
    """Markdown headings mark sections."""
    source: str = ""
    """Name and address of the first public source."""
    kind: str = "document"
    language: str = "en"
    also: tuple[str, ...] = field(default=())
    """Other names that queries may use: synonyms, titles in other languages. Indexed with every passage."""
    origin: str = ""
    """Where it was read from: the absolute path of its file. Not part of the fingerprint."""
    made_from: str = ""
    """The fingerprint of a document that was augmented after reading (:mod:`clara.knowledge.corpus.augmentation`)."""
    naming: Naming = "record"
    """Where its id is from: the path of its file (with a line number perhaps), the file's own words, or the record."""

    @property
    def size(self) -> int:
        """Characters of all its texts: what it takes while it waits."""
        return sum(map(len, (self.text, self.id, self.title, self.source, self.kind, *self.also)))

    @property
    def fingerprint(self) -> str:
        """Changes with anything that is read, indexed or shown."""
        if self.made_from:
            return self.made_from
        parts = [self.title, self.text, self.source, self.kind, self.language, *self.also]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]


def headings(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and words of each Markdown heading, in time that grows with the text only."""
    for match in _HEADING.finditer(text):
        yield match.start(), match.end(), match[1].rstrip().rstrip("#").rstrip()[:LONGEST_NAME]


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: lone surrogates, which JSON and file names may bring, are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
