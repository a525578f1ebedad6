"""Follow-up questions without a language model: what "how is it treated?" is about.

A turn leans on the conversation if it names no technical term of its own, or if it is short and points back with a
pronoun that no term of its own stands before. It is then completed with the terms of the last question that had any. "And
cataract?" takes the last question with its term exchanged. Words that nobody knows lean on nothing. This is a rule of thumb
for the embedded profile; a model condenses by reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clara.knowledge.glossary import TermGlossary
from clara.language.messages import say
from clara.language.text import fold, spans, words
from clara.tasks.model import CondenseIn, CondenseOut, Exchange, TermHint

Topic = tuple[Exchange, tuple[TermHint, ...]]
"""An earlier question, and the terms that it names."""


def _folded(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Language to its words, folded."""
    tables: dict[str, frozenset[str]] = {}
    for language, text in texts.items():
        tables[language] = frozenset(map(fold, text.split()))
    return tables


_POINTERS = _folded(
    {
        "en": "it its this these they them their",
        "es": "ello esto eso su sus",
        "pt": "isso isto ele ela eles elas dele dela deles delas disso disto",
        "fr": "elle elles cela ça ses sa leur leurs ceci",
        "fil": "ito nito iyon niyon dito rito nila sila",
        "hi": "इसका इसके इसकी इसे इसमें यह ये इनका इनके इनकी उसका उसके उसकी iska iske iski ise isme yeh",
        "zh": "它 这",
    }
)
"""Words that point back at an earlier turn."""

_JOINERS = _folded(
    {
        "en": "and what how or also",
        "es": "y e o",
        "pt": "e ou",
        "fr": "et ou",
        "fil": "at o e eh paano",
        "hi": "और या aur ya",
        "zh": "那 还 又 和",
    }
)
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


@dataclass(frozen=True, slots=True)
class _Turn:
    """What was asked now."""

    text: str
    language: str
    terms: tuple[TermHint, ...]
    """The technical terms that it names."""
    points_back: bool
    length: int
    """Its number of words."""

    @property
    def is_lost(self) -> bool:
        """True if it says nothing without a conversation."""
        if self.terms:
            return False
        return self.points_back or self.length < _SHORT

    def stands_alone(self, glossary: TermGlossary) -> bool:
        """True if it takes over no topic: it has one of its own, or words that nobody knows."""
        if not self.points_back:
            return bool(self.terms) or _is_unknown(self.text, self.language, glossary)
        return bool(self.terms) and self.length > _LONG

    def goes_on(self) -> bool:
        """True if it is short and begins as one that goes on with the last."""
        joiners = _JOINERS.get(self.language, frozenset())
        return self.length <= _SHORT and not joiners.isdisjoint(words(self.text)[:1])


def condense(inputs: CondenseIn, glossary: TermGlossary) -> CondenseOut:
    """The question as it can be understood alone, or what to ask back."""
    language, text = inputs.language, inputs.question.strip()
    terms = _terms(glossary, text, language)
    turn = _Turn(text, language, terms, _points_back(text, language, terms), len(words(text)))
    for last in inputs.history[-1:]:
        if terms and turn.length < _SHORT and _was_lost(last, glossary):
            return CondenseOut(question=f"{last.question} ({text})"[:2000])
    topic = _topic(inputs.history, glossary)
    if topic is None and turn.is_lost:
        return CondenseOut(clarification=say("clarify_topic", language))
    if topic is None:
        return CondenseOut(question=text)
    swapped = _swap(inputs.history[-1], topic, turn)
    if swapped is not None:
        return CondenseOut(question=swapped)
    if turn.stands_alone(glossary):
        return CondenseOut(question=text)
    return CondenseOut(question=_completed(turn, topic)[:2000])


def _completed(turn: _Turn, topic: Topic) -> str:
    """The turn with the terms of the topic behind it, those that it does not name itself."""
    exchange, terms = topic
    missing: dict[str, None] = {}
    for term in terms:
        name = term.english
        if exchange.language == turn.language:
            name = term.source
        if fold(name) not in fold(turn.text):
            missing[name] = None
    if not missing:
        return turn.text
    return f"{turn.text} ({', '.join(missing)})"


def _points_back(text: str, language: str, terms: Sequence[TermHint]) -> bool:
    """True if a pronoun of the text means something of an earlier turn.

    Behind a term of its own and the end of a clause it means that term: "What is uveitis and what are its causes?".
    """
    pointers, joiners = _POINTERS.get(language, frozenset()), _JOINERS.get(language, frozenset())
    folded = fold(text)
    first_term_end = len(folded)
    for term in terms:
        name = fold(term.source)
        if name in folded:
            first_term_end = min(first_term_end, folded.find(name) + len(name))
    for word in spans(folded):
        if word.text not in pointers:
            continue
        if word.start < first_term_end:
            return True
        between = folded[first_term_end : word.start]
        if not _CLAUSE_END.search(between) and joiners.isdisjoint(words(between)):
            return True
    return False


def _is_unknown(text: str, language: str, glossary: TermGlossary) -> bool:
    """True if nothing of the text is known, or a word of it that may be its topic is not: misspelt, or no word at all."""
    folded_words = words(text)
    known = set(_JOINERS.get(language, frozenset()) | _POINTERS.get(language, frozenset()))
    for match in glossary.matches(spans(text), language):
        known.update(folded_words[match.start : match.end])
    unknown = [word for word in folded_words if word not in known]
    return unknown == folded_words or any(len(word) >= _TELLING for word in unknown)


def _terms(glossary: TermGlossary, text: str, language: str) -> tuple[TermHint, ...]:
    return tuple(term for term in glossary.lookup(text, language) if term.english not in _GENERIC)


def _was_lost(last: Exchange, glossary: TermGlossary) -> bool:
    """True if the last question was not understood, so that this turn says what it was about."""
    return last.answer == say("clarify_topic", last.language) and not _terms(glossary, last.question, last.language)


def _topic(history: Sequence[Exchange], glossary: TermGlossary) -> Topic | None:
    """The newest question that names a term, with at most two of its terms."""
    for exchange in reversed(history):
        terms = _terms(glossary, exchange.question, exchange.language)
        if terms:
            return exchange, terms[:2]
    return None


def _swap(last: Exchange, topic: Topic, turn: _Turn) -> str | None:
    """The last question with its only term exchanged for the new one, where the turn goes on with it; else None."""
    exchange, terms = topic
    if not turn.terms or not turn.goes_on():
        return None
    if exchange is not last or exchange.language != turn.language or len(terms) != 1:
        return None
    swapped = last.question.replace(terms[0].source, turn.terms[0].source)
    if swapped == last.question:
        return None
    return swapped
