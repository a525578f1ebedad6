"""Citation marks: ``[2]``, ``[2, 4]`` or ``[2; 4]`` in an answer names passages by their numbers, from 1."""

from __future__ import annotations

import re
from collections.abc import Callable

_MARK = re.compile(r"(?P<space>\s?)\[(?P<numbers>\d+(?:\s*[,;、，；]\s*\d+)*)\]")


def marked_numbers(text: str) -> list[int]:
    """The numbers that the marks of a text hold, in order; a number that stands twice comes twice."""
    numbers: list[int] = []
    for mark in _MARK.finditer(text):
        numbers.extend(_numbers(mark))
    return numbers


def split_at_marks(text: str) -> list[tuple[str, list[int]]]:
    """What stands before each mark, since the mark before it, with the mark's numbers; what follows the last is left out."""
    parts: list[tuple[str, list[int]]] = []
    start = 0
    for mark in _MARK.finditer(text):
        parts.append((text[start : mark.start()], _numbers(mark)))
        start = mark.end()
    return parts


def without_marks(text: str) -> str:
    """The text with a space in the place of each mark."""
    return _MARK.sub(" ", text)


def replace_numbers(text: str, renumber: Callable[[list[int]], list[int]]) -> str:
    """The text with the numbers of each mark replaced; a mark without a number left goes, with the space before it."""

    def replaced(mark: re.Match[str]) -> str:
        numbers = renumber(_numbers(mark))
        if not numbers:
            return ""
        listed = ", ".join(str(number) for number in numbers)
        return f"{mark['space']}[{listed}]"

    return _MARK.sub(replaced, text)


def _numbers(mark: re.Match[str]) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", mark["numbers"])]
