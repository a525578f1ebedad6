"""The rules of the audit: each takes an item, and its other languages where needed, and says what is wrong or None.

Answers given away and changed numbers have files of their own.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from clara.bench.datasets import Item
from clara.bench.datasets.values import plain
from clara.language.codes import LANGUAGES
from clara.language.detection import detect_language
from clara.language.questions import LETTERS, option_markers, parse_question
from clara.language.text import script_counts, words

WHOLE_LANGUAGE = frozenset({"wrong_script", "romanised"})
"""Problems that may be a property of a language's whole column."""

_ENTRY_MARK = re.compile(r"^\s*(?:[-*•]\s+|[(\[]?\w{1,2}[.)\]:：-]\s*)")
_LIST_LINE = re.compile(r"^\s*(?:[IVX]+|[A-J]|\d+)\s*[-–.)].*$", re.MULTILINE)  # lists of terms often stay untranslated
_SCRIPT_NAMES = {
    "Arab": ("ARABIC",),
    "Armn": ("ARMENIAN",),
    "Beng": ("BENGALI",),
    "Cyrl": ("CYRILLIC",),
    "Deva": ("DEVANAGARI",),
    "Ethi": ("ETHIOPIC",),
    "Geor": ("GEORGIAN",),
    "Grek": ("GREEK",),
    "Gujr": ("GUJARATI",),
    "Guru": ("GURMUKHI",),
    "Hans": ("CJK",),
    "Hebr": ("HEBREW",),
    "Jpan": ("CJK", "HIRAGANA", "KATAKANA"),
    "Khmr": ("KHMER",),
    "Knda": ("KANNADA",),
    "Kore": ("HANGUL", "CJK"),
    "Laoo": ("LAO",),
    "Latn": ("LATIN",),
    "Mlym": ("MALAYALAM",),
    "Mymr": ("MYANMAR",),
    "Sinh": ("SINHALA",),
    "Taml": ("TAMIL",),
    "Telu": ("TELUGU",),
    "Thai": ("THAI",),
}
"""The scripts of Unicode that each script of a language is written with."""
_SHOWN = {"CJK": "Chinese", "HANGUL": "Korean", "Hans": "Chinese", "Jpan": "Japanese", "Kore": "Korean"}
"""What readers call a script whose Unicode name would tell them little."""
_GRAM = 5
"""Words in a row that two texts of different origin seldom share."""


def lost_options(item: Item, versions: Mapping[str, Item]) -> str | None:
    """Options that the question has in most other languages, or a gap in the letters, or a marker that lost its bracket."""
    if item.references and not item.gold:
        return None
    labels = item.question.labels
    expected = _usual_labels(versions) or tuple(LETTERS[: max(2, len(labels))])
    if not set(expected) <= set(labels):
        return f"options {', '.join(labels) or 'none'} instead of {', '.join(expected)}"
    for letter, marker in zip(LETTERS, option_markers(item.raw), strict=False):
        if not marker.bracketed:
            return f"the marker of option {letter} has lost its bracket"
    return None


def _usual_labels(versions: Mapping[str, Item]) -> tuple[str, ...]:
    """The letters that most languages have; none where no language has two."""
    counts: Counter[tuple[str, ...]] = Counter()
    for version in versions.values():
        if len(version.question.labels) >= 2:
            counts[version.question.labels] += 1
    return counts.most_common(1)[0][0] if counts else ()


def doubled_options(item: Item) -> str | None:
    """Two options that read the same, or a whole list of options that stands twice."""
    labels: dict[str, str] = {}
    for option in item.question.options:
        text = plain(option.text)
        if text and text in labels:
            return f"options {labels[text]} and {option.label} read the same"
        labels[text] = option.label
    # a question may name its options in a sentence: "is it the lens or the iris?"
    if len(labels) >= 2 and _listed(item.question.text).issuperset(labels) and option_markers(item.raw):
        return "the options stand in the question too"
    return None


def _listed(stem: str) -> set[str]:
    """The entries of a list in the stem: marked, or a line each. A sentence that names the same things is no list."""
    entries = {plain(option.text) for option in parse_question(stem).options}
    for line in stem.splitlines():
        entries.add(plain(_ENTRY_MARK.sub("", line)))
    return entries


def echoes(item: Item, versions: Mapping[str, Item]) -> str | None:
    """English left in the text of another language: the whole text, or the source before its translation."""
    source = _english(versions)
    if source is None or item.code == "en":
        return None
    own, english = _prose(item), _prose(source)
    if len(english) < _GRAM + 1:
        return None
    if own == english:
        return "the question is the English one, untranslated"
    english_grams = _grams(english)
    share = len(english_grams & _grams(own)) / len(english_grams)
    return f"{share:.0%} of the English question stands in it" if share >= 0.6 else None


def _english(versions: Mapping[str, Item]) -> Item | None:
    for version in versions.values():
        if version.code == "en":
            return version
    return None


def _prose(item: Item) -> list[str]:
    """The words of a question without its lists."""
    return words(_LIST_LINE.sub("", item.question.text))


def _grams(text: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of :data:`_GRAM` words."""
    shifted = [itertools.islice(text, start, None) for start in range(_GRAM)]
    return set(zip(*shifted, strict=False))


def script_problem(item: Item) -> tuple[str, str] | None:
    """``romanised`` or ``wrong_script`` if most letters are not of the language's own script, with a sentence."""
    counts = script_counts(item.question.text) or script_counts(item.raw)
    total = counts.total()
    if total < 8:
        return None
    expected = LANGUAGES[item.code].script
    own_scripts = _SCRIPT_NAMES[expected]
    own = sum(counts[script] for script in own_scripts)
    if own >= 0.2 * total:
        return None
    other, count = counts.most_common(1)[0]
    expected_name = _SHOWN.get(expected, own_scripts[0].title())
    shown = f"{count / total:.0%} of the letters are {_SHOWN.get(other, other.title())}, not {expected_name}"
    if other != "LATIN":
        return "wrong_script", shown
    if item.code != "hi" and detect_language(item.question.text).code == "en":
        return "wrong_script", f"{shown}: it reads as English"
    return "romanised", shown
