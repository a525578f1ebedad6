"""BM25 over the record of a knowledge base, kept on disk and built again when the record has moved on."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.index.lexical import LexicalIndex
from clara.knowledge.index.record import KnowledgeRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Postings:
    """BM25 over one generation of the record, with what is needed to read its positions."""

    generation: int
    index: LexicalIndex
    numbers: list[int]
    """The passage number of each position."""
    languages: dict[str, int]
    """Code of each language to its number."""
    language_numbers: NDArray[np.int32]
    """Shape (passages,): the number of each position's language."""

    @classmethod
    def of(cls, generation: int, index: LexicalIndex, facets: Sequence[tuple[int, str]]) -> Postings:
        """The postings of passages whose numbers and languages are given in the order of their positions."""
        languages: dict[str, int] = {}
        language_numbers = [languages.setdefault(language, len(languages)) for _, language in facets]
        numbers = [number for number, _ in facets]
        return cls(generation, index, numbers, languages, np.array(language_numbers, dtype=np.int32))

    def top(self, text: str, k: int, language: str | None = None) -> list[int]:
        """Numbers of the ``k`` best passages, best first; only those in one language if it is named."""
        allowed = None if language is None else self.language_numbers == self.languages.get(language, -1)
        return [self.numbers[position] for position, _ in self.index.top(text, k, allowed)]


def load_postings(folder: Path, record: KnowledgeRecord) -> Postings:
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
    return Postings.of(generation, index, facets)


def _weighted(chunks: Iterator[tuple[int, Chunk]], facets: list[tuple[int, str]]) -> Iterator[str]:
    """What BM25 counts of each passage; its number and language go into ``facets``."""
    for number, chunk in chunks:
        facets.append((number, chunk.document.language))
        yield chunk.weighted


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
