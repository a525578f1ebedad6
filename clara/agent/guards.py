"""Deterministic guards: what a translation must not lose or change. No model is asked.

Each guard returns flags, short English phrases that are shown to the translator on its second attempt. They are written
to be quiet on good human translations: numbers may be spelled out, a negation may move from one word to another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clara.lexicon import NEGATIONS, SIDES, negated
from clara.text import fold, words
from clara.types import Option

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS: dict[str, str] = {
    word: digits
    for digits, names in {
        "0": "zero cero sero shunya 零 शून्य",
        "1": "one uno una um uma un une isa isang ek 一 एक first primer primeiro premier",
        "2": "two dos dois duas deux dalawa dalawang do 二 两 दो second",
        "3": "three tres trois tatlo tatlong teen 三 तीन third",
        "4": "four cuatro quatro quatre apat char 四 चार",
        "5": "five cinco cinq lima limang panch paanch 五 पांच पाँच",
        "6": "six seis anim chhah chhe 六 छह छः",
        "7": "seven siete sete sept pito pitong saat 七 सात",
        "8": "eight ocho oito huit walo walong aath 八 आठ",
        "9": "nine nueve nove neuf siyam nau 九 नौ",
        "10": "ten diez dez dix sampu sampung das 十 दस",
        "12": "twelve doce doze douze labindalawa barah 十二 बारह",
        "20": "twenty veinte vinte vingt dalawampu bees 二十 बीस",
        "100": "hundred cien cem cent sandaan sau 百 सौ",
        "50": "half mitad metade moitie kalahati aadha 半 आधा",
    }.items()
    for word in names.split()
}


def check_translation(
    stem: str, options: Sequence[Option], english_stem: str, english_options: Sequence[Option], language: str
) -> tuple[str, ...]:
    """Everything the guards find wrong with an English translation; empty if nothing.

    Args:
        stem, options: the original.
        english_stem, english_options: the translation; options in the original's order.
        language: code of the original's language.
    """
    flags = [
        *_options(options, english_options),
        *_numbers("the question", stem, english_stem),
        *_sides("the question", stem, english_stem, language),
        *_negation("the question", stem, english_stem, language),
        *_echo(stem, english_stem, language),
    ]
    pairs = {option.label: option.text for option in english_options}
    for option in options:
        translated = pairs.get(option.label, "")
        if translated.strip():
            where = f"option {option.label}"
            flags += _numbers(where, option.text, translated)
            flags += _sides(where, option.text, translated, language)
            flags += _negation(where, option.text, translated, language)
    return tuple(flags)


def check_localisation(english: str, localized: str) -> tuple[str, ...]:
    """What the answer lost on its way into the asker's language: numbers and citation marks."""
    flags = list(_numbers("the answer", english, localized))
    if Counter(re.findall(r"\[\d+\]", english)) != Counter(re.findall(r"\[\d+\]", localized)):
        flags.append("a citation mark was lost or changed")
    return tuple(flags)


def _options(options: Sequence[Option], english: Sequence[Option]) -> list[str]:
    if [o.label for o in options] != [o.label for o in english]:
        return ["the option letters changed"]
    empty = [e.label for o, e in zip(options, english, strict=True) if o.text.strip() and not e.text.strip()]
    flags = [f"option {label} is missing" for label in empty]
    originals = {fold(option.text) for option in options}
    filled = [fold(option.text) for option in english if option.text.strip()]
    if len(originals) == len(options) and len(set(filled)) < len(filled):
        flags.append("two options became the same")
    return flags


def numbers(text: str) -> Counter[str]:
    """Numbers written in digits, in one notation: ASCII digits, decimal point, no thousands mark."""
    return Counter(_canonical(match) for match in _NUMBER.findall(fold(text)))


def _canonical(number: str) -> str:
    parts = re.split(r"[.,]", number)
    if len(parts) > 1 and all(len(part) == 3 for part in parts[1:]) and parts[0] != "0":
        return "".join(parts)
    value = parts[0] if len(parts) == 1 else f"{''.join(parts[:-1])}.{parts[-1]}"
    whole, _, fraction = value.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def _spelled(text: str) -> set[str]:
    return {_NUMBER_WORDS[word] for word in words(text) if word in _NUMBER_WORDS}


def _numbers(where: str, source: str, target: str) -> Iterable[str]:
    before, after = numbers(source), numbers(target)
    for number in before - after:
        if number not in _spelled(target):
            yield f"the number {number} of {where} is missing"
    for number in after - before:
        if number not in _spelled(source):
            yield f"the number {number} in {where} is not in the original"


def _sides(where: str, source: str, target: str, language: str) -> Iterable[str]:
    found, made = set(words(source)), set(words(target))
    for side, table in SIDES.items():
        had = bool(found & table.get(language, frozenset()))
        has = bool(made & {side})
        if language in table and had != has and not (side == "right" and has):  # "right" also means correct
            yield f"{side} was {'lost' if had else 'added'} in {where}"


def _negation(where: str, source: str, target: str, language: str) -> Iterable[str]:
    if language not in NEGATIONS:
        return
    had, has = negated(source, language), negated(target, "en")
    if had != has:
        yield f"the negation of {where} was {'lost' if had else 'added'}"


def _echo(stem: str, english_stem: str, language: str) -> Iterable[str]:
    """The translation is the source again although the source is not English."""
    if language != "en" and fold(stem).strip() == fold(english_stem).strip() and len(words(stem)) > 4:
        yield "the question was not translated"
