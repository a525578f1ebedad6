"""Is an answer what its cited passages say? The deterministic part of the verify step; no model is asked.

Sentence by sentence: each number with its unit must stand in the sentences of the cited passages that say the same
thing, what is negated here must be negated there, and the cited passage must be about the sentence. What two texts say
is compared by their content words, so the check needs answer and passages in one language; across languages only numbers
and units are compared.
"""

from __future__ import annotations

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
from clara.language.text import search_tokens, sentences, spans
from clara.types import Option, Passage

Kind = Literal["number", "unit", "negation", "citation", "choice"]

_MARK = re.compile(r"\[(\d+(?:\s*[,;]\s*\d+)*)\]")
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
        numbers = [int(n) for mark in _MARK.findall(sentence) for n in re.split(r"\D+", mark)]
        findings += [
            Finding("citation", f"citation [{n}] names no passage", sentence) for n in numbers if not 1 <= n <= len(shown)
        ]
        named = tuple(shown[n - 1] for n in numbers if 1 <= n <= len(shown))
        text = _MARK.sub("", sentence).strip()
        evidence = named or tuple(cited)
        if evidence and text:
            same = tuple(passage for passage in evidence if passage.language == language)
            findings += _sentence(text, evidence, shown, bool(same))
    return tuple(findings)


def _language(text: str) -> str:
    """English, unless the text is clearly in another language; a few Latin terms do not tell."""
    found = detect_language(_MARK.sub("", text))
    return found.code if found.confidence >= _CLEARLY and found.code != UNKNOWN else "en"


def check_choice(reasoning: str, label: str | None, options: Sequence[Option]) -> tuple[Finding, ...]:
    """A finding if the reasoning ends by naming another letter than the one chosen."""
    letters = [letter for letter in concluded(reasoning) if letter in {option.label for option in options}]
    if label is None or not letters or letters[-1] == label:
        return ()
    return (Finding("choice", f"the reasoning names option {letters[-1]} but the answer is {label}"),)


def overlap(claim: frozenset[str], text: frozenset[str]) -> float:
    """Share of the claim's content words that stand in the text; 0 for an empty claim."""
    return len(claim & text) / len(claim) if claim else 0.0


def _sentence(text: str, evidence: Sequence[Passage], shown: Sequence[Passage], same_language: bool) -> Iterable[Finding]:
    support = _support(text, evidence) if same_language else [p.text for p in evidence]
    yield from _quantities(text, support, [p.text for p in evidence])
    if same_language:
        yield from _topic(text, evidence, shown)
        yield from _polarity(text, support[:1])


@lru_cache(maxsize=4096)
def _tokens(text: str) -> frozenset[str]:
    """Content words; a technical term is its concept, so that synonyms meet. Numbers are compared on their own."""
    found = spans(text)
    tokens: set[str] = set()
    at = 0
    for match in shipped_glossary().matches(found, "en"):
        if match.entry.kind in TERM_KINDS:
            tokens.update(search_tokens(" ".join(word.surface for word in found[at : match.start])))
            tokens.add(f"<{match.entry.id}>")
            at = match.end
    tokens.update(search_tokens(" ".join(word.surface for word in found[at:])))
    return frozenset(token for token in tokens if not token[0].isdigit())


def _support(text: str, evidence: Sequence[Passage]) -> list[str]:
    """The sentences of the passages that say the same thing, the closest first."""
    claim = _tokens(text)
    scored = [(overlap(claim, _tokens(s)), s) for passage in evidence for s in (sentences(passage.text) or [passage.text])]
    scored.sort(key=lambda pair: -pair[0])
    best = scored[0][0] if scored else 0.0
    return [s for score, s in scored if score >= _CLOSE * best] if best else [s for _, s in scored]


def _quantities(text: str, support: Sequence[str], passages: Sequence[str]) -> Iterable[Finding]:
    """Every number of the text finds a partner of its own in the support: the same, else the same value in a fitting
    unit."""
    left = [quantity for sentence in support for quantity in quantities(sentence)]
    words = {value for sentence in support for value in spelled(_ARTICLES.sub(" ", sentence), "en")}
    open_: list[Quantity] = []
    for quantity in quantities(text):
        same = next((q for q in left if q.text == quantity.text and q.unit == quantity.unit), None)
        left.remove(same) if same else open_.append(quantity)
    for quantity in open_:
        held = [other for other in left if other.readings & quantity.readings]
        partner = next((other for other in held if _compatible(quantity, other)), None)
        partner = partner or next((other for other in left if quantity.bases() & other.bases()), None)
        if partner is not None:
            left.remove(partner)
        elif held:
            units = "/".join(sorted({other.unit for other in held if other.unit}))
            yield Finding("unit", f"{quantity.text} is in {quantity.unit} but the passage says {units}", text)
        elif not quantity.readings & words:
            elsewhere = any(quantity.readings & other.readings for passage in passages for other in quantities(passage))
            where = "says something else in the cited passage" if elsewhere else "is not in the cited passage"
            yield Finding("number", f"the number {quantity.text} {where}", text)


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
    for source in support:
        words, there = _tokens(text), _tokens(source)
        if overlap(words, there) < _SAME:
            return
        here, other = _partnerless(
            [_tokens(scope) for scope in negators(text)], [_tokens(scope) for scope in negators(source)]
        )
        if any(scope & there for scope in here):
            yield Finding("negation", "the cited passage says it without the negation", text)
        elif any(scope and len(scope & words) >= max(1, len(scope) // 2) for scope in other):
            yield Finding("negation", "the cited passage negates it", text)


Scopes = list[frozenset[str]]


def _partnerless(one: Scopes, other: Scopes) -> tuple[Scopes, Scopes]:
    """What is left of two lists once those that share most words are taken out in pairs."""
    one, other = list(one), list(other)
    while one and other:
        shared, a, b = max(
            ((len(x & y) / max(1, len(x | y)), x, y) for x in one for y in other), key=lambda triple: triple[0]
        )
        if not shared:
            break
        one.remove(a)
        other.remove(b)
    return one, other
