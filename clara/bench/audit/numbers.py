"""Numbers that differ in one language from what all the others have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from clara.bench.datasets import Item
from clara.language.questions import LETTERS
from clara.language.text import normalise

_SIGNED = re.compile(r"(?<![0-9A-Za-z])(?<!\d[.,])[+\-−–]?\s?\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d)(?:[.,'’\u00a0\u202f\u2009]| (?=000))(?=\d{3}(?!\d))")
_INDIAN = re.compile(r"(?<=\d),(?=(?:\d{2},)+\d{3}(?!\d))")
"""The marks of 1,00,000: groups of two before the last three."""
_ARABIC_MARKS = str.maketrans({"٫": ".", "٬": "", "٪": "%"})
_UNITS = {"千": 1e3, "万": 1e4, "萬": 1e4, "만": 1e4, "लाख": 1e5, "करोड़": 1e7, "亿": 1e8, "億": 1e8, "억": 1e8}
_WITH_UNIT = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})")
_HAN_NUMBER = re.compile("[一二三四五六七八九十百千两]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPACE_OR_PLUS = re.compile(r"[\s+]")
_PLAIN_MARKS = str.maketrans({"−": "-", "–": "-", ",": "."})


def number_differences(versions: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """Languages in which a number differs from what all the others have, each with a sentence.

    In the question, a language is named if it has another number instead of one that all others have, or if it lacks one
    that is seldom written as a word (more than 12, or with decimals). In options all numbers count, with their signs.
    """
    if len(versions) < 3:
        return
    numbers = {language: set(numbers_of(item.question.text, signed=False)) for language, item in versions.items()}
    for language in versions:
        others = dict(numbers)
        own = others.pop(language)
        missing = set.intersection(*others.values()) - own
        extra = own.difference(*others.values())
        if missing and extra:
            yield language, f"the question has {_list(extra)} where the other languages have {_list(missing)}"
            continue
        missing_digits = set(filter(_is_seldom_a_word, missing))
        if missing_digits:
            yield language, f"the question lacks {_list(missing_digits)}, which all other languages have"
    for label in LETTERS:
        yield from _option_differences(label, versions)


def _option_differences(label: str, versions: Mapping[str, Item]) -> Iterator[tuple[str, str]]:
    """Languages whose option of this letter has other numbers (with sign), where all the other languages agree on them."""
    texts: dict[str, str] = {}
    numbers: dict[str, tuple[str, ...]] = {}
    for language, item in versions.items():
        text = item.question.option_text(label)
        if text:
            texts[language] = text
            numbers[language] = tuple(sorted(numbers_of(text, signed=True)))
    if len(numbers) < 3:
        return
    agreed, count = Counter(numbers.values()).most_common(1)[0]
    if count < len(numbers) - 1 or not agreed:
        return
    for language, own in numbers.items():
        if own == agreed:
            continue
        if own:
            yield language, f"option {label} has {_list(own)}, the other languages have {_list(agreed)}"
        elif any(map(_is_seldom_a_word, agreed)) and not _HAN_NUMBER.search(texts[language]):
            yield language, f"option {label} has no number, the other languages have {_list(agreed)}"


def numbers_of(text: str, *, signed: bool) -> list[str]:
    """Numbers in order, with a decimal point, without marks of thousands and without spaces after the sign."""
    pattern = _SIGNED if signed else _NUMBER
    numbers: list[str] = []
    for match in pattern.finditer(_in_figures(text)):
        raw = _SPACE_OR_PLUS.sub("", match[0]).translate(_PLAIN_MARKS)
        digits = raw.removeprefix("-")
        if digits.count(".") <= 1:
            digits = f"{float(digits):.12g}"
        is_negative = raw.startswith("-") and digits != "0"
        numbers.append(f"-{digits}" if is_negative else digits)
    return numbers


def _in_figures(text: str) -> str:
    """The text with its numbers in plain figures: without marks of thousands, and 1.2万 as 12000."""
    without_marks = _THOUSANDS.sub("", _INDIAN.sub("", text.translate(_ARABIC_MARKS)))
    return _WITH_UNIT.sub(_written_out, normalise(without_marks))


def _written_out(match: re.Match[str]) -> str:
    return f" {float(match[1]) * _UNITS[match[2]]:.0f} "


def _is_seldom_a_word(number: str) -> bool:
    """True for more than 12 and for decimals, which no language is likely to spell out."""
    digits = number.removeprefix("-")
    return not digits.isdigit() or int(digits) > 12


def _list(numbers: Iterable[str]) -> str:
    return ", ".join(sorted(numbers))
