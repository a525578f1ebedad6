"""Is an answer what its cited passages say? The deterministic part of the verify step; no model is asked.

Sentence by sentence: each number with its unit must stand in the sentences of the cited passages that say the same
thing, what is negated here must be negated there, and the cited passage must be about the sentence. What two texts say
is compared by their content words, so the check needs answer and passages in one language; across languages only numbers
and units are compared.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from clara.agent.guards.polarity import negators
from clara.agent.guards.quantities import Quantity, quantities, same_family, spelled
from clara.agent.letters import concluded
from clara.knowledge.glossary import TERM_KINDS, Glossary, shipped_glossary
from clara.language.detection import UNKNOWN, detect_language
from clara.language.marks import marked_numbers, without_marks
from clara.language.text import search_tokens, sentences, spans
from clara.types import Option, Passage, labels_of

Kind = Literal["number", "unit", "negation", "citation", "choice"]
Tokens = frozenset[str]
"""The content words of a text."""
Scopes = list[Tokens]
"""For each negation of a text the content words around it."""

_ABOUT = 0.34
"""Share of a sentence's content words that a passage about it holds; paraphrases of the shipped notes keep two thirds."""
_BETTER = 0.34
"""How much more of them another shown passage must hold to say that the wrong one was cited."""
_SAME = 0.5
"""Share of the words from which on two sentences say the same thing."""
_CLOSE = 0.75
"""A passage's sentence counts as support from this share of the best one's overlap on."""
_CLEARLY = 0.7
"""Confidence from which on an answer is taken to be in another language than its passages."""
_ARTICLES = re.compile(r"\b(?:an?|no|[ivxIVX])\b")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that the evidence does not bear out."""

    kind: Kind
    message: str
    """A short English phrase, fit for the reason that steers the next round."""
    sentence: str = ""
    certain: bool = True
    """False where a contrast or a list may look like it: a negation near by, a number that means something else there."""
    number: str = ""
    """The number that the evidence does not have, in canonical notation; empty for other kinds."""


def check_answer(
    answer: str,
    cited: Sequence[Passage],
    shown: Sequence[Passage] = (),
    *,
    language: str | None = None,
    glossary: Glossary | None = None,
) -> tuple[Discrepancy, ...]:
    """Everything in ``answer`` that its evidence does not bear out; empty if nothing.

    Args:
        answer: the answer or the reasoning; marks such as ``[2]`` name passages of ``shown`` by number, from 1.
        cited: the passages that the answer as a whole rests on; a sentence without a mark rests on all of them.
        shown: all passages in the order in which the model saw them; ``cited`` if not given.
        language: code of the answer's language, recognised if not given; negations and topics are compared only where it is
            the passages' own.
        glossary: knows which words name one concept; the one that ships if not given.
    """
    shown = tuple(shown) or tuple(cited)
    language = language or _language(answer)
    check = _Check(shown, glossary or shipped_glossary())
    discrepancies: list[Discrepancy] = []
    for sentence in sentences(answer):
        cited_here: list[Passage] = []
        for number in marked_numbers(sentence):
            if 1 <= number <= len(shown):
                cited_here.append(shown[number - 1])
            else:
                discrepancies.append(Discrepancy("citation", f"citation [{number}] names no passage", sentence))
        text = without_marks(sentence).strip()
        if text:
            discrepancies += check.statement(text, cited_here or list(cited), language)
    return tuple(discrepancies)


def _language(text: str) -> str:
    """English, unless the text is clearly in another language; a few Latin terms do not tell."""
    detection = detect_language(without_marks(text))
    if detection.confidence >= _CLEARLY and detection.code != UNKNOWN:
        return detection.code
    return "en"


def check_choice(reasoning: str, label: str | None, options: Sequence[Option]) -> tuple[Discrepancy, ...]:
    """A discrepancy if the reasoning ends by naming another letter than the one chosen."""
    if label is None:
        return ()
    labels = labels_of(options)
    letters = [letter for letter in concluded(reasoning) if letter in labels]
    if not letters or letters[-1] == label:
        return ()
    return (Discrepancy("choice", f"the reasoning names option {letters[-1]} but the answer is {label}"),)


def overlap(claim: Tokens, text: Tokens) -> float:
    """Share of the claim's content words that stand in the text; 0 for an empty claim."""
    if not claim:
        return 0.0
    return len(claim & text) / len(claim)


