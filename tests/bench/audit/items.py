"""Items of an exam, made from a stem and its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clara.bench.datasets import Item
from clara.language.codes import find_language
from clara.types import Option, Question


def item(stem: str, options: Sequence[str] = (), code: str = "en", *, gold: str = "A") -> Item:
    """An item whose options are lettered from A; its raw text is the question and a line for each option."""
    language = find_language(code)
    assert language is not None
    lettered = tuple(Option(label, text) for label, text in zip("ABCDEFGHIJ", options, strict=False))
    lines = [stem]
    for option in lettered:
        lines.append(f"{option.label.lower()}) {option.text}")
    return Item("1", language.name.lower(), code, Question(stem, lettered, code, "1"), gold, raw="\n".join(lines))


def versions(*items: Item) -> Mapping[str, Item]:
    """One question in its languages."""
    return {entry.language: entry for entry in items}
