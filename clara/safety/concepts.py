"""Which concepts of eye emergencies a text names, and whether it negates them or puts them into the past.

A text is cut into clauses; a concept named in a clause counts unless a negating word stands before it there (behind it, in
Hindi), or the clause is about the past or about prevention. People mix languages: the words of English count in every
language, and negations of both do.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clara.language.codes import SEVEN
from clara.safety.clauses import TURNING, Clause, Pieces, clauses
from clara.safety.vocabulary import PINYIN, Mention, mentions_in

READ = (*SEVEN, PINYIN)
"""The languages whose words are known."""
LOOSE = frozenset(("hi", PINYIN))
"""Languages that are spelled so freely in Latin letters that they know words of others; one that leads alone is spoken."""
_TABLE = Path(__file__).parent / "flags.toml"
_CONTEXT = frozenset("not but personal exam study mine past healed maybe advice vignette slow harmless".split())
"""Entries of the word files that are about the sentence and no concepts."""
_TELLING = 3
"""Letters of the shortest word that tells a language."""
_NEVER_NEGATED = frozenset(
    "eye one_eye in_eye sight inside now brief painless suspect pupil_n lid photo all product newborn graft pregnant".split()
)
"""Places, times, persons and things: a negation before them is about something else."""
_GOES_IN = ("zh", "in_eye")
"""The Chinese words for "in the eye" hold the verb, which may be negated."""
_SEEN = frozenset("flashes floaters curtain halo double".split())
"""What one sees or does not see: "I see no curtain" is no blindness."""
_SLOW = frozenset("loss worse double droop bulge".split())
"""Signs that are no emergency if they came over years; a curtain that falls slowly is one."""
_LASTING = frozenset(("graft", "newborn", "pregnant"))
"""What is still so, though it began in the past: "I had a corneal transplant last year"."""
_PLACES_OF_PAIN = frozenset(("jaw", "temple"))
_NEW = frozenset(("now", "sudden"))
_BEHIND = 5
"""Words behind a mention in which Hindi may negate it."""
_BEFORE = 6
"""Words before a mention (Chinese characters) in which it may be negated."""
_ENDS_HINDI = frozenset("और aur तथा है hai hain हैं".split())
"""Words that end a Hindi statement: a negation behind them is about the next."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says."""

    present: frozenset[str]
    """Concepts that it names and neither negates nor puts into the past."""
    context: frozenset[str]
    """Entries about the sentence that occur anywhere: personal, exam, study, mine, advice, vignette."""


@cache
def table(section: str) -> dict[str, tuple[frozenset[str], ...]]:
    """A section of flags.toml: name to the sets of concepts that make it up, in the order of the file."""
    rows: dict[str, list[str]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))[section]
    sets: dict[str, tuple[frozenset[str], ...]] = {}
    for name, texts in rows.items():
        sets[name] = tuple(frozenset(text.split(" + ")) for text in texts)
    return sets


def made_up(section: str, named: set[str] | frozenset[str]) -> set[str]:
    """The names of a section of which one set of concepts is named whole."""
    names: set[str] = set()
    for name, sets in table(section).items():
        if any(concepts <= named for concepts in sets):
            names.add(name)
    return names


def languages_of(parts: Pieces) -> frozenset[str]:
    """The languages in whose words a text is written: those that know the most of its words of three letters and more."""
    known = {language: sum(_known(part, language) for part in parts) for language in READ}
    best = max(known.values())
    if not best:
        return frozenset()
    leading = {language for language, count in known.items() if count == best}
    return frozenset(leading - LOOSE or leading)


def _known(words: tuple[str, ...], language: str) -> int:
    indices: set[int] = set()
    for mention in mentions_in(words, language):
        indices.update(range(mention.start, mention.end))
    return sum(len(words[index]) >= _TELLING or language == "zh" for index in indices)


def names_signs(parts: Pieces, language: str) -> bool:
    """True if the language's own words name something that may be part of a red flag."""
    named: set[str] = set()
    for part in parts:
        named |= Clause(part, mentions_in(part, language)).concepts
    return not named <= _CONTEXT


def read(parts: Pieces, language: str, spoken: frozenset[str] = frozenset()) -> Reading:
    """Read a text, cut by :func:`clara.safety.clauses.pieces`, with the words of one language and of English.

    Negation, past and prevention count in the languages that the text is ``spoken`` in, too.
    """
    present: set[str] = set()
    context: set[str] = set()
    whole = clauses(parts, language, spoken)
    is_healed = False
    for clause in reversed(whole):
        context |= clause.concepts & _CONTEXT
        is_healed |= "healed" in clause.concepts
        if "maybe" in clause.concepts:
            continue
        if _is_past(clause, is_healed=is_healed):
            present |= clause.concepts & _LASTING
            continue
        present |= _asserted(clause)
    return Reading(frozenset(present), frozenset(context))


def _is_past(clause: Clause, *, is_healed: bool) -> bool:
    """True for what is over: a clause that says so, and what stands before the word that it has healed, unless new."""
    if not clause.concepts.isdisjoint(("past", "healed")):
        return True
    return is_healed and clause.concepts.isdisjoint(_NEW)


def _asserted(clause: Clause) -> set[str]:
    """The concepts of a clause that are not negated, nor signs that came over years."""
    negations = [mention for mention in clause.mentions if mention.concept == "not"]
    named: set[str] = set()
    for mention in clause.mentions:
        if not _is_negated(mention, negations, clause):
            named.add(mention.concept)
    named |= made_up("near", named)
    if "slow" in clause.concepts and "sudden" not in clause.concepts:
        named -= _SLOW
    if "painless" in clause.concepts:
        named -= _PLACES_OF_PAIN
    return named


def _is_negated(mention: Mention, negations: list[Mention], clause: Clause) -> bool:
    """True if a word before the mention (behind it, in Hindi) negates it and is no part of another phrase."""
    if mention.concept in _NEVER_NEGATED and (mention.language, mention.concept) != _GOES_IN:
        return False
    for negation in negations:
        if _reaches(negation, mention, clause) and not _belongs_elsewhere(negation, mention, clause):
            return True
    return False


def _reaches(negation: Mention, mention: Mention, clause: Clause) -> bool:
    if negation.language == "hi":
        between = clause.words[mention.end : negation.start]
        if mention.end <= negation.start < mention.end + _BEHIND and _ENDS_HINDI.isdisjoint(between):
            return True
        return mention.start - 2 <= negation.start < mention.start
    return mention.start - _BEFORE <= negation.start < mention.start


def _belongs_elsewhere(negation: Mention, mention: Mention, clause: Clause) -> bool:
    """True if the negation is a part of the mention itself or of another phrase ("cannot open", "without glasses")."""
    for phrase in clause.mentions:
        if phrase.concept in TURNING and phrase.concept != "slow":
            continue
        is_longer = phrase.end - phrase.start > negation.end - negation.start
        if is_longer and phrase.start <= negation.start < phrase.end and _keeps_negation(phrase, mention):
            return True
    return False


def _keeps_negation(phrase: Mention, mention: Mention) -> bool:
    """True if a negation inside the phrase says nothing about the mention. "No pain, redness or halos" does, and "I see no
    curtain" is no blindness."""
    if phrase == mention:
        return True
    if phrase.start <= mention.start < phrase.end:
        return False
    if phrase.concept == "painless":
        return mention.concept in ("loss", "worse", "sudden")
    return phrase.concept != "loss" or mention.concept not in _SEEN
