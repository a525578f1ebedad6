"""BM25 over the record of a knowledge base, kept on disk and built again when the record has moved on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.index.lexical import LexicalIndex
from clara.knowledge.index.record import Record

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Column:
    """One value of every passage. There are few different ones, and one of them may be long: each is kept once."""

    codes: NDArray[np.int32]
    """Of each position, its value's place in ``values``."""
    values: dict[str, int]

    @classmethod
    def of(cls, column: Iterable[str]) -> Column:
        """The values of all positions in order."""
        values: dict[str, int] = {}
        codes = np.array([values.setdefault(value, len(values)) for value in column], dtype=np.int32)
        return cls(codes, values)

    def among(self, wanted: frozenset[str]) -> NDArray[np.bool_]:
        """Which positions have one of these values."""
        return np.array([value in wanted for value in self.values], dtype=np.bool_)[self.codes]


@dataclass(frozen=True, slots=True)
class Words:
    """BM25 over one generation of the record, with what is needed to read its positions."""

    generation: int
    index: LexicalIndex
    numbers: list[int]
    """The passage number of each position."""
    kind: Column
    language: Column

    @property
    def languages(self) -> frozenset[str]:
        """All that there are."""
        return frozenset(self.language.values)

    def allowed(self, kinds: frozenset[str], languages: frozenset[str]) -> NDArray[np.bool_] | None:
        """Which positions are of these kinds and languages (empty: any); None means all of them."""
        if not kinds and not languages:
            return None
        columns = ((self.kind, kinds), (self.language, languages))
        return np.logical_and.reduce([column.among(wanted) for column, wanted in columns if wanted])


def load_words(folder: Path, record: Record) -> Words:
    """BM25 of the record as it is now, from the knowledge base's ``folder`` or built.

    Raises:
        StoreError: the record cannot be read.
    """
    generation = record.generation
    place = folder / f"bm25-{generation}"
    facets = record.facets()
    try:
        index = LexicalIndex.load(place, len(facets))
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        index = None
    if index is None or record.generation != generation:  # what was read may be newer than what was loaded
        facets.clear()
        index = LexicalIndex.build(_weighted(record.chunks(), facets))
        if record.generation == generation:
            _keep(index, place)
    kind, language = Column.of(facet[1] for facet in facets), Column.of(facet[2] for facet in facets)
    return Words(generation, index, [facet[0] for facet in facets], kind, language)


def _weighted(stream: Iterator[tuple[int, Chunk]], facets: list[tuple[int, str, str]]) -> Iterator[str]:
    """What BM25 counts of each passage; its number, kind and language go into ``facets``."""
    for number, part in stream:
        facets.append((number, part.document.kind, part.document.language))
        yield part.weighted


def _keep(index: LexicalIndex, place: Path) -> None:
    """Save an index and remove the others; a full disk, or a reader that was quicker, does not fail the search."""
    try:
        index.save(place)
    except OSError as error:
        log.info("the BM25 index of knowledge base %r is not kept: %s", place.parent.name, error)
        return
    for old in place.parent.glob("bm25-*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
