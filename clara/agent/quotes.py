"""The sentence of a passage that carries an answer."""

from __future__ import annotations

from clara.language.text import sentences, words
from clara.types import Citation, Passage


def cite(passage: Passage, support: str) -> Citation:
    """A citation of ``passage`` that quotes the sentence sharing most words with ``support``."""
    wanted = set(words(support))
    candidates = sentences(passage.text) or [passage.text]
    quote = max(candidates, key=lambda sentence: len(wanted & set(words(sentence))))
    return Citation(passage.id, passage.title, passage.source, quote.strip())
