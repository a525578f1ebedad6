"""A document: what loaders give and what chunking takes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field


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
    """The fingerprint that it goes by if something was written to it after reading: see clara.knowledge.augmentation."""

    @property
    def fingerprint(self) -> str:
        """Changes with anything that is read, indexed or shown."""
        if self.made_from:
            return self.made_from
        parts = [self.title, self.text, self.source, self.kind, self.language, *self.also]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]
