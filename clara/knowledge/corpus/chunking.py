"""Cuts documents into passages along their structure: sections, paragraphs, sentences of any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from clara.knowledge.corpus.documents import Document, headings
from clara.language.text import sentences, spans, words

SIZE = 240
"""Most tokens of a chunk."""
OVERLAP = 40
"""Most tokens that a chunk repeats of the one before."""
_LONGEST_WORD = 12
"""Characters; ``size`` tokens of any script fit into ``size`` times as many."""

_BLOCK = 1 << 16
"""Characters of a section that are looked at together; a sentence is no longer."""
_PIECE = 1 << 10
"""Characters whose words are found or counted together: who does it may remember the last texts."""
_COUNTED = 1 << 20
"""Characters whose tokens are counted in one call."""
_BOUNDARY = re.compile(r"\n\n|[।॥。！？]|\w{3}[.!?]\s+(?=[^a-z])")
"""Where :func:`clara.language.text.sentences` parts a text in any case, whatever stands around it."""

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
        parts = list(chain.from_iterable(map(sentences, _blocks(text, _BLOCK))))
        for part in _pack(parts, count, size, overlap):
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


def _blocks(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most ``most`` characters, so that a text without an end costs bounded memory."""
    begin = 0
    while len(text) - begin > most:
        end = _boundary(text, begin, begin + most)
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _boundary(text: str, begin: int, end: int) -> int:
    """The last place in ``text[begin:end]`` to cut: between sentences, else at white space, else at the end."""
    last = 0
    for match in _BOUNDARY.finditer(text, begin, end):
        last = match.end()
    if last:
        return last
    if text[end - 1].isspace() or text[end].isspace():
        return end
    _, *last_word = text[begin:end].rsplit(maxsplit=1)
    return end - len("".join(last_word))


def _lengths(parts: Iterable[str], count: CountTokens) -> Iterator[int]:
    """Tokens of each sentence, many counted at once."""
    group: list[list[str]] = []
    characters = 0
    for part in parts:
        group.append(list(_blocks(part, _PIECE)))
        characters += len(part)
        if characters >= _COUNTED:
            yield from _sums(group, count)
            group, characters = [], 0
    if group:
        yield from _sums(group, count)


def _sums(group: list[list[str]], count: CountTokens) -> Iterator[int]:
    counts = iter(count(list(chain.from_iterable(group))))
    for pieces in group:
        yield sum(islice(counts, len(pieces)))


def _pack(parts: list[str], count: CountTokens, size: int, overlap: int) -> Iterator[str]:
    """Join sentences up to ``size`` tokens; one that is longer is cut between words."""
    pieces: list[str] = []
    lengths: list[int] = []
    for part, tokens in zip(parts, _lengths(parts, count), strict=True):
        for piece, length in _cut(part, tokens, size):
            if pieces and sum(lengths) + length > size:
                yield " ".join(pieces)
                repeated = _fitting(lengths, min(overlap, size - length))
                pieces, lengths = pieces[len(pieces) - repeated :], lengths[len(lengths) - repeated :]
            pieces.append(piece)
            lengths.append(length)
    if pieces:
        yield " ".join(pieces)


def _fitting(lengths: Sequence[int], most: int) -> int:
    """How many of the last pieces have at most ``most`` tokens together."""
    total = 0
    for number, length in enumerate(reversed(lengths)):
        total += length
        if total > most:
            return number
    return len(lengths)


def _cut(sentence: str, tokens: int, size: int) -> Iterator[tuple[str, int]]:
    """A sentence in pieces of about ``size`` tokens at most, each with its tokens; an endless word is cut as well."""
    if tokens <= size and len(sentence) <= size * _LONGEST_WORD:
        yield sentence, tokens
        return
    text = unicodedata.normalize("NFC", sentence)
    starts = _starts(text)
    step = max(1, size * len(starts) // max(tokens, len(starts), 1))
    limit = size * _LONGEST_WORD
    begin = 0
    for at in range(step, len(starts) + step, step):
        end = starts[at] if at < len(starts) else len(text)
        for part in range(begin, end, limit):
            yield text[part : min(part + limit, end)], size
        begin = end


def _starts(text: str) -> list[int]:
    """Where each word of a text in NFC begins."""
    starts, at = list[int](), 0
    for piece in _blocks(text, _PIECE):
        starts += [at + word.start for word in spans(piece)]
        at += len(piece)
    return starts
