"""Takes a question's text apart: the stem, and its options if it is multiple choice.

Options carry markers of many kinds: ``a)``, ``A.``, ``(A)``, ``[A]``, ``①``, ``1.``, full-width ``Ａ）``, Devanagari ``क)``,
Arabic ``أ)``, Thai ``ก.``, behind bullets, Markdown and invisible characters. Whatever the marker, an option's label is the
Latin letter of its place, ``A`` to ``Z``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from clara.language.markers import ALPHABETS, COUNTS, LETTERS, Marker, at_line, damaged, inline, label_of
from clara.types import Option, Question

__all__ = ["LETTERS", "Marker", "label_of", "option_markers", "parse_question"]

_EDGES = " \t\r\n\u200b\u200e\u200f\u2060\ufeff\u00ad"
_SEPARATOR = re.compile(r"\s*[|/]\s*$")


def parse_question(text: str, *, language: str | None = None, id: str | None = None) -> Question:  # noqa: A002
    """The stem and the options of a text such as ``What ...? a) one b) two c) three d) four``.

    The last run of markers of one form from the first letter on is taken as the options, so that lettered lists inside the
    stem stay there. Markers at line starts win over markers between words, letters over numbers. A letter that is missing
    stays missing. A text without such a run is a free-text question.
    """
    run = option_markers(text)
    if not run:
        return Question(text.strip(), (), language, id)
    ends = [marker.start for marker in run[1:]] + [len(text)]
    options: list[Option] = []
    for marker, end in zip(run, ends, strict=True):
        options.append(Option(_label(marker, run[0]), _tidy(text[marker.end : end])))
    return Question(text[: run[0].start].strip(_EDGES + "*"), tuple(options), language, id)


def _tidy(text: str) -> str:
    """An option's text without what belongs to the next marker, and without emphasis around all of it."""
    tidy = text.strip(_EDGES)
    if tidy.endswith("**") and tidy.count("**") % 2:
        tidy = tidy.removesuffix("**").strip(_EDGES)
    return _SEPARATOR.sub("", tidy)


def option_markers(text: str) -> list[Marker]:
    """The markers of the options, in order; empty for a free-text question."""
    lines = at_line(text)
    between = inline(text)
    run = _best(lines, ALPHABETS, gaps=True) or _whole(_best(between, ALPHABETS), text)
    if len(run) < 4:
        # A damaged marker cuts a run short; the repair must not lose anything that was found.
        repaired = _best(damaged(text), ALPHABETS[:1], mixed=True)
        if _is_repair(repaired, text) and len(repaired) > len(run):
            return repaired
    if run:
        return run
    numbered = _best(lines, COUNTS)
    if _is_last(numbered, text):
        return numbered
    counted = _whole(_best(between, COUNTS), text)
    is_ring = bool(counted) and counted[0].form == "ring"
    return counted if is_ring or (len(counted) > 2 and _is_last(counted, text)) else []


def _best(
    markers: Sequence[Marker], alphabets: tuple[tuple[str, ...], ...], *, gaps: bool = False, mixed: bool = False
) -> list[Marker]:
    """The last run of one form; a longer one that mixes forms, or that lies across it, is taken instead."""
    runs: list[list[Marker]] = []
    forms = [] if mixed else sorted({marker.form for marker in markers})
    for alphabet in alphabets:
        for form in forms:
            runs.append(_last_run([marker for marker in markers if marker.form == form], alphabet, gaps=gaps))
        if gaps or mixed:
            runs.append(_last_run(markers, alphabet, gaps=False))
    best: list[Marker] = []
    for run in runs:
        if run and _is_better(run, best):
            best = run
    return best


def _is_better(run: list[Marker], best: list[Marker]) -> bool:
    if not best:
        return True
    if run[0].start >= best[-1].end:  # the later of two lists
        return True
    if best[0].start >= run[-1].end:
        return False
    return len(run) > len(best)


def _last_run(markers: Iterable[Marker], alphabet: tuple[str, ...], *, gaps: bool) -> list[Marker]:
    """The last stretch of at least two markers in the order of one alphabet, from its first letter on."""
    known = [marker for marker in markers if marker.symbol in alphabet]
    run: list[Marker] = []
    last: list[Marker] = []
    for number, marker in enumerate(known):
        place = alphabet.index(marker.symbol)
        expected = alphabet.index(run[-1].symbol) + 1 if run else 0
        skips = gaps and bool(run) and expected < place <= expected + 2
        if place == expected or (skips and _is_gap(known[number:], alphabet, expected)):
            run.append(marker)
        elif place == 0:
            run = [marker]
        elif run and place < expected:
            continue  # the mention of an earlier option
        else:
            run = []
        if len(run) >= 2:
            last = list(run)
    return last


def _is_gap(rest: Sequence[Marker], alphabet: tuple[str, ...], expected: int) -> bool:
    """True if the letter that is expected does not come any more: it was lost."""
    return all(marker.symbol != alphabet[expected] for marker in rest)


def _label(marker: Marker, first: Marker) -> str:
    """The Latin letter of a marker's place in the alphabet of its list."""
    for alphabet in (*ALPHABETS, *COUNTS):
        if first.symbol == alphabet[0] and marker.symbol in alphabet:
            return LETTERS[alphabet.index(marker.symbol)]
    return marker.symbol


def _whole(run: list[Marker], text: str) -> list[Marker]:
    """A run between words, if it is none of initials, as in ``A. B. Smith`` and ``Dr. A. Smith and Dr. B. Jones``."""
    for marker, following in itertools.pairwise(run):
        if marker.end >= following.start:
            return []
    if len(run) == 2 and run[0].form == "stop" and not re.search(r"[?:？：؟।]\s*$", text[: run[0].start]):
        return []
    return run


def _is_last(run: list[Marker], text: str) -> bool:
    """True if a question stands before a numbered list and none after it; two numbers with stops are no list of options."""
    if len(run) < 2 or (len(run) == 2 and run[0].form in ("stop", "dash")):
        return False
    has_stem = bool(text[: run[0].start].strip(_EDGES))
    end = text[run[-1].end :].strip(_EDGES)
    asks_later = re.search(r"[?？؟;]\s*$", end) or "\n" in end
    return has_stem and not asks_later


def _is_repair(run: list[Marker], text: str) -> bool:
    """One damaged marker among three or more is a slip, and a list without any brackets is one; more are prose."""
    lost = sum(not marker.bracketed for marker in run)
    if len(run) >= 3 and lost == 1:
        return True
    return len(run) >= 3 and lost == len(run) and text[run[0].start :].strip().count("\n") == len(run) - 1
