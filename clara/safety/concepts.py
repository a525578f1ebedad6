"""Which concepts of eye emergencies a text names, and whether it negates them or puts them into the past.

A text is cut into clauses; a concept named in a clause counts unless a negating word stands before it there (behind it, in
Hindi), or the clause is about the past or about prevention. People mix languages: the words of English count in every
language, and negations of both do.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from clara.language.codes import SEVEN
from clara.safety.vocabulary import Mention, tokens, vocabulary

_TABLE = Path(__file__).parent / "flags.toml"
_CONTEXT = frozenset("not but personal exam study mine past maybe advice vignette slow harmless".split())
"""Entries of the word files that are about the sentence and no concepts."""
_TELLING = 3
"""Letters of the shortest word that tells a language."""
_TURNING = frozenset("not but past maybe slow harmless".split())
"""Entries that turn a statement round, in whatever language the statement is read."""
_NEVER_NEGATED = frozenset(
    "eye one_eye in_eye sight inside now brief painless suspect pupil_n lid photo all product newborn graft pregnant".split()
)
"""Places, times, persons and things: a negation before them is about something else."""
_SEEN = frozenset("flashes floaters curtain halo double".split())
"""What one sees or does not see: "I see no curtain" is no blindness."""
_SLOW = frozenset("loss worse double droop bulge".split())
"""Signs that are no emergency if they came over years; a curtain that falls slowly is one."""
_LASTING = frozenset(("graft", "newborn", "pregnant"))
"""What is still so, though it began in the past: "I had a corneal transplant last year"."""
_PLACES_OF_PAIN = frozenset(("jaw", "temple"))
_BREAK = re.compile(r"[.;:?!,।。！？；，、¿¡\n()]|--|—")
_BEHIND = 5
"""Words behind a mention in which Hindi may negate it."""
_BEFORE = 6
"""Words before a mention (Chinese characters) in which it may be negated."""
_ITEM = 3
"""Words of the longest item of a list that is read together with its neighbour."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says."""

    present: frozenset[str]
    """Concepts that it names and neither negates nor puts into the past."""
    context: frozenset[str]
    """Entries about the sentence that occur anywhere: personal, exam, study, mine, advice, vignette."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that is negated, past or hypothetical as a whole."""

    words: tuple[str, ...]
    mentions: tuple[Mention, ...]

    def has(self, *concepts: str) -> bool:
        """True if one of the concepts is mentioned, negated or not."""
        return any(mention.concept in concepts for mention in self.mentions)


@cache
def table(section: str) -> dict[str, tuple[frozenset[str], ...]]:
    """A section of flags.toml: name to the sets of concepts that make it up, in the order of the file."""
    rows: dict[str, list[str]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))[section]
    return {name: tuple(frozenset(text.split(" + ")) for text in texts) for name, texts in rows.items()}


