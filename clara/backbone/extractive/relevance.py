"""Which passages are about a question at all: without a floor a search always finds something.

A passage is about a question if it names, by any of its names, what the question names of the field; for what every question
of the field may name (an eye, a treatment) it must hold some of the question's other words too. Or it holds most of them,
whatever the field, or its heading does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from clara.backbone.extractive.evidence import coverage, share_of, tokens_of
from clara.knowledge.glossary import Match, TermGlossary
from clara.language.text import Word, spans
from clara.types import Passage

_FIELD = frozenset("anatomy disease sign test procedure drug optics instrument organism".split())
"""Kinds of glossary entries that belong to the field; ``systemic`` ones may belong to any."""
_EMPTY = frozenset(
    {
        "treatment", "surgery", "diagnosis", "risk factor", "test", "examination", "drug", "symptom", "sign", "disease",
        "complication", "dose", "blue", "red", "green", "yellow", "white", "black", "light", "headache", "pain", "joint",
        "kidney",
    }
)  # fmt: skip
"""Preferred names of entries that say nothing of what a question is about."""
_GENERIC = frozenset({"eye", "eyeball", "vision", "eye drops"})
"""Preferred names of entries that every question of the field may hold."""
_SOME = 0.3
"""Least share of the question's words in a passage that names the same generic thing, and weighted under a heading that
holds two of them."""
_MOST = 0.6
"""Least weighted share of them in any other passage."""


class Relevance:
    """Judges passages with one glossary."""

    def __init__(self, glossary: TermGlossary) -> None:
        self._glossary = glossary

    def about(self, question: str, passages: Sequence[Passage]) -> tuple[int, ...]:
        """The numbers (from 1) of the passages that are about an English question, in their order."""
        asked, words = self._topics(question), tokens_of(question)
        texts = [_text_of(passage) for passage in passages]
        shares = coverage(question, texts)
        numbers: list[int] = []
        for number, (passage, text, share) in enumerate(zip(passages, texts, shares, strict=True), 1):
            named = asked & self._topics(text)
            heading = words & tokens_of(f"{passage.title} {passage.section}")
            if (
                bool(named - self._generic)
                or (bool(named) and share_of(question, text) >= _SOME)
                or (len(heading) > 1 and share >= _SOME)
                or share >= _MOST
            ):
                numbers.append(number)
        return tuple(numbers)

    def shares_topic(self, question: str, passage: Passage) -> bool:
        """True if the passage names something of the field that a question with its options names."""
        return not self._topics(question).isdisjoint(self._topics(_text_of(passage)))

    def _topics(self, text: str) -> frozenset[str]:
        """Ids of the entries of the field that a text names as they are written: a cup is no cupping."""
        words = spans(text)
        ids: set[str] = set()
        for match in self._glossary.matches(words, "en"):
            entry = match.entry
            if entry.kind in _FIELD and entry.english not in _EMPTY and _is_written(match, words):
                ids.add(entry.id)
        return frozenset(ids)

    @cached_property
    def _generic(self) -> frozenset[str]:
        return frozenset(entry.id for entry in self._glossary.entries if entry.english in _GENERIC)


def _is_written(match: Match, words: Sequence[Word]) -> bool:
    surface = [word.text for word in words[match.start : match.end]]
    return any(surface == [word.text for word in spans(name)] for name in match.entry.names["en"])


def _text_of(passage: Passage) -> str:
    return f"{passage.title} {passage.section} {passage.text}"
