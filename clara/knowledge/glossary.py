"""The multilingual glossary: one concept a row, its names in seven languages, and the longest match of them in a text."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Protocol

from clara import resources
from clara.errors import KnowledgeError
from clara.language.text import Word, fold, normalise, spans, stem
from clara.language.translit import hindi_key
from clara.tasks.model import TermHint

COLUMNS = {
    "en": ("english", "synonyms"),
    "es": ("spanish",),
    "pt": ("portuguese",),
    "fr": ("french",),
    "fil": ("filipino",),
    "hi": ("hindi", "hindi_roman"),
    "zh": ("chinese",),
}
"""Language code to the columns that hold its names."""

HEADER = (
    "id",
    "kind",
    "english",
    "spanish",
    "portuguese",
    "french",
    "filipino",
    "hindi",
    "hindi_roman",
    "chinese",
    "synonyms",
    "definition",
)
TERM_KINDS = frozenset("anatomy disease sign test procedure drug optics instrument organism systemic".split())
"""Kinds that are technical terms."""
WORD_KINDS = frozenset("question negation quantity direction general".split())
"""Kinds that are the words between the terms."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept."""

    id: str
    kind: str
    names: dict[str, tuple[str, ...]]
    """Language code to names, the preferred one first."""
    definition: str

    @property
    def english(self) -> str:
        """The preferred English name."""
        return self.names["en"][0]


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of a text that is a name of an entry; positions are word numbers, end exclusive."""

    entry: Entry
    start: int
    end: int


class Glossary(Protocol):
    """Finds known terms in a text."""

    def matches(self, words: Sequence[Word], language: str) -> list[Match]:
        """Longest matches from left to right, none overlapping; English names count in every language."""
        ...

    def lookup(self, text: str, language: str, limit: int = 8) -> tuple[TermHint, ...]:
        """Technical terms that occur in ``text``, in order of appearance, each once."""
        ...


WrittenName = tuple[str, ...]
"""The words of a name in one form."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of writing the words of a text or of a name; the index is asked form by form, the strictest first."""

    name: str
    rewrite: Callable[[str, str], str]
    """Surface and language to the written form."""


def _acronym(surface: str, _language: str) -> str:
    return surface


def _plain(surface: str, _language: str) -> str:
    return normalise(surface)


def _folded(surface: str, _language: str) -> str:
    return fold(surface)


def _stemmed(surface: str, language: str) -> str:
    folded = fold(surface)
    if language == "hi" and folded.isascii():
        return hindi_key(folded)
    return stem(folded, language)


