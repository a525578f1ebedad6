"""What a benchmark is once it has been read: items, and what was wrong with the file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from clara.errors import DatasetError
from clara.language.codes import get_language
from clara.types import Question


@dataclass(frozen=True, slots=True)
class Item:
    """One question in one language."""

    id: str
    """The same in every language."""
    language: str
    """The label of the language in results: a lower-case English name."""
    code: str
    question: Question
    gold: str
    """One letter; ``A|C`` if either is right; ``ACE`` if all of them together are; empty for free text."""
    theme: str = ""
    references: tuple[str, ...] = ()
    """Reference answers of a free-text item, any of which is right."""
    raw: str = ""
    """The text as it stands in the file, options included where they stand in the text."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something in the file that could not be used as it is."""

    id: str
    language: str
    problem: str
    """One of the names of ``clara bench audit``: ``empty``, ``bad_gold`` or ``duplicate_item``."""
    detail: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """A benchmark: the same questions in several languages."""

    name: str
    fingerprint: str
    items: tuple[Item, ...]
    languages: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What the reader should know: what was left out, what differs from the published description."""
    defects: tuple[Defect, ...] = field(default=())
    """What a strict reading would have refused; empty after one."""
    parallel: bool = True
    """False if equal ids in two languages are not the same question."""

    def select(self, languages: Iterable[str] = (), limit: int | None = None) -> Dataset:
        """The items in these languages (codes or names; none means all), of the first ``limit`` question ids.

        Raises:
            UnknownLanguage: a value names no language.
            DatasetError: the data set does not have the language.
        """
        codes = {item.language: item.code for item in self.items}
        chosen: set[str] = set()
        for name in languages:
            language = get_language(name)
            if language.code not in codes.values():
                raise DatasetError(f"{self.name} has no {language.name}; its languages are {', '.join(self.languages)}")
            chosen.add(language.code)
        chosen = chosen or set(codes.values())
        ids = dict.fromkeys(item.id for item in self.items)
        first_ids = set(itertools.islice(ids, limit))
        items = [item for item in self.items if item.code in chosen and item.id in first_ids]
        labels = [name for name in self.languages if codes[name] in chosen]
        return replace(self, items=tuple(items), languages=tuple(labels))
