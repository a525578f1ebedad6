"""Citations: the numbers that an answer gives, as the passages that were shown."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from clara.language.marks import marked_numbers, replace_numbers, split_at_marks
from clara.language.text import search_tokens, sentences, words
from clara.types import Citation, Passage

MOST_CITED = 2
"""Citations of an answer that was chosen without words of its own."""
_SUPPORTED = 0.5
"""Share of an option's content words that a passage must hold to be cited for it."""


def named(
    numbers: tuple[int, ...], passages: tuple[Passage, ...], support: str
) -> tuple[tuple[Citation, ...], tuple[str, ...]]:
    """A citation for each number that names a shown passage, each once, and a flag for every number that names none.

    Args:
        numbers: as the answer gives them, from 1.
        passages: what was shown, in order.
        support: the words that the quoted sentences should carry.
    """
    shown = range(1, len(passages) + 1)
    citations: list[Citation] = []
    wrong: list[int] = []
    for number in dict.fromkeys(numbers):
        if number in shown:
            citations.append(cite(passages[number - 1], _claims(support, number)))
        else:
            wrong.append(number)
    return tuple(citations), tuple(f"citation [{number}] names no passage" for number in sorted(wrong))


def _claims(text: str, number: int) -> str:
    """What stands before the marks of one passage, each time since the mark before; the whole text without such a mark."""
    claims: list[str] = []
    claim = ""
    for since, numbers in split_at_marks(text):
        if words(since):  # marks that follow each other belong to one claim
            claim = since
        if number in numbers:
            claims.append(claim)
    return " ".join(claims) or text


def marked(text: str) -> frozenset[int]:
    """The numbers in a text's marks."""
    return frozenset(marked_numbers(text))


def renumbered(text: str, citations: Sequence[Citation | Passage], passages: Sequence[Passage]) -> str:
    """The text with its marks as the reader counts: ``[1]`` is the first citation, whatever its passage's number was.

    Args:
        text: holds marks such as ``[2]`` or ``[2, 4]``, numbers of ``passages`` from 1.
        citations: what the marks shall count, such as what the answer rests on; a mark of anything else is dropped.
        passages: what was shown, in order; none means that there is nothing to count by, and the text stays as it is.
    """
    if not passages:
        return text
    places = {citation.id: place for place, citation in enumerate(citations, 1)}
    counted = {number: places.get(passage.id) for number, passage in enumerate(passages, 1)}

    def renumber(numbers: list[int]) -> list[int]:
        return [place for place in map(counted.get, numbers) if place is not None]

    return replace_numbers(text, renumber)


def cite(passage: Passage, support: str) -> Citation:
    """A citation of ``passage`` that quotes the sentence sharing most words with ``support``."""
    supporting_words = set(words(support))
    candidates = sentences(passage.text) or [passage.text]
    quote = max(candidates, key=lambda sentence: len(supporting_words.intersection(words(sentence))))
    return Citation(passage.id, passage.title, passage.source, quote.strip())


def supporting(passages: Sequence[Passage], stem: str, option: str) -> tuple[Citation, ...]:
    """Citations of the passages that hold the words of an option, best first; none where no passage holds half of them.

    Args:
        passages: what was shown.
        stem: the question, which decides between passages that hold the option alike.
        option: the words of the chosen option.
    """
    option_words, stem_words = set(search_tokens(option)), set(search_tokens(stem))
    scored: list[tuple[tuple[float, float], Passage]] = []
    for passage in passages:
        passage_words = set(search_tokens(" ".join((passage.title, passage.text))))
        of_option = len(option_words & passage_words) / max(1, len(option_words))
        if of_option >= _SUPPORTED:
            of_stem = len(stem_words & passage_words) / max(1, len(stem_words))
            scored.append(((of_option, of_stem), passage))
    scored.sort(key=itemgetter(0), reverse=True)
    return tuple(cite(passage, f"{stem} {option}") for _, passage in scored[:MOST_CITED])
