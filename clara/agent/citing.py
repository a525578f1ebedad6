"""Citations: the numbers that an answer gives, as the passages that were shown."""

from __future__ import annotations

from collections.abc import Sequence

from clara.language.marks import marked_numbers, replace_numbers, split_at_marks
from clara.language.text import search_tokens, sentences, words
from clara.types import Citation, Passage

MOST_CITED = 2
"""Citations of an answer that was chosen without words of its own."""
_HELD = 0.5
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
    shown = dict.fromkeys(number for number in numbers if 1 <= number <= len(passages))
    wrong = sorted({number for number in numbers if number not in shown})
    citations = tuple(cite(passages[number - 1], _claims(support, number)) for number in shown)
    return citations, tuple(f"citation [{number}] names no passage" for number in wrong)


def _claims(text: str, number: int) -> str:
    """What stands before the marks of one passage, each time since the mark before; the whole text without such a mark."""
    claims: list[str] = []
    claim = ""
    for since, numbers in split_at_marks(text):
        claim = since if words(since) else claim  # marks that follow each other belong to one claim
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
    places = {citation.id: place for place, citation in enumerate(citations, 1)}
    count = {number: places[passage.id] for number, passage in enumerate(passages, 1) if passage.id in places}

    def shown(numbers: list[int]) -> list[int]:
        return [count[number] for number in numbers if number in count]

    return replace_numbers(text, shown) if passages else text


def cite(passage: Passage, support: str) -> Citation:
    """A citation of ``passage`` that quotes the sentence sharing most words with ``support``."""
    supporting_words = set(words(support))
    candidates = sentences(passage.text) or [passage.text]
    quote = max(candidates, key=lambda sentence: len(supporting_words & set(words(sentence))))
    return Citation(passage.id, passage.title, passage.source, quote.strip())


def supporting(passages: Sequence[Passage], stem: str, option: str) -> tuple[Citation, ...]:
    """Citations of the passages that hold the words of an option, best first; none where no passage holds half of them.

    Args:
        passages: what was shown.
        stem: the question, which decides between passages that hold the option alike.
        option: the words of the chosen option.
    """
    option_words, stem_words = set(search_tokens(option)), set(search_tokens(stem))
    scored: list[tuple[float, float, Passage]] = []
    for passage in passages:
        passage_words = set(search_tokens(" ".join((passage.title, passage.text))))
        of_option = len(option_words & passage_words) / max(1, len(option_words))
        if of_option >= _HELD:
            scored.append((of_option, len(stem_words & passage_words) / max(1, len(stem_words)), passage))
    scored.sort(key=lambda entry: entry[:2], reverse=True)
    return tuple(cite(passage, f"{stem} {option}") for _, _, passage in scored[:MOST_CITED])
