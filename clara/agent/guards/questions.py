"""What asks must go on asking: a translation that makes a statement of a question has lost what it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clara.language.text import fold

_MARK = re.compile("[?？؟]")
_OPEN_END = re.compile(r"(?:[:：…,，_]|\.\.\.|\(\s*\)|\b(?:is|are|was|were|by|of|in|to|with|for|from))\s*\Z")
"""A stem that the options complete."""
_ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|where|when|why|how|choose|select|mark|indicate|identify|name|state|find|give|tick|"
    r"complete|match|determine|calculate|judge|regarding|concerning|correct|incorrect|true|false|except|following)\b"
)
"""Words of an English stem that ask without a question mark: "Select the correct statement", "All of these except"."""


def compare(source: str, english: str) -> Iterable[str]:
    """A flag if a question became an English text that asks nothing and that no option could complete.

    Args:
        source: the stem as it was asked.
        english: its translation.
    """
    if not _MARK.search(source):
        return
    if _MARK.search(english) or _ASKS.search(fold(english)) or _OPEN_END.search(english.strip()):
        return
    yield "the question became a statement: keep its question word and its question mark"
