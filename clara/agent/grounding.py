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
from typing import Literal

from clara.agent.guards.polarity import negators
from clara.agent.guards.quantities import Quantity, quantities, same_family, spelled
from clara.agent.letters import concluded
from clara.knowledge.glossary import TERM_KINDS, shipped_glossary
from clara.language.detection import UNKNOWN, detect_language
from clara.language.marks import marked_numbers, without_marks
from clara.language.text import search_tokens, sentences, spans
from clara.types import Option, Passage

Kind = Literal["number", "unit", "negation", "citation", "choice"]

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
class Finding:
    """One thing that the evidence does not bear out."""

    kind: Kind
    message: str
    """A short English phrase, fit for the reason that steers the next round."""
    sentence: str = ""
    certain: bool = True
    """False where a contrast or a list may look like it: a negation near by, a number that means something else there."""


def check_answer(
    answer: str, cited: Sequence[Passage], shown: Sequence[Passage] = (), *, language: str | None = None
) -> tuple[Finding, ...]:
    """Everything in ``answer`` that its evidence does not bear out; empty if nothing.

    Args:
        answer: the answer or the reasoning; marks such as ``[2]`` name passages of ``shown`` by number, from 1.
        cited: the passages that the answer as a whole rests on; a sentence without a mark rests on all of them.
        shown: all passages in the order in which the model saw them; ``cited`` if not given.
        language: code of the answer's language, recognised if not given; negations and topics are compared only where it is
            the passages' own.
    """
    shown = tuple(shown) or tuple(cited)
    language = language or _language(answer)
    findings: list[Finding] = []
    for sentence in sentences(answer):
        cited_here: list[Passage] = []
        for number in marked_numbers(sentence):
            if 1 <= number <= len(shown):
                cited_here.append(shown[number - 1])
            else:
                findings.append(Finding("citation", f"citation [{number}] names no passage", sentence))
        evidence = cited_here or list(cited)
        text = without_marks(sentence).strip()
        if evidence and text:
            same_language = any(passage.language == language for passage in evidence)
            findings += _sentence(text, evidence, shown, same_language)
    return tuple(findings)


def _language(text: str) -> str:
    """English, unless the text is clearly in another language; a few Latin terms do not tell."""
    detection = detect_language(without_marks(text))
    is_clear = detection.confidence >= _CLEARLY and detection.code != UNKNOWN
    return detection.code if is_clear else "en"


def check_choice(reasoning: str, label: str | None, options: Sequence[Option]) -> tuple[Finding, ...]:
    """A finding if the reasoning ends by naming another letter than the one chosen."""
    labels = {option.label for option in options}
    letters = [letter for letter in concluded(reasoning) if letter in labels]
    if label is None or not letters or letters[-1] == label:
        return ()
    return (Finding("choice", f"the reasoning names option {letters[-1]} but the answer is {label}"),)


def overlap(claim: frozenset[str], text: frozenset[str]) -> float:
    """Share of the claim's content words that stand in the text; 0 for an empty claim."""
    return len(claim & text) / len(claim) if claim else 0.0


def _sentence(text: str, evidence: Sequence[Passage], shown: Sequence[Passage], same_language: bool) -> Iterable[Finding]:
    passages = [passage.text for passage in evidence]
    support = _support(text, evidence) if same_language else passages
    yield from _quantities(text, support, passages)
    if same_language:
        yield from _topic(text, evidence, shown)
        yield from _polarity(text, support[:1])


@lru_cache(maxsize=4096)
def _tokens(text: str) -> frozenset[str]:
    """Content words; a technical term is its concept, so that synonyms meet. Numbers are compared on their own."""
    surfaces = [word.surface for word in spans(text)]
    tokens: set[str] = set()
    at = 0
    for match in shipped_glossary().matches(spans(text), "en"):
        if match.entry.kind in TERM_KINDS:
            tokens.update(search_tokens(" ".join(surfaces[at : match.start])))
            tokens.add(f"<{match.entry.id}>")
            at = match.end
    tokens.update(search_tokens(" ".join(surfaces[at:])))
    return frozenset(token for token in tokens if not token[0].isdigit())


