"""Follow-up questions without a language model: what "how is it treated?" is about.

A turn leans on the conversation if it names no technical term of its own, or if it is short and points back with a
pronoun. It is then completed with the terms of the last question that had any. "And cataract?" takes the last question
with its term exchanged. This is a rule of thumb for the embedded profile; a model condenses by reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from clara.knowledge.glossary import Glossary
from clara.language.messages import say
from clara.language.text import fold, words
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

_LONG = 14
"""Words; a longer turn stands alone even if it holds a pronoun."""
_SHORT = 5
"""Words; an elliptic turn such as "And in children?" has at most as many."""


def condense(inputs: CondenseIn, glossary: Glossary) -> CondenseOut:
    """The question as it can be understood alone, or what to ask back."""
    language, text = inputs.language, inputs.question.strip()
    found = words(text)
    own = _terms(glossary, text, language)
    points = bool(_POINTERS.get(language, frozenset()) & set(found))
    joins = bool(found) and found[0] in _JOINERS.get(language, frozenset())
    topic = _topic(inputs.history, glossary)
    if own and len(found) < _SHORT and inputs.history and _was_lost(inputs.history[-1], glossary):
        return CondenseOut(question=f"{inputs.history[-1].question} ({text})"[:2000])
    if topic is None:
        lost = not own and (points or len(found) < _SHORT)
        return CondenseOut(clarification=say("clarify_topic", language)) if lost else CondenseOut(question=text)
    if own and joins and len(found) <= _SHORT and (swapped := _swap(inputs.history[-1], topic, own, language)):
        return CondenseOut(question=swapped)
    if own and not (points and len(found) <= _LONG):
        return CondenseOut(question=text)
    exchange, terms = topic
    names = [term.source if exchange.language == language else term.english for term in terms]
    missing = [name for name in dict.fromkeys(names) if fold(name) not in fold(text)]
    return CondenseOut(question=f"{text} ({', '.join(missing)})"[:2000] if missing else text)


def _terms(glossary: Glossary, text: str, language: str) -> tuple[TermHint, ...]:
    return tuple(term for term in glossary.lookup(text, language) if term.english not in _GENERIC)


def _was_lost(last: Exchange, glossary: Glossary) -> bool:
    """True if the last question was not understood, so that this turn says what it was about."""
    return last.answer == say("clarify_topic", last.language) and not _terms(glossary, last.question, last.language)


def _topic(history: Sequence[Exchange], glossary: Glossary) -> tuple[Exchange, tuple[TermHint, ...]] | None:
    """The newest question that names a term, with at most two of its terms."""
    for exchange in reversed(history):
        if terms := _terms(glossary, exchange.question, exchange.language):
            return exchange, terms[:2]
    return None


def _swap(
    last: Exchange, topic: tuple[Exchange, tuple[TermHint, ...]], own: tuple[TermHint, ...], language: str
) -> str | None:
    """The last question with its only term exchanged for the new one."""
    exchange, terms = topic
    if exchange is not last or exchange.language != language or len(terms) != 1:
        return None
    swapped = last.question.replace(terms[0].source, own[0].source)
    return swapped if swapped != last.question else None
