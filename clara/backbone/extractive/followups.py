"""Follow-up questions without a language model: what "how is it treated?" is about.

A turn leans on the conversation if it names no technical term of its own, or if it is short and points back with a
pronoun that no term of its own stands before. It is then completed with the terms of the last question that had any. "And
cataract?" takes the last question with its term exchanged. Words that nobody knows lean on nothing. This is a rule of thumb
for the embedded profile; a model condenses by reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clara.knowledge.glossary import TermGlossary
from clara.language.messages import say
from clara.language.text import fold, spans, words
from clara.tasks.model import CondenseIn, CondenseOut, Exchange, TermHint

_POINTERS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word) for word in text.split())
    for language, text in {
        "en": "it its this these they them their",
        "es": "ello esto eso su sus",
        "pt": "isso isto ele ela eles elas dele dela deles delas disso disto",
        "fr": "elle elles cela ça ses sa leur leurs ceci",
        "fil": "ito nito iyon niyon dito rito nila sila",
        "hi": "इसका इसके इसकी इसे इसमें यह ये इनका इनके इनकी उसका उसके उसकी iska iske iski ise isme yeh",
        "zh": "它 这",
    }.items()
}
"""Words that point back at something said before."""

_JOINERS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word) for word in text.split())
    for language, text in {
        "en": "and what how or also",
        "es": "y e o",
        "pt": "e ou",
        "fr": "et ou",
        "fil": "at o e eh paano",
        "hi": "और या aur ya",
        "zh": "那 还 又 和",
    }.items()
}
"""First words of a turn that goes on with the last one."""

_GENERIC = frozenset({"treatment", "surgery", "diagnosis", "risk factor", "test", "examination"})
"""Glossary terms that say nothing of what the question is about."""

_CLAUSE_END = re.compile(r"[,;:.?!，。；：？！、।]")
_LONG = 14
"""Words; a longer turn stands alone even if it holds a pronoun."""
_TELLING = 6
"""Letters from which on an unknown word may be a topic."""
_SHORT = 5
"""Words; an elliptic turn such as "And in children?" has at most as many."""


def condense(inputs: CondenseIn, glossary: TermGlossary) -> CondenseOut:
    """The question as it can be understood alone, or what to ask back."""
    language, text = inputs.language, inputs.question.strip()
    count = len(words(text))
    own = _terms(glossary, text, language)
    if own and count < _SHORT and inputs.history and _was_lost(inputs.history[-1], glossary):
        return CondenseOut(question=f"{inputs.history[-1].question} ({text})"[:2000])
    points = _points_back(text, language, own)
    topic = _topic(inputs.history, glossary)
    if topic is None:
        is_lost = not own and (points or count < _SHORT)
        return CondenseOut(clarification=say("clarify_topic", language)) if is_lost else CondenseOut(question=text)
    swapped = _swap(inputs.history[-1], topic, own, language) if _goes_on(text, language) else None
    if swapped is not None and count <= _SHORT:
        return CondenseOut(question=swapped)
    stands_alone = bool(own) and not (points and count <= _LONG)
    is_unknown = not own and not points and _is_unknown(text, language, glossary)
    if stands_alone or is_unknown:
        return CondenseOut(question=text)
    exchange, terms = topic
    missing: list[str] = []
    for term in terms:
        name = term.source if exchange.language == language else term.english
        if fold(name) not in fold(text) and name not in missing:
            missing.append(name)
    return CondenseOut(question=f"{text} ({', '.join(missing)})"[:2000] if missing else text)


def _points_back(text: str, language: str, own: Sequence[TermHint]) -> bool:
    """True if a pronoun of the text means something said before.

    Behind a term of its own and the end of a clause it means that term: "What is uveitis and what are its causes?".
    """
    pointers, joiners = _POINTERS.get(language, frozenset()), _JOINERS.get(language, frozenset())
    folded = fold(text)
    term_ends = [folded.find(fold(term.source)) + len(fold(term.source)) for term in own if fold(term.source) in folded]
    first_term_end = min(term_ends, default=None)
    for word in spans(folded):
        if word.text not in pointers:
            continue
        if first_term_end is None or word.start < first_term_end:
            return True
        between = folded[first_term_end : word.start]
        if not _CLAUSE_END.search(between) and joiners.isdisjoint(words(between)):
            return True
    return False


def _goes_on(text: str, language: str) -> bool:
    """True if the text begins as one that goes on with the last."""
    first = words(text)[:1]
    return bool(first) and first[0] in _JOINERS.get(language, frozenset())


def _is_unknown(text: str, language: str, glossary: TermGlossary) -> bool:
    """True if nothing of the text is known, or a word of it that may be its topic is not: misspelt, or no word at all."""
    found = spans(text)
    known = set(_JOINERS.get(language, frozenset()) | _POINTERS.get(language, frozenset()))
    for match in glossary.matches(found, language):
        known.update(word.text for word in found[match.start : match.end])
    unknown = [word.text for word in found if word.text not in known]
    return len(unknown) == len(found) or any(len(word) >= _TELLING for word in unknown)


def _terms(glossary: TermGlossary, text: str, language: str) -> tuple[TermHint, ...]:
    return tuple(term for term in glossary.lookup(text, language) if term.english not in _GENERIC)


def _was_lost(last: Exchange, glossary: TermGlossary) -> bool:
    """True if the last question was not understood, so that this turn says what it was about."""
    return last.answer == say("clarify_topic", last.language) and not _terms(glossary, last.question, last.language)


def _topic(history: Sequence[Exchange], glossary: TermGlossary) -> tuple[Exchange, tuple[TermHint, ...]] | None:
    """The newest question that names a term, with at most two of its terms."""
    for exchange in reversed(history):
        terms = _terms(glossary, exchange.question, exchange.language)
        if terms:
            return exchange, terms[:2]
    return None


def _swap(
    last: Exchange, topic: tuple[Exchange, tuple[TermHint, ...]], own: tuple[TermHint, ...], language: str
) -> str | None:
    """The last question with its only term exchanged for the new one."""
    exchange, terms = topic
    if not own:
        return None
    if exchange is not last or exchange.language != language or len(terms) != 1:
        return None
    swapped = last.question.replace(terms[0].source, own[0].source)
    return swapped if swapped != last.question else None
