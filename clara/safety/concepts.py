"""Which concepts of eye emergencies a text names, and whether it negates them or puts them into the past.

The words of each language are data (``words/<language>.toml``). A text is cut into clauses; a concept named in a clause
counts unless a negating word stands before it there (behind it, in Hindi), or the clause is about the past or about
prevention.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clara.language.codes import SEVEN
from clara.language.lexicon import WORD_CHARACTER
from clara.language.text import fold
from clara.safety.typos import Corrector

_FOLDER = Path(__file__).parent / "words"
_TABLE = Path(__file__).parent / "flags.toml"
_CONTEXT = frozenset("not but personal exam mine past maybe advice vignette".split())
"""Entries of the word files that are about the sentence and no concepts."""
_NEVER_NEGATED = frozenset(
    "eye one_eye in_eye sight inside now brief painless suspect pupil_n lid photo all product".split()
)
"""Places, times and things: a negation before them is about something else."""
_SEEN = frozenset("flashes floaters curtain halo double".split())
"""What one sees or does not see: "I see no curtain" is no blindness."""
_BREAK = re.compile(r"[.;:?!,।。！？；，、¿¡\n]|--|—")
_GAP = r"(?:\S+\s+){0,5}?"
_BEHIND = 36
"""Characters behind a mention in which Hindi may negate it."""
_BEFORE = 6
"""Words (in Chinese characters) before a mention in which it may be negated."""
_INFLECTED = 6
"""Letters from which on a word standing alone is found in its inflected forms too."""
_ITEM = 3
"""Words of the longest item of a list that is read together with its neighbour."""


@dataclass(frozen=True, slots=True)
class Words:
    """The patterns of one language."""

    language: str
    concepts: dict[str, re.Pattern[str]]
    """The concepts of flags.toml."""
    context: dict[str, re.Pattern[str]]
    """``not``, ``but``, ``personal``, ``exam``, ``mine``, ``past`` and ``maybe``."""
    corrector: Corrector


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says."""

    present: frozenset[str]
    """Concepts that it names and neither negates nor puts into the past."""
    personal: bool
    """It speaks of the asker or somebody of theirs."""
    exam: bool
    """It reads like an examination question or a request for knowledge."""
    advice: bool
    """It asks what the asker has, or what or how much to take, and is about no patient."""


@cache
def table(section: str) -> dict[str, tuple[frozenset[str], ...]]:
    """A section of flags.toml: name to the sets of concepts that make it up, in the order of the file."""
    rows: dict[str, list[str]] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))[section]
    return {name: tuple(frozenset(text.split(" + ")) for text in texts) for name, texts in rows.items()}


@cache
def words_of(language: str) -> Words:
    """The patterns of ``language``, one of the seven."""
    path = _FOLDER / f"{language}.toml"
    entries: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    patterns = {name: _compile(text, language) for name, text in entries.items()}
    vocabulary = frozenset(
        word for text in entries.values() for word in re.findall(r"(?<![\w*])[a-z]{5,}(?![\w*])", fold(text))
    )
    return Words(
        language,
        {name: pattern for name, pattern in patterns.items() if name not in _CONTEXT},
        {name: pattern for name, pattern in patterns.items() if name in _CONTEXT},
        Corrector(vocabulary),
    )


def _compile(text: str, language: str) -> re.Pattern[str]:
    if language == "zh":
        return re.compile(text)
    entries = sorted((entry.strip() for entry in fold(_plain(text)).split("|")), key=len, reverse=True)
    parts = [_entry(entry, language) for entry in entries]
    return re.compile(rf"(?<!{WORD_CHARACTER})(?:{'|'.join(parts)})(?!{WORD_CHARACTER})")


def _entry(entry: str, language: str) -> str:
    pattern = ""
    for word in entry.split():
        pattern += _GAP if word == "~" else _inflected(word, language, alone=word == entry) + r"\s+"
    return pattern.removesuffix(r"\s+")


