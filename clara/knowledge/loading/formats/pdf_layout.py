"""The text of a PDF page in reading order: cells of a row apart, columns one after the other, words whole that were cut at
the end of a line.

pdfium gives characters in the order in which the page draws them, and parts them into pieces of lines. Where they stand
tells which pieces share a row, and whether rows are a table or two columns of prose that were drawn line by line.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pypdfium2

CUT_WORD = "\ufffe"
"""What pdfium gives for a hyphen at the end of a line."""
_TOKEN = re.compile(rf"[^\s{CUT_WORD}]+{CUT_WORD}?")
_CUT = re.compile(rf"(\w+)(?:{CUT_WORD}|[-\u2010\u00ad]\n)\s*(?=(\w+))")
_LEAST_ROWS = 4
"""Rows of two pieces from which they may be two columns of prose; a table may have as many, with shorter cells."""
_PROSE = 25
"""Mean characters of a line of a column of prose."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that follow each other closely on one line, and where they stand, in points along and across the writing."""

    text: str
    left: float
    right: float
    bottom: float
    top: float

    def shares_row(self, other: Piece) -> bool:
        """True if ``other`` stands beside this piece, to its right."""
        middle = (other.bottom + other.top) / 2
        return self.bottom < middle < self.top and other.left >= self.right - 1


def page_text(textpage: pypdfium2.PdfTextPage) -> str:
    """The text of a page, a line a row; pages in any rotation."""
    text = textpage.get_text_range()
    if len(text) != textpage.count_chars():  # characters without a place, or of two code units: as pdfium gives it
        return whole_words(text.replace("\r\n", "\n"))
    rows: list[list[Piece]] = []
    for piece in _pieces(textpage, text):
        if rows and rows[-1][-1].shares_row(piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return whole_words("\n".join(_in_reading_order(rows)))


def whole_words(text: str) -> str:
    """The text with words joined that were cut at the end of a line, unless the text itself writes them with a hyphen."""
    folded = text.casefold()

    def joined(cut: re.Match[str]) -> str:
        first, second = cut[1], cut[2]
        is_range_or_name = first[-1].isdigit() or not second[0].islower()
        if is_range_or_name or f"{first}-{second}".casefold() in folded:
            return f"{first}-"
        return first

    return _CUT.sub(joined, text).replace(CUT_WORD, "-")


def _pieces(textpage: pypdfium2.PdfTextPage, text: str) -> Iterator[Piece]:
    """The pieces of a page in the order in which it draws them."""
    begin = 0
    for line in text.splitlines(keepends=True):
        words: list[Piece] = []
        for token in _TOKEN.finditer(line):
            word = _word(textpage, token[0], begin + token.start(), begin + token.end() - 1)
            if words and _is_apart(words[-1], word):
                yield _joined(words)
                words = []
            words.append(word)
            if token[0].endswith(CUT_WORD):
                yield _joined(words)
                words = []
        if words:
            yield _joined(words)
        begin += len(line)


def _word(textpage: pypdfium2.PdfTextPage, text: str, first: int, last: int) -> Piece:
    """A word from the places of its first and its last character; boxes are turned so that the writing runs to the right."""
    import pypdfium2.raw as pdfium

    if text.endswith(CUT_WORD):
        last -= 1
    angle = -pdfium.FPDFText_GetCharAngle(textpage, first)  # which pdfium gives clockwise
    cosine, sine = math.cos(angle), math.sin(angle)
    along: list[float] = []
    across: list[float] = []
    box = pdfium.FS_RECTF()
    for index in (first, last):
        pdfium.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(box))
        for x, y in ((box.left, box.bottom), (box.right, box.top)):
            along.append(x * cosine + y * sine)
            across.append(y * cosine - x * sine)
    return Piece(text, min(along), max(along), min(across), max(across))


def _is_apart(word: Piece, following: Piece) -> bool:
    """True if the gap is wider than between words, or the line goes on elsewhere."""
    gap = following.left - word.right
    height = word.top - word.bottom
    return not (-height < gap < height and word.bottom < following.top and following.bottom < word.top)


def _joined(words: Sequence[Piece]) -> Piece:
    text = " ".join(word.text for word in words)
    bottom, top = min(word.bottom for word in words), max(word.top for word in words)
    return Piece(text, words[0].left, words[-1].right, bottom, top)


def _in_reading_order(rows: Sequence[list[Piece]]) -> Iterator[str]:
    """The lines of the page: of neighbouring rows that are two columns of prose first the left one, then the right one."""
    for length, group in groupby(rows, key=len):
        block = list(group)
        if length == 2 and _are_columns(block):
            yield from (left.text for left, _ in block)
            yield from (right.text for _, right in block)
        else:
            yield from (" ".join(piece.text for piece in row) for row in block)


def _are_columns(rows: Sequence[list[Piece]]) -> bool:
    """True for rows of two pieces with a gutter between them all, and prose on both sides."""
    if len(rows) < _LEAST_ROWS or max(left.right for left, _ in rows) >= min(right.left for _, right in rows):
        return False
    for side in zip(*rows, strict=True):
        if sum(len(piece.text) for piece in side) < _PROSE * len(side):
            return False
    # the lines of a column begin at one place; those of a table do too, but its rows are farther apart than they are high
    return all(above.bottom - below.top < above.top - above.bottom for (above, _), (below, _) in pairwise(rows))
