"""Output where the terminal's encoding cannot hold every character: nothing is lost, and nothing becomes a question mark."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

NAME = "clara-escape"
_PLAIN = {
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "•": "*",
    "·": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "→": "->",
    "\u00a0": " ",
    "\u202f": " ",
}
"""Marks of CLARA's own words that have a plain form."""


def escape_in(stream: TextIO) -> None:
    """Make a stream write what its encoding cannot hold as a plain form or as an escape such as ``\\u9752``."""
    if isinstance(stream, io.TextIOWrapper):
        codecs.register_error(NAME, _escaped)
        stream.reconfigure(errors=NAME)


def holds_everything(stream: TextIO) -> bool:
    """True if the stream's encoding has every character."""
    encoding = (stream.encoding or "").lower().replace("_", "-")
    return encoding.startswith(("utf-8", "utf8", "utf-16", "utf-32"))


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    parts: list[str] = []
    for char in error.object[error.start : error.end]:
        parts.append(_PLAIN.get(char) or char.encode("ascii", "backslashreplace").decode())
    return "".join(parts), error.end