@dataclass(frozen=True, slots=True)
class _Check:
    """Compares statements of one answer with what was shown."""

    shown: Sequence[Passage]
    glossary: Glossary

    def statement(self, text: str, evidence: Sequence[Passage], language: str) -> Iterable[Discrepancy]:
        """What a statement says and its evidence does not; numbers alone where no passage is in its language."""
        if not evidence:
            return
        passages = [passage.text for passage in evidence]
        if not any(passage.language == language for passage in evidence):
            yield from _quantities(text, passages, passages)
            return
        support = self._support(text, passages)
        yield from _quantities(text, support, passages)
        yield from self._topic(text, evidence)
        yield from self._polarity(text, support[0])

    def _tokens(self, text: str) -> Tokens:
        return _content_tokens(text, self.glossary)

    def _all_tokens(self, passage: Passage) -> Tokens:
        return self._tokens(" ".join((passage.title, passage.section, passage.text)))

    def _support(self, text: str, passages: Sequence[str]) -> list[str]:
        """The sentences of the passages that say the same thing, the closest first."""
        claim = self._tokens(text)
        overlaps: list[tuple[float, str]] = []
        for passage in passages:
            for sentence in sentences(passage) or [passage]:
                overlaps.append((overlap(claim, self._tokens(sentence)), sentence))
        overlaps.sort(key=itemgetter(0), reverse=True)
        least = _CLOSE * overlaps[0][0]
        return [sentence for share, sentence in overlaps if share >= least]

    def _topic(self, text: str, evidence: Sequence[Passage]) -> Iterable[Discrepancy]:
        claim = self._tokens(text)
        if len(claim) < 3:
            return
        own = max(overlap(claim, self._all_tokens(passage)) for passage in evidence)
        best = max(overlap(claim, self._all_tokens(passage)) for passage in self.shown)
        if own < _ABOUT or best - own >= _BETTER:
            yield Discrepancy("citation", "the cited passage is not about that statement", text)

    def _polarity(self, text: str, source: str) -> Iterable[Discrepancy]:
        """A negation here that is none there, or there and not here, over words that both sentences have."""
        claim, source_tokens = self._tokens(text), self._tokens(source)
        if overlap(claim, source_tokens) < _SAME:
            return
        claim_scopes, source_scopes = _partnerless(self._scopes(text), self._scopes(source))
        if any(not scope.isdisjoint(source_tokens) for scope in claim_scopes):
            yield Discrepancy("negation", "the cited passage says it without the negation", text, certain=False)
        elif any(_is_about(scope, claim) for scope in source_scopes):
            yield Discrepancy("negation", "the cited passage negates it", text, certain=False)

    def _scopes(self, text: str) -> Scopes:
        return [self._tokens(scope) for scope in negators(text)]


@lru_cache(maxsize=4096)
def _content_tokens(text: str, glossary: Glossary) -> Tokens:
    """Content words; a technical term is its concept, so that synonyms meet. Numbers are compared on their own."""
    surfaces = [word.surface for word in spans(text)]
    tokens: set[str] = set()
    at = 0
    for match in glossary.matches(spans(text), "en"):
        if match.entry.kind in TERM_KINDS:
            tokens.update(search_tokens(" ".join(surfaces[at : match.start])))
            tokens.add(f"<{match.entry.id}>")
            at = match.end
    tokens.update(search_tokens(" ".join(surfaces[at:])))
    return frozenset(token for token in tokens if not token[0].isdigit())


def _quantities(text: str, support: Sequence[str], passages: Sequence[str]) -> Iterable[Discrepancy]:
    """Every number of the text finds a partner of its own in the support: the same, else the same value in a fitting
    unit."""
    left: list[Quantity] = []
    spelled_out: set[float] = set()
    for sentence in support:
        left.extend(quantities(sentence))
        spelled_out |= spelled(_ARTICLES.sub(" ", sentence), "en")
    unpaired: list[Quantity] = []
    for quantity in quantities(text):
        twin = _twin(quantity, left)
        if twin is None:
            unpaired.append(quantity)
        else:
            left.remove(twin)
    for quantity in unpaired:
        same_value = [other for other in left if other.readings & quantity.readings]
        partner = _partner(quantity, same_value, left)
        if partner is not None:
            left.remove(partner)
        elif same_value:
            units = "/".join(sorted({other.unit for other in same_value if other.unit}))
            yield Discrepancy("unit", f"{quantity.text} is in {quantity.unit} but the passage says {units}", text)
        elif not quantity.readings & spelled_out:
            where, certain = "is not in the cited passage", True
            if quantity.readings & _values(passages):
                where, certain = "says something else in the cited passage", False
            message = f"the number {quantity.text} {where}"
            yield Discrepancy("number", message, text, certain=certain, number=quantity.text)


def _twin(quantity: Quantity, others: Sequence[Quantity]) -> Quantity | None:
    """The same number with the same unit."""
    for other in others:
        if (other.text, other.unit) == (quantity.text, quantity.unit):
            return other
    return None


def _partner(quantity: Quantity, same_value: Sequence[Quantity], others: Sequence[Quantity]) -> Quantity | None:
    """A quantity of the same value in a fitting unit, else one that is the same after conversion."""
    for other in same_value:
        if _compatible(quantity, other):
            return other
    for other in others:
        if quantity.bases() & other.bases():
            return other
    return None


def _values(passages: Sequence[str]) -> set[float]:
    values: set[float] = set()
    for passage in passages:
        for quantity in quantities(passage):
            values |= quantity.readings
    return values


def _compatible(quantity: Quantity, other: Quantity) -> bool:
    if (quantity.sign, other.sign) == ("-", "+"):
        return False
    if None in (quantity.unit, other.unit):
        return True
    return same_family(quantity, other)


def _is_about(scope: Tokens, claim: Tokens) -> bool:
    """True if the claim holds half of the words around a negation."""
    return len(scope & claim) >= max(1, len(scope) // 2)


def _partnerless(one: Scopes, other: Scopes) -> tuple[Scopes, Scopes]:
    """What is left of two lists once those that share most words are taken out in pairs."""
    one, other = list(one), list(other)
    pairs = list(itertools.product(one, other))
    while pairs:
        first, second = max(pairs, key=_shared)
        if not _shared((first, second)):
            break
        one.remove(first)
        other.remove(second)
        pairs = list(itertools.product(one, other))
    return one, other


def _shared(pair: tuple[Tokens, Tokens]) -> float:
    """Jaccard index of two scopes."""
    one, other = pair
    return len(one & other) / max(1, len(one | other))
