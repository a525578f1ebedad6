"""Which passages are about a question at all: without a floor a search always finds something.

A passage is about a question if it names, by any of its names, what the question names of the field; for what every question
of the field may name (an eye, a treatment) it must hold some of the question's other words too. Or it holds most of them,
whatever the field, or its heading does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clara.backbone.extractive.evidence import coverage, share_of, tokens_of
from clara.knowledge.glossary import Glossary
from clara.language.text import spans, words
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

    def __init__(self, glossary: Glossary) -> None:
        self._glossary = glossary

    def about(self, question: str, passages: Sequence[Passage]) -> tuple[int, ...]:
        """The numbers (from 1) of the passages that are about an English question, in their order."""
        topics = self._topics(question)
        shares = coverage(question, list(map(text_of, passages)))
        numbers: list[int] = []
        for number, (passage, share) in enumerate(zip(passages, shares, strict=True), 1):
            if self._names(topics, question, passage) or _holds(question, passage, share):
                numbers.append(number)
        return tuple(numbers)

    def _names(self, topics: Mapping[str, str], question: str, passage: Passage) -> bool:
        """True if a passage names what the question names; of what is generic it must hold other words too."""
        text = text_of(passage)
        named = topics.keys() & self._topics(text).keys()
        if any(topics[id] not in _GENERIC for id in named):  # noqa: A001
            return True
        return bool(named) and share_of(question, text) >= _SOME

    def shown(self, question: str, passages: Sequence[Passage], most: int) -> tuple[int, ...]:
        """The numbers of the passages to show: the first that are about the question. Where it names several things, as
        in a comparison, the last gives way to the first passage under a heading that names one the others do not."""
        numbers = self.about(question, passages)
        first, rest = numbers[:most], numbers[most:]
        missing: set[str] = set()
        for topic, name in self._topics(question).items():
            if name not in _GENERIC:
                missing.add(topic)
        for number in first[:-1]:
            missing.difference_update(self._topics(passages[number - 1].title))
        for number in first[-1:] + rest:
            if not missing.isdisjoint(self._topics(passages[number - 1].title)):
                return (*first[:-1], number)
        return first

    def shares_topic(self, question: str, passage: Passage) -> bool:
        """True if the passage names something of the field that a question with its options names."""
        return not self._topics(question).keys().isdisjoint(self._topics(text_of(passage)))

    def _topics(self, text: str) -> dict[str, str]:
        """The entries of the field that a text names as they are written (a cup is no cupping): id to preferred name."""
        folded_words = words(text)
        topics: dict[str, str] = {}
        for match in self._glossary.matches(spans(text), "en"):
            entry = match.entry
            if entry.kind not in _FIELD or entry.english in _EMPTY:
                continue
            if folded_words[match.start : match.end] in map(words, entry.names["en"]):
                topics[entry.id] = entry.english
        return topics


def _holds(question: str, passage: Passage, share: float) -> bool:
    """True if a passage has enough of a question's words: most of them, or some and two in its heading."""
    heading = tokens_of(question) & tokens_of(f"{passage.title} {passage.section}")
    if len(heading) > 1:
        return share >= _SOME
    return share >= _MOST


def text_of(passage: Passage) -> str:
    """Everything that a passage says, its title and section too."""
    return f"{passage.title} {passage.section} {passage.text}"