_FORMS = (_Form("acronym", _acronym), _Form("plain", _plain), _Form("folded", _folded), _Form("stemmed", _stemmed))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of one form and language."""

    entries: dict[WrittenName, Entry]
    lengths: dict[str, tuple[int, ...]]
    """First word of a name to the lengths, in words, of the names that begin with it."""

    @classmethod
    def of(cls, entries: dict[WrittenName, Entry]) -> _Names:
        lengths: dict[str, set[int]] = {}
        for key in entries:
            lengths.setdefault(key[0], set()).add(len(key))
        return cls(entries, {first: tuple(numbers) for first, numbers in lengths.items()})


class TermGlossary:
    """The glossary that ships, or one in the same format."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._index: dict[str, dict[str, _Names]] = {}
        self._synonyms: dict[str, tuple[str, ...]] | None = None

    @classmethod
    def load(cls, folder: Path | None = None) -> TermGlossary:
        """Read every ``*.tsv`` of a folder.

        Raises:
            KnowledgeError: a file is missing or broken; the message names file and row.
        """
        folder = folder or resources.KNOWLEDGE_BASE / "glossary"
        paths = sorted(folder.glob("*.tsv"))
        if not paths:
            raise KnowledgeError(f"no glossary file (*.tsv) in {folder}")
        return cls(chain.from_iterable(map(read_glossary, paths)))

    def index(self, language: str) -> dict[str, _Names]:
        """For each form the names in ``language``; where two entries share a name, the one of higher precedence has it.

        An acronym counts only where the text writes it as one: French ``les`` is no lupus (LES).
        """
        if language not in self._index:
            built: dict[str, dict[WrittenName, Entry]] = {form.name: {} for form in _FORMS}
            for entry in sorted(self.entries, key=_precedence):
                for name in entry.names.get(language, ()):
                    self._enter(built, name, entry, language)
            self._index[language] = {form: _Names.of(table) for form, table in built.items()}
        return self._index[language]

    @staticmethod
    def _enter(built: dict[str, dict[WrittenName, Entry]], name: str, entry: Entry, language: str) -> None:
        surfaces = [word.surface for word in spans(name)]
        if not surfaces or all(surface[0].isdigit() for surface in surfaces):
            return
        if name.isascii() and name.isupper() and len(surfaces) == 1:
            built["acronym"].setdefault((name,), entry)
            return
        for form in _FORMS[1:]:
            key = tuple(form.rewrite(surface, language) for surface in surfaces)
            if form.name != "stemmed" or len("".join(key)) > 2:
                built[form.name].setdefault(key, entry)

    def matches(self, words: Sequence[Word], language: str) -> list[Match]:
        """Longest matches from left to right, none overlapping; English names count in every language."""
        tables: list[tuple[_Names, WrittenName]] = []
        for code in dict.fromkeys((language, "en")):
            names = self.index(code)
            for form in _FORMS:
                tables.append((names[form.name], tuple(form.rewrite(word.surface, code) for word in words)))
        matches: list[Match] = []
        at = 0
        while at < len(words):
            match = self._longest_at(tables, at, len(words))
            if match is None:
                at += 1
            else:
                matches.append(match)
                at = match.end
        return matches

    @staticmethod
    def _longest_at(tables: Sequence[tuple[_Names, WrittenName]], at: int, total: int) -> Match | None:
        lengths: set[int] = set()
        for names, written in tables:
            lengths.update(names.lengths.get(written[at], ()))
        for length in sorted(lengths, reverse=True):
            end = at + length
            if end > total:
                continue
            for names, written in tables:
                entry = names.entries.get(written[at:end])
                if entry is not None:
                    return Match(entry, at, end)
        return None

    def synonyms(self, english: str) -> tuple[str, ...]:
        """All English names of the entry whose preferred name this is."""
        if self._synonyms is None:
            self._synonyms = {entry.english: entry.names["en"] for entry in self.entries}
        return self._synonyms.get(english, ())

    def lookup(self, text: str, language: str, limit: int = 8) -> tuple[TermHint, ...]:
        """Technical terms that occur in ``text``, in order of appearance, each once."""
        text = unicodedata.normalize("NFC", text)  # the form that the spans point into
        words = spans(text)
        hints: dict[str, TermHint] = {}
        for match in self.matches(words, language):
            entry = match.entry
            if entry.kind in TERM_KINDS and entry.id not in hints:
                source = text[words[match.start].start : words[match.end - 1].end]
                hints[entry.id] = TermHint(
                    source=source, english=entry.english, definition=entry.definition, kind=entry.kind
                )
        return tuple(hints.values())[:limit]


def _precedence(entry: Entry) -> int:
    """What turns a question round comes first, then technical terms, then the words between them."""
    if entry.kind in TERM_KINDS:
        return 1
    if entry.kind == "general":
        return 2
    return 0


def read_glossary(path: Path) -> list[Entry]:
    """The entries of one TSV file.

    Raises:
        KnowledgeError: wrong header, wrong number of cells, unknown kind or an empty cell; the message names the row.
    """
    entries: list[Entry] = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if tuple(next(rows, ())) != HEADER:
            raise KnowledgeError(f"{path}: the header must be: {' '.join(HEADER)}")
        for number, cells in enumerate(rows, 2):
            entries.append(_entry(path, number, cells))
    return entries


def _entry(path: Path, number: int, cells: list[str]) -> Entry:
    if len(cells) != len(HEADER):
        raise KnowledgeError(f"{path}, row {number}: {len(cells)} cells instead of {len(HEADER)}")
    row: dict[str, str] = dict(zip(HEADER, cells, strict=True))
    if row["kind"] not in TERM_KINDS | WORD_KINDS:
        raise KnowledgeError(f"{path}, row {number}: unknown kind {row['kind']!r}")
    for column in HEADER:
        if column != "synonyms" and not row[column].strip():
            raise KnowledgeError(f"{path}, row {number}: {column} is empty")
    names: dict[str, tuple[str, ...]] = {}
    for code, columns in COLUMNS.items():
        cell = "|".join(row[column] for column in columns)
        names[code] = tuple(dict.fromkeys(filter(None, map(str.strip, cell.split("|")))))
    return Entry(row["id"], row["kind"], names, row["definition"].strip())


@lru_cache(maxsize=1)
def shipped_glossary() -> TermGlossary:
    """The glossary that ships, read once."""
    return TermGlossary.load()
