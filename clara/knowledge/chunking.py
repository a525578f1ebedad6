"""Cuts documents into passages along their structure: sections, paragraphs, sentences of any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from clara.knowledge.documents import Document
from clara.text import sentences, spans, words

_LONGEST_WORD = 12
"""Characters; ``size`` words of any script fit into ``size`` times as many."""
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before it is embedded."""

    id: str
    """``<document>#<n>``, n from 0."""
    document: Document
    section: str
    text: str

    @property
    def head(self) -> str:
        """Title and section."""
        return f"{self.document.title}. {self.section}." if self.section else f"{self.document.title}."

    @property
    def indexed(self) -> str:
        """What is embedded and searched: title and section in front of the text, other names behind it."""
        return "\n".join((self.head, self.text, *self.document.also))

    @property
    def weighted(self) -> str:
        """What BM25 counts: the title three times, which gives it three times the weight of the text.

        Reference: Robertson, Zaragoza and Taylor, "Simple BM25 Extension to Multiple Weighted Fields", CIKM 2004.
        """
        return f"{self.document.title}. {self.document.title}.\n{self.indexed}"


def chunk(document: Document, *, size: int = 180, overlap: int = 30) -> list[Chunk]:
    """Cut one document.

    Args:
        document: what to cut; Markdown headings mark sections.
        size: most words of a chunk (a Chinese character counts as one word).
        overlap: words of the end of a chunk that the next one repeats, in whole sentences.
    """
    chunks: list[Chunk] = []
    for section, text in _sections(document.text):
        for part in _pack(sentences(text), size, overlap):
            chunks.append(Chunk(f"{document.id}#{len(chunks)}", document, section, part))
    return chunks


def _sections(text: str) -> Iterator[tuple[str, str]]:
    last, heading = 0, ""
    for match in _HEADING.finditer(text):
        if text[last : match.start()].strip():
            yield heading, text[last : match.start()]
        last, heading = match.end(), match[1]
    if text[last:].strip():
        yield heading, text[last:]


def _pack(parts: list[str], size: int, overlap: int) -> Iterator[str]:
    """Join sentences up to ``size`` words; one that is longer is cut between words."""
    held: list[tuple[str, int]] = []
    total, fresh = 0, False
    for part in parts:
        for piece in _cut(part, size):
            count = max(len(words(piece)), len(piece) // _LONGEST_WORD if " " not in piece else 0)
            if held and total + count > size:
                yield " ".join(text for text, _ in held)
                held = _tail(held, min(overlap, size - count))
                total, fresh = sum(n for _, n in held), False
            held.append((piece, count))
            total, fresh = total + count, True
    if held and fresh:
        yield " ".join(text for text, _ in held)


def _tail(held: list[tuple[str, int]], overlap: int) -> list[tuple[str, int]]:
    kept: list[tuple[str, int]] = []
    total = 0
    for item in reversed(held):
        total += item[1]
        if total > overlap:
            break
        kept.insert(0, item)
    return kept


def _cut(sentence: str, size: int) -> Iterator[str]:
    """A sentence in pieces of at most ``size`` words, and of bounded length where a word is endless."""
    text = unicodedata.normalize("NFC", sentence)
    starts = [word.start for word in spans(text)]
    limit = size * _LONGEST_WORD
    begin = 0
    for at in range(size, len(starts) + size, size):
        end = starts[at] if at < len(starts) else len(text)
        for part in range(begin, end, limit):
            yield text[part : min(part + limit, end)]
        begin = end