def _inflected(word: str, language: str, *, alone: bool) -> str:
    """A word with the endings (in Filipino also the prefixes) that its language may give it."""
    escaped = re.escape(word).replace(r"\*", f"{WORD_CHARACTER}*")
    if "*" in word or not alone or len(word) < _INFLECTED:
        return escaped
    if language == "fil":
        return f"{WORD_CHARACTER}{{0,5}}{escaped}{WORD_CHARACTER}{{0,3}}"
    if language in ("es", "pt", "fr"):
        return re.escape(word[:-1]) + f"{WORD_CHARACTER}{{0,4}}"
    return f"{escaped}{WORD_CHARACTER}{{0,2}}"


def _plain(text: str) -> str:
    """One apostrophe, no hyphens, the ligature taken apart."""
    return re.sub(r"[-‐‑]", " ", re.sub(r"[’‘`´]", "'", text)).replace("œ", "oe").replace("Œ", "oe")


def read(text: str, language: str) -> Reading:
    """Read ``text`` as a text of ``language``; a language without words is read as English."""
    words = words_of(language if language in SEVEN else "en")
    folded = fold(_plain(text))
    if words.language != "zh":
        folded = words.corrector.mend(folded)
    present: set[str] = set()
    for clause in _clauses(folded, words):
        if not any(words.context[name].search(clause) for name in ("past", "maybe")):
            named = {name for name, pattern in words.concepts.items() if _asserted(name, pattern, clause, words)}
            present |= named | {name for name, sets in table("near").items() if any(parts <= named for parts in sets)}
    context = {name: pattern.search(folded) is not None for name, pattern in words.context.items()}
    exam = context["exam"] and not context["mine"]
    return Reading(
        frozenset(present), context["personal"] or context["mine"], exam, context["advice"] and not context["vignette"]
    )


def _clauses(text: str, words: Words) -> list[str]:
    """Cut at punctuation and at words that turn the sentence; short items of a list stay with the item that may negate
    them."""
    parts = [part.strip() for part in _BREAK.split(text) if part.strip()]
    turned = re.compile(rf"(?={words.context['but'].pattern})")
    pieces = [piece.strip() for part in parts for piece in turned.split(part) if piece.strip()]
    clauses: list[str] = []
    held = ""
    for piece in pieces:
        short = _length(piece, words) <= _ITEM and not any(words.concepts[name].search(piece) for name in ("sudden", "now"))
        if words.language == "hi" and short:  # the verb with its negation comes last
            held = f"{held} {piece}".strip()
        elif short and clauses and not words.context["but"].match(piece):
            clauses[-1] += f" {piece}"
        else:
            clauses.append(f"{held} {piece}".strip())
            held = ""
    return [*clauses, held] if held else clauses


def _length(piece: str, words: Words) -> float:
    return len(piece) / 2 if words.language == "zh" else len(piece.split())


def _asserted(name: str, pattern: re.Pattern[str], clause: str, words: Words) -> bool:
    """True if one mention in the clause is not negated. Words inside a mention do not negate it ("cannot see")."""
    if name in _NEVER_NEGATED:
        return pattern.search(clause) is not None
    for match in pattern.finditer(clause):
        before, after = clause[: match.start()], clause[match.end() :]
        if name in ("loss", "worse", "sudden"):
            before, after = (words.concepts["painless"].sub(" ", part) for part in (before, after))
        if name != "loss" and name not in _SEEN:
            before, after = (words.concepts["loss"].sub(" ", part) for part in (before, after))
        if not _negated(before, after, words):
            return True
    return False


def _negated(before: str, after: str, words: Words) -> bool:
    if words.language == "hi":
        near = re.split(r"\s(?:और|aur|तथा|है|hai|hain|हैं)\s", after[:_BEHIND])[0]
        if words.context["not"].search(near):
            return True
        before = " ".join(before.split()[-2:])
    elif words.language == "zh":
        before = before[-_BEFORE:]
    else:
        before = " ".join(before.split()[-_BEFORE:])
    return words.context["not"].search(before) is not None
