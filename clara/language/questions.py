"""Takes a question's text apart: the stem, and its options if it is multiple choice.

Options carry markers of many kinds: ``a)``, ``A.``, ``(A)``, ``[A]``, ``①``, ``1.``, full-width ``Ａ）``, Devanagari ``क)``,
Arabic ``أ)``, Thai ``ก.``, behind bullets, Markdown and invisible characters. Whatever the marker, an option's label is the
Latin letter of its place, ``A`` to ``Z``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from clara.language.markers import ALPHABETS, COUNTS, LETTERS, Marker, at_line, damaged, glued, inline, label_of
from clara.types import Option, Question

Alphabets = tuple[tuple[str, ...], ...]

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
    run = _best_with_gaps(lines) or _whole(_best(between, ALPHABETS), text)
    if len(run) < 4:
        # A damaged marker cuts a run short; the repair must not lose anything that was found.
        repaired = _best_of_runs(_runs([damaged(text)], ALPHABETS[:1]))
        if _is_repair(repaired, text) and len(repaired) > len(run):
            return repaired
    if run:
        return run
    for weaker in (_three(_best(glued(text), ALPHABETS[:1])), _best(lines, COUNTS)):
        if _is_last(weaker, text):
            return weaker
    return _counted(between, text)


def _three(run: list[Marker]) -> list[Marker]:
    """The run, if it is not so short that it may be chance."""
    return run if len(run) > 2 else []


def _counted(between: Sequence[Marker], text: str) -> list[Marker]:
    """A run of numbers between words: in rings, or three at least at the end of the text."""
    counted = _whole(_best(between, COUNTS), text)
    if counted and counted[0].form == "ring":
        return counted
    if len(counted) > 2 and _is_last(counted, text):
        return counted
    return []


def _best(markers: Sequence[Marker], alphabets: Alphabets) -> list[Marker]:
    """The last run of one form; a longer one that lies across it is taken instead."""
    return _best_of_runs(_runs(_by_form(markers), alphabets))


def _best_with_gaps(markers: Sequence[Marker]) -> list[Marker]:
    """The last run of letters of one form, in which single letters may be lost; a longer one that mixes forms is taken
    instead."""
    runs: list[list[Marker]] = []
    for alphabet in ALPHABETS:
        runs += _runs(_by_form(markers), (alphabet,), gaps=True)
        runs += _runs([markers], (alphabet,))
    return _best_of_runs(runs)


def _by_form(markers: Sequence[Marker]) -> list[list[Marker]]:
    """The markers of each form, the forms in alphabetical order."""
    by_form: dict[str, list[Marker]] = {}
    for marker in markers:
        by_form.setdefault(marker.form, []).append(marker)
    return [by_form[form] for form in sorted(by_form)]


def _runs(groups: Iterable[Sequence[Marker]], alphabets: Alphabets, *, gaps: bool = False) -> list[list[Marker]]:
    """The last run of each group in each alphabet."""
    return [_last_run(group, alphabet, gaps=gaps) for alphabet, group in itertools.product(alphabets, groups)]


def _best_of_runs(runs: Iterable[list[Marker]]) -> list[Marker]:
    best: list[Marker] = []
    for run in filter(None, runs):
        if _is_better(run, best):
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
        place, expected = alphabet.index(marker.symbol), _next_place(run, alphabet)
        if place == expected or (gaps and _skips_lost(known[number:], alphabet, expected)):
            run.append(marker)
        elif place == 0:
            run = [marker]
        elif place < expected:
            continue  # the mention of an earlier option
        else:
            run = []
        if len(run) >= 2:
            last = list(run)
    return last


def _next_place(run: Sequence[Marker], alphabet: tuple[str, ...]) -> int:
    """The place in the alphabet of the letter that would continue a run."""
    if not run:
        return 0
    return alphabet.index(run[-1].symbol) + 1


def _skips_lost(rest: Sequence[Marker], alphabet: tuple[str, ...], expected: int) -> bool:
    """True if the first marker goes on one or two letters after the expected one, which does not come any more."""
    if expected == 0 or rest[0].symbol not in alphabet[expected + 1 : expected + 3]:
        return False
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
    if _has_form(run, "stop") and not re.search(r"[?:？：؟।]\s*$", text[: run[0].start]):
        return []
    return run


def _has_form(run: list[Marker], *forms: str) -> bool:
    """True for two markers of one of the forms: they are likelier initials or numbers of a text."""
    return len(run) == 2 and run[0].form in forms


def _is_last(run: list[Marker], text: str) -> bool:
    """True if a question stands before a numbered list and none after it; two numbers with stops are no list of options."""
    if len(run) < 2 or _has_form(run, "stop", "dash"):
        return False
    stem, end = text[: run[0].start].strip(_EDGES), text[run[-1].end :].strip(_EDGES)
    asks_later = re.search(r"[?？؟;]\s*$|\n", end) is not None
    return stem != "" and not asks_later


def _is_repair(run: list[Marker], text: str) -> bool:
    """One damaged marker among three or more is a slip, and a list without any brackets is one; more are prose."""
    if len(run) < 3:
        return False
    lost = sum(not marker.bracketed for marker in run)
    if lost == len(run):
        return text[run[0].start :].strip().count("\n") == len(run) - 1
    return lost == 1
