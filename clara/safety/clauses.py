"""Cuts a text into clauses: parts of sentences that are negated, past or hypothetical as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from clara.safety.vocabulary import HAN, Mention, mentions_in, tokens

TURNING = frozenset("not but past healed maybe slow harmless".split())
"""Entries that turn a statement round, in whatever language the statement is read."""
_BREAK = re.compile(r"[.;:?!,।。！？；，、¿¡\n()]|--|—")
_ROMANCE = ("es", "pt", "fr")
"""Languages in which English words that turn a statement round mean something else ("no olho": in the eye)."""
_ITEM = 3
"""Words of the longest item of a list that is read together with its neighbour."""

Pieces = tuple[tuple[str, ...], ...]
"""The words of a text, cut at its punctuation."""


@dataclass(frozen=True)
class Clause:
    """Words of a text and what they mention."""

    words: tuple[str, ...]
    mentions: tuple[Mention, ...]

    @cached_property
    def concepts(self) -> frozenset[str]:
        """The concepts that are mentioned, negated or not."""
        named: set[str] = set()
        for mention in self.mentions:
            named.add(mention.concept)
        return frozenset(named)

    @property
    def is_item(self) -> bool:
        """True if the clause is short enough to be an item of a list; a Chinese character counts half."""
        if not self.concepts.isdisjoint(("sudden", "now")):
            return False
        return len(self.words) - len(HAN.findall("".join(self.words))) / 2 <= _ITEM


def pieces(text: str) -> Pieces:
    """The words of an undisguised text, cut at its punctuation."""
    parts: list[tuple[str, ...]] = []
    for part in _BREAK.split(text):
        words = tokens(part)
        if words:
            parts.append(words)
    return tuple(parts)


def clauses(parts: Pieces, language: str, spoken: frozenset[str]) -> list[Clause]:
    """Cut at words that turn the sentence too; short items of a list stay with the item that may negate them."""
    whole: list[Clause] = []
    waiting = Clause((), ())
    for part in parts:
        for piece in _turned(Clause(part, _mentions(part, language, spoken))):
            if not piece.is_item:
                whole.append(_joined(waiting, piece))
                waiting = Clause((), ())
            elif language == "hi":  # the verb with its negation comes last
                waiting = _joined(waiting, piece)
            elif _begins_with_turn(piece):
                whole.append(piece)
            elif whole:
                whole[-1] = _joined(whole[-1], piece)
            else:
                whole.append(piece)
    if waiting.words:
        whole.append(waiting)
    return whole


def _mentions(words: tuple[str, ...], language: str, spoken: frozenset[str]) -> tuple[Mention, ...]:
    """The mentions of a piece, less those inside a phrase that means something else ("the white of the eye")."""
    mentions: list[Mention] = []
    for known in {language, "en"} | spoken:
        turning, signs = _parted(mentions_in(words, known))
        if known in (language, "en"):
            mentions += signs
        if known != "en" or "en" in (language, *spoken) or language not in _ROMANCE:
            mentions += turning
    hidden: set[int] = set()
    for mention in mentions:
        if mention.concept == "harmless":
            hidden.update(range(mention.start, mention.end))
    return tuple(mention for mention in mentions if mention.start not in hidden)


def _parted(mentions: tuple[Mention, ...]) -> tuple[list[Mention], list[Mention]]:
    """The mentions that turn a statement round, and the others."""
    turning: list[Mention] = []
    others: list[Mention] = []
    for mention in mentions:
        (turning if mention.concept in TURNING else others).append(mention)
    return turning, others


def _turned(clause: Clause) -> list[Clause]:
    """The parts of a clause between its turning words ("but", "today", "and now")."""
    if "but" not in clause.concepts:
        return [clause]
    cuts = {0, len(clause.words)}
    for mention in clause.mentions:
        if mention.concept == "but":
            cuts.add(mention.start)
    return [_between(clause, start, end) for start, end in pairwise(sorted(cuts))]


def _between(clause: Clause, start: int, end: int) -> Clause:
    inside: list[Mention] = []
    for mention in clause.mentions:
        if start <= mention.start < end:
            inside.append(replace(mention, start=mention.start - start, end=min(mention.end, end) - start))
    return Clause(clause.words[start:end], tuple(inside))


def _begins_with_turn(clause: Clause) -> bool:
    starts = [mention.start for mention in clause.mentions if mention.concept == "but"]
    return 0 in starts


def _joined(first: Clause, second: Clause) -> Clause:
    shift = len(first.words)
    mentions = list(first.mentions)
    for mention in second.mentions:
        mentions.append(replace(mention, start=mention.start + shift, end=mention.end + shift))
    return Clause(first.words + second.words, tuple(mentions))
