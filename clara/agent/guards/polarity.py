"""Negations of a text, counted so that two languages can be compared.

Languages negate differently: "absent" is ``walang`` in Filipino, French says ``ne ... pas`` twice for once. So a text
has a number of plain negations, a number of negations hidden in a word or noun, and a number of words that another
language may say with a negation ("rarely", "prevents"). The word classes are data, ``polarity.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clara.language.lexicon import NEGATIONS, WORD_CHARACTER
from clara.language.text import STOPWORDS, fold, words

_TABLES = Path(__file__).with_suffix(".toml")
_NOTHING = r"(?!)"
"""Matches nowhere: for a language that has no words of a kind."""


@dataclass(frozen=True, slots=True)
class Polarity:
    """How a text negates."""

    plain: int
    """Negating words: "not", "except", "without", "incorrect"."""
    hidden: int
    """Negations inside a word or noun: "absence", "lack"."""
    excuses: Counter[str]
    """By concept, words that another language may say with a negation: "rarely", "prevents"."""

    @property
    def negations(self) -> int:
        """Everything that must have a counterpart."""
        return self.plain + self.hidden

    def room(self, other: Polarity) -> int:
        """Excuses that ``other`` does not have as well."""
        return sum((self.excuses - other.excuses).values())


@dataclass(frozen=True, slots=True)
class _Lists:
    """The words of ``polarity.toml`` in one language."""

    idioms: re.Pattern[str]
    strong: re.Pattern[str]
    concord: frozenset[str]
    hidden: re.Pattern[str]
    excuses: dict[str, re.Pattern[str]]
    plain: frozenset[str]


def _pattern(entries: Iterable[str], language: str) -> re.Pattern[str]:
    if language == "zh":
        return re.compile("|".join(entries))
    parts = (re.escape(fold(entry)).replace(r"\*", rf"{WORD_CHARACTER}*") for entry in entries)
    return re.compile(rf"(?<!{WORD_CHARACTER})(?:{'|'.join(parts)})(?!{WORD_CHARACTER})")


@cache
def _lists(language: str) -> _Lists:
    tables = tomllib.loads(_TABLES.read_text(encoding="utf-8"))
    table = tables[language]
    hidden = _pattern(table["hidden"], language)
    excuses = {concept: _pattern(names[language], language) for concept, names in tables["weak"].items()}
    concord = frozenset(fold(word) for word in table["concord"])
    plain = frozenset(map(fold, NEGATIONS[language])) - concord
    if language != "zh":
        plain -= _matched(plain, (hidden, *excuses.values()))
    strong = re.compile("|".join(table["strong"]) or _NOTHING)
    return _Lists(re.compile("|".join(table["idioms"])), strong, concord, hidden, excuses, plain)


def _matched(words: Collection[str], patterns: Iterable[re.Pattern[str]]) -> set[str]:
    """The words that one of the patterns matches."""
    matched: set[str] = set()
    for pattern in patterns:
        matched.update(filter(pattern.fullmatch, words))
    return matched


def polarity(text: str, language: str) -> Polarity:
    """Count the negations of ``text``.

    Args:
        language: a code of :data:`clara.language.lexicon.NEGATIONS`; another one is read as English.
    """
    code = language
    if code not in NEGATIONS:
        code = "en"
    if code == "fr":
        text = re.sub(r"\b[Nn]ée?s?\b", "born", text)
    table = _lists(code)
    folded = table.idioms.sub(" ", fold(text))
    excuses: Counter[str] = Counter()
    for concept, pattern in table.excuses.items():
        excuses[concept] = len(pattern.findall(folded))
    for pattern in table.excuses.values():
        folded = pattern.sub(" ", folded)
    hidden = len(table.hidden.findall(folded))
    return Polarity(_plain_negations(table.hidden.sub(" ", folded), table, code), hidden, excuses)


def _plain_negations(folded: str, table: _Lists, language: str) -> int:
    plain = len(table.strong.findall(folded))
    if language == "zh":
        return plain
    folded_words = words(folded)
    plain += sum(word in table.plain for word in folded_words)
    if not plain and not table.concord.isdisjoint(folded_words):
        return 1
    return plain


def compare(where: str, source: str, target: str, languages: tuple[str, str]) -> Iterable[str]:
    """A flag if ``target`` negates less or more than ``source``.

    A negation without counterpart is one that the other side neither makes nor hides in a word.
    """
    before, after = polarity(source, languages[0]), polarity(target, languages[1])
    if _without_counterpart(before, after):
        yield f"the negation of {where} was lost"
    elif _without_counterpart(after, before):
        yield f"the negation of {where} was added"


def _without_counterpart(one: Polarity, other: Polarity) -> bool:
    return one.negations > other.negations + other.room(one)


_SCOPE = (2, 3)
"""Content words before and after a negation that it may be about."""


def negators(text: str) -> list[str]:
    """For each negation of an English text the stretch of folded words around it."""
    table = _lists("en")
    folded_words = words(re.sub(r"(?<=\w)n['’]t\b", " not ", table.idioms.sub(" ", fold(text))))
    negating = table.plain | table.concord
    scopes: list[str] = []
    for place, word in enumerate(folded_words):
        if word in negating or table.hidden.fullmatch(word):
            before = _near(folded_words[:place][::-1], _SCOPE[0])[::-1]
            after = _near(folded_words[place + 1 :], _SCOPE[1])
            scopes.append(" ".join([*before, *after]))
    return scopes


def _near(folded_words: list[str], count: int) -> list[str]:
    """The first words up to and including the ``count``-th content word."""
    content_words = 0
    for place, word in enumerate(folded_words):
        if word not in STOPWORDS and not word[0].isdigit():
            content_words += 1
            if content_words == count:
                return folded_words[: place + 1]
    return folded_words
