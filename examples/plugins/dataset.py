"""A data set of one's own, made by a program: sums, asked in two languages."""

from __future__ import annotations

from clara import Option, Question
from clara.bench import Dataset, Item, plugins

WORDING = {"english": ("en", "What is {a} plus {b}?"), "spanish": ("es", "¿Cuánto es {a} más {b}?")}


def sums() -> Dataset:
    """Six questions with two options each."""
    items: list[Item] = []
    for a, b in ((1, 2), (2, 3), (3, 5), (4, 4), (5, 2), (6, 3)):
        options = (Option("A", str(a + b)), Option("B", str(a * b + 2)))
        for language, (code, wording) in WORDING.items():
            question = Question(wording.format(a=a, b=b), options, language=code)
            items.append(Item(id=f"{a}+{b}", language=language, code=code, question=question, gold="A"))
    return Dataset(name="sums", fingerprint="sums-1", items=tuple(items), languages=tuple(WORDING))


plugins.datasets.add("sums", sums)
