"""Takes a question's text apart: the stem, and its options if it is multiple choice.

Options carry markers of many kinds: ``a)``, ``A.``, ``(A)``, ``[A]``, ``①``, full-width ``Ａ）``, Devanagari ``क)``, Arabic
``أ)``. Whatever the marker, an option's label is the Latin letter of its place, ``A`` to ``J``.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

from clara.types import Option, Question

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""The labels of options."""

_ALPHABETS = (
    LETTERS,
    "कखगघङचछजझञ",
    "अबसदइफगहजक",  # the English letters as Hindi exams write them
    "أبجدهوزحطي",
    "أبتثجحخدذر",
    "АБВГДЕЖЗИК",
    "가나다라마바사아자차",
    "アイウエオカキクケコ",
    "কখগঘঙচছজঝঞ",
)
_COUNTS = (
    "①②③④⑤⑥⑦⑧⑨⑩",
    "123456789",
    "१२३४५६७८९",
    "١٢٣٤٥٦٧٨٩",
)
"""Weaker markers: lists inside the stem carry them too, so letters win."""

_ALIASES = {"ا": "أ", "إ": "أ"} | {chr(ord(first) + n): LETTERS[n] for first in "Ⓐⓐ⒜🄐" for n in range(10)}
_KNOWN = "".join((*_ALPHABETS, *_COUNTS, *_ALIASES))
_LETTER = f"[{re.escape(_KNOWN)}a-jａ-ｊＡ-Ｊа-ик１-９]\u0640?"
_RING = "(?P<ring>[①-⑩ⓐ-ⓙⒶ-Ⓙ⒜-⒥🄐-🄙])"  # the ring or bracket is part of the character
_OPEN, _CLOSE = r"[(\[（【［]", r"[)\].:．）】］、：]"
_PLAIN = rf"{_OPEN}?\s*(?P<letter>{_LETTER})\s*{_CLOSE}"
_BETWEEN = re.compile(rf"(?:{_RING}|(?:^|(?<=\s)|(?<=[。．.;；?？:：؟।])){_PLAIN})\s*", re.MULTILINE)
_AT_LINE = re.compile(rf"^[ \t]*(?:(?:{_RING}|{_PLAIN})\s*|(?P<dashed>{_LETTER})\s*[-–—]\s+)", re.MULTILINE)
_DAMAGED = re.compile(rf"^[ \t]*(?:(?:{_RING}|{_PLAIN})\s*|(?P<dashed>[A-Ja-j])[ \t]+(?=\S))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marker:
    """A place in the text that may start an option."""

    symbol: str
    start: int
    end: int
    bracketed: bool
    """False if a bracket or full stop is missing: ``a 1%`` for ``a) 1%``."""


def parse_question(text: str, *, language: str | None = None, id: str | None = None) -> Question:  # noqa: A002
    """The stem and the options of a text such as ``What ...? a) one b) two c) three d) four``.

    The last complete run of letters from A on is taken as the options, so that lettered lists inside the stem stay there.
    Markers at line starts win over markers between words, letters over numbers. A text without such a run is a free-text
    question.
    """
    run = option_markers(text)
    if not run:
        return Question(text.strip(), (), language, id)
    ends = [marker.start for marker in run[1:]] + [len(text)]
    options = tuple(
        Option(LETTERS[place], text[marker.end : end].strip())
        for place, (marker, end) in enumerate(zip(run, ends, strict=True))
    )
    return Question(text[: run[0].start].strip(), options, language, id)


def option_markers(text: str) -> list[Marker]:
    """The markers of the options, in order; empty for a free-text question."""
    at_line = _markers(_AT_LINE, text)
    run = _last_run(at_line, _ALPHABETS) or _inline(_markers(_BETWEEN, text), _ALPHABETS)
    if len(run) < 4:
        # A damaged marker cuts a run short; the repair must not lose anything that was found.
        repaired = _last_run(_markers(_DAMAGED, text), _ALPHABETS[:1])
        if _is_repair(repaired) and len(repaired) > len(run):
            return repaired
    if run:
        return run
    numbered = [marker for marker in at_line if text[marker.start : marker.end].rstrip()[-1] not in ".:-–—"]
    return _last_run(numbered, _COUNTS) or _inline(_markers(_BETWEEN, text), _COUNTS[:1])


def label_of(symbol: str) -> str | None:
    """The label that a letter means (``b``, ``Ｂ``, ``②``, ``ख`` and ``ب`` are B), or None; plain digits mean none."""
    if len(symbol) != 1 or symbol.isdecimal():
        return None
    char = _symbol(symbol)
    return next((LETTERS[line.index(char)] for line in (*_ALPHABETS, _COUNTS[0]) if char in line), None)


def _inline(markers: list[Marker], alphabets: tuple[str, ...]) -> list[Marker]:
    """The last run between words; markers with nothing between them are initials, as in ``A. B. Smith``."""
    run = _last_run(markers, alphabets)
    return run if all(marker.end < following.start for marker, following in itertools.pairwise(run)) else []


def _is_repair(run: list[Marker]) -> bool:
    """One damaged marker among three or more is a slip; more are prose."""
    return len(run) >= 3 and sum(not marker.bracketed for marker in run) == 1


def _markers(pattern: re.Pattern[str], text: str) -> list[Marker]:
    found: list[Marker] = []
    for match in pattern.finditer(text):
        groups = match.groupdict()
        raw = groups["ring"] or groups["letter"] or groups.get("dashed") or ""
        bracketed = pattern is not _DAMAGED or groups.get("dashed") is None
        found.append(Marker(_symbol(raw), match.start(), match.end(), bracketed))
    return found


def _symbol(raw: str) -> str:
    char = raw[0]
    if "①" <= char <= "⑩":
        return char
    return _ALIASES.get(char) or unicodedata.normalize("NFKC", char).upper()


def _last_run(markers: list[Marker], alphabets: tuple[str, ...]) -> list[Marker]:
    """The last stretch of at least two markers in the order of one alphabet, from its first letter on."""
    best: list[Marker] = []
    for alphabet in alphabets:
        run: list[Marker] = []
        last: list[Marker] = []
        for marker in markers:
            place = alphabet.find(marker.symbol)
            if run and place == len(run):
                run.append(marker)
            elif place >= 0:
                run = [marker] if place == 0 else []
            if len(run) >= 2:
                last = list(run)
        if last and (not best or last[0].start > best[0].start):
            best = last
    return best