def _support(text: str, evidence: Sequence[Passage]) -> list[str]:
    """The sentences of the passages that say the same thing, the closest first."""
    claim = _tokens(text)
    overlaps: list[tuple[float, str]] = []
    for passage in evidence:
        for sentence in sentences(passage.text) or [passage.text]:
            overlaps.append((overlap(claim, _tokens(sentence)), sentence))
    overlaps.sort(key=lambda pair: -pair[0])
    least = _CLOSE * max((share for share, _ in overlaps), default=0.0)
    return [sentence for share, sentence in overlaps if share >= least]


def _quantities(text: str, support: Sequence[str], passages: Sequence[str]) -> Iterable[Finding]:
    """Every number of the text finds a partner of its own in the support: the same, else the same value in a fitting
    unit."""
    left: list[Quantity] = []
    spelled_out: set[float] = set()
    for sentence in support:
        left.extend(quantities(sentence))
        spelled_out |= spelled(_ARTICLES.sub(" ", sentence), "en")
    unpaired: list[Quantity] = []
    for quantity in quantities(text):
        twin = next((other for other in left if other.text == quantity.text and other.unit == quantity.unit), None)
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
            yield Finding("unit", f"{quantity.text} is in {quantity.unit} but the passage says {units}", text)
        elif not quantity.readings & spelled_out:
            stands_elsewhere = bool(quantity.readings & _values(passages))
            where = "says something else in the cited passage" if stands_elsewhere else "is not in the cited passage"
            yield Finding("number", f"the number {quantity.text} {where}", text, certain=not stands_elsewhere)


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
    if quantity.sign == "-" and other.sign == "+":
        return False
    return quantity.unit is None or other.unit is None or same_family(quantity, other)


def _topic(text: str, evidence: Sequence[Passage], shown: Sequence[Passage]) -> Iterable[Finding]:
    claim = _tokens(text)
    if len(claim) < 3:
        return
    own = max(overlap(claim, _all_tokens(passage)) for passage in evidence)
    best = max((overlap(claim, _all_tokens(passage)) for passage in shown), default=0.0)
    if own < _ABOUT or best - own >= _BETTER:
        yield Finding("citation", "the cited passage is not about that statement", text)


def _all_tokens(passage: Passage) -> frozenset[str]:
    return _tokens(" ".join((passage.title, passage.section, passage.text)))


def _polarity(text: str, support: Sequence[str]) -> Iterable[Finding]:
    """A negation here that is none there, or there and not here, over words that both sentences have."""
    claim = _tokens(text)
    for source in support:
        source_tokens = _tokens(source)
        if overlap(claim, source_tokens) < _SAME:
            return
        claim_scopes, source_scopes = _partnerless(_scopes(text), _scopes(source))
        if any(scope & source_tokens for scope in claim_scopes):
            yield Finding("negation", "the cited passage says it without the negation", text, certain=False)
        elif any(scope and len(scope & claim) >= max(1, len(scope) // 2) for scope in source_scopes):
            yield Finding("negation", "the cited passage negates it", text, certain=False)


Scopes = list[frozenset[str]]
"""For each negation of a text the content words around it."""


def _scopes(text: str) -> Scopes:
    return [_tokens(scope) for scope in negators(text)]


def _partnerless(one: Scopes, other: Scopes) -> tuple[Scopes, Scopes]:
    """What is left of two lists once those that share most words are taken out in pairs."""
    one, other = list(one), list(other)
    while one and other:
        first, second = max(itertools.product(one, other), key=_shared)
        if not _shared((first, second)):
            break
        one.remove(first)
        other.remove(second)
    return one, other


def _shared(pair: tuple[frozenset[str], frozenset[str]]) -> float:
    """Jaccard index of two scopes."""
    one, other = pair
    return len(one & other) / max(1, len(one | other))
