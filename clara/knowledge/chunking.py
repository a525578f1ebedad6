"""Cuts documents into passages along their structure: sections, paragraphs, sentences of any script."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clara.knowledge.documents import Document, headings
from clara.text import sentences, spans, words

SIZE = 240
"""Most tokens of a chunk."""
OVERLAP = 40
"""Most tokens that a chunk repeats of the one before."""
_LONGEST_WORD = 12
"""Characters; ``size`` tokens of any script fit into ``size`` times as many."""

CountTokens = Callable[[Sequence[str]], list[int]]


def count_words(texts: Sequence[str]) -> list[int]:
    """Words of each text; a Chinese character counts as one."""
    return [len(words(text)) for text in texts]


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


def chunk(document: Document, count: CountTokens = count_words, *, size: int = SIZE, overlap: int = OVERLAP) -> list[Chunk]:
    """Cut one document.

    Args:
        document: what to cut; Markdown headings mark sections.
        count: tokens of each of several texts, as the embedder in use counts them.
        size: most tokens of a chunk.
        overlap: tokens of the end of a chunk that the next one repeats, in whole sentences.
    """
    chunks: list[Chunk] = []
    for section, text in _sections(document.text):
        for part in _pack(sentences(text), count, size, overlap):
            chunks.append(Chunk(f"{document.id}#{len(chunks)}", document, section, part))
    return chunks


def _sections(text: str) -> Iterator[tuple[str, str]]:
    last, heading = 0, ""
    for start, end, name in headings(text):
        if text[last:start].strip():
            yield heading, text[last:start]
        last, heading = end, name
    if text[last:].strip():
        yield heading, text[last:]


def _pack(parts: list[str], count: CountTokens, size: int, overlap: int) -> Iterator[str]:
    """Join sentences up to ``size`` tokens; one that is longer is cut between words."""
    held: list[tuple[str, int]] = []
    total, fresh = 0, False
    for part, tokens in zip(parts, count(parts), strict=True):
        for piece, length in _cut(part, tokens, size):
            if held and total + length > size:
                yield " ".join(text for text, _ in held)
                held = _tail(held, min(overlap, size - length))
                total, fresh = sum(n for _, n in held), False
            held.append((piece, length))
            total, fresh = total + length, True
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


def _cut(sentence: str, tokens: int, size: int) -> Iterator[tuple[str, int]]:
    """A sentence in pieces of about ``size`` tokens at most, each with its tokens; an endless word is cut as well."""
    if tokens <= size and len(sentence) <= size * _LONGEST_WORD:
        yield sentence, tokens
        return
    text = unicodedata.normalize("NFC", sentence)
    starts = [word.start for word in spans(text)]
    step = max(1, size * len(starts) // max(tokens, len(starts), 1))
    limit = size * _LONGEST_WORD
    begin = 0
    for at in range(step, len(starts) + step, step):
        end = starts[at] if at < len(starts) else len(text)
        for part in range(begin, end, limit):
            yield text[part : min(part + limit, end)], size
        begin = end