def pieces(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of an undisguised text, cut at its punctuation."""
    parts = [tokens(part) for part in _BREAK.split(text)]
    return tuple(part for part in parts if part)


def languages_of(parts: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """The languages in whose words a text is written: those that know the most of its words of three letters and more."""
    known: dict[str, int] = {}
    for language in SEVEN:
        known[language] = sum(_known(part, language) for part in parts)
    best = max(known.values())
    return frozenset(language for language, count in known.items() if best and count == best)


def _known(words: tuple[str, ...], language: str) -> int:
    indices: set[int] = set()
    for mention in vocabulary(language).mentions(words):
        indices.update(range(mention.start, mention.end))
    return sum(len(words[index]) >= _TELLING or language == "zh" for index in indices)


def read(parts: tuple[tuple[str, ...], ...], language: str, spoken: frozenset[str] = frozenset()) -> Reading:
    """Read a text, cut by :func:`pieces`, with the words of one of the seven languages and of English.

    Negation, past and prevention count in the languages that the text is ``spoken`` in, too.
    """
    present: set[str] = set()
    context: set[str] = set()
    for clause in _clauses(parts, language, spoken):
        context |= {mention.concept for mention in clause.mentions} & _CONTEXT
        if clause.has("maybe"):
            continue
        if clause.has("past"):
            present |= {mention.concept for mention in clause.mentions} & _LASTING
            continue
        named = {mention.concept for mention in clause.mentions if _is_asserted(mention, clause)}
        present |= named | {name for name, sets in table("near").items() if any(parts <= named for parts in sets)}
    return Reading(frozenset(present), frozenset(context))


def _clauses(parts: tuple[tuple[str, ...], ...], language: str, spoken: frozenset[str]) -> list[Clause]:
    """Cut at words that turn the sentence too; short items of a list stay with the item that may negate them."""
    clauses: list[Clause] = []
    waiting = Clause((), ())
    for part in parts:
        for piece in _turned(Clause(part, _mentions(part, language, spoken))):
            is_item = _length(piece, language) <= _ITEM and not piece.has("sudden", "now")
            if language == "hi" and is_item:  # the verb with its negation comes last
                waiting = _joined(waiting, piece)
            elif is_item and clauses and not _begins_with_turn(piece):
                clauses[-1] = _joined(clauses[-1], piece)
            else:
                clauses.append(_joined(waiting, piece))
                waiting = Clause((), ())
    return [*clauses, waiting] if waiting.words else clauses


def _mentions(words: tuple[str, ...], language: str, spoken: frozenset[str]) -> tuple[Mention, ...]:
    """The mentions of a piece, less those inside a phrase that means something else ("the white of the eye")."""
    mentions: list[Mention] = []
    for own in {language, "en"}:
        mentions += vocabulary(own).mentions(words)
    for other in spoken - {language, "en"}:
        mentions += [mention for mention in vocabulary(other).mentions(words) if mention.concept in _TURNING]
    harmless = [mention for mention in mentions if mention.concept == "harmless"]
    return tuple(m for m in mentions if not any(h.start <= m.start < h.end for h in harmless))


def _turned(clause: Clause) -> list[Clause]:
    """The parts of a clause between its turning words ("but", "today", "and now")."""
    cuts = sorted({mention.start for mention in clause.mentions if mention.concept == "but"} | {0, len(clause.words)})
    parts: list[Clause] = []
    for start, end in pairwise(cuts):
        inside = [m for m in clause.mentions if start <= m.start < end]
        moved = tuple(replace(m, start=m.start - start, end=min(m.end, end) - start) for m in inside)
        parts.append(Clause(clause.words[start:end], moved))
    return parts


def _begins_with_turn(clause: Clause) -> bool:
    return any(mention.concept == "but" and mention.start == 0 for mention in clause.mentions)


def _joined(first: Clause, second: Clause) -> Clause:
    shift = len(first.words)
    moved = tuple(replace(m, start=m.start + shift, end=m.end + shift) for m in second.mentions)
    return Clause(first.words + second.words, first.mentions + moved)


def _length(clause: Clause, language: str) -> float:
    return len(clause.words) / 2 if language == "zh" else len(clause.words)


def _is_asserted(mention: Mention, clause: Clause) -> bool:
    """True if the mention is not negated. Words inside a mention do not negate it ("cannot see")."""
    name = mention.concept
    if name in _SLOW and clause.has("slow") and not clause.has("sudden"):
        return False
    if name in _PLACES_OF_PAIN and clause.has("painless"):
        return False
    if name in _NEVER_NEGATED:
        return True
    masks = [mention]
    if name in ("loss", "worse", "sudden"):
        masks += [other for other in clause.mentions if other.concept == "painless"]
    if name != "loss" and name not in _SEEN:
        masks += [other for other in clause.mentions if other.concept == "loss"]
    return not any(
        _negates(negation, mention, clause)
        for negation in clause.mentions
        if negation.concept == "not" and not any(mask.start <= negation.start < mask.end for mask in masks)
    )


def _negates(negation: Mention, mention: Mention, clause: Clause) -> bool:
    if negation.language == "hi":
        between = clause.words[mention.end : negation.start]
        if mention.end <= negation.start < mention.end + _BEHIND and not _ENDS_HINDI & set(between):
            return True
        return mention.start - 2 <= negation.start < mention.start
    return mention.start - _BEFORE <= negation.start < mention.start


_ENDS_HINDI = frozenset("और aur तथा है hai hain हैं".split())
"""Words that end a Hindi statement: a negation behind them is about the next."""
