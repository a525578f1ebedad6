"""Deterministic guards: what a translation must not lose or change. No model is asked.

Each guard returns flags, short English phrases that are shown to the translator on its second attempt. They are written
to be quiet on good human translations: numbers may be spelled out, units converted, a negation may move from one word to
another.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clara.agent.guards import alignment, names, polarity, quantities, questions, sides
from clara.knowledge.glossary import Glossary, shipped_glossary
from clara.language.lexicon import NEGATIONS
from clara.language.marks import marked_numbers
from clara.language.text import fold, words
from clara.types import Option, labels_of, texts_by_letter

_FORMAL = re.compile(r"[\sA-Ja-jIVXivx0-9:;,.()/\-–→+]*[:;,/\-–→]\s*[\sA-Ja-jIVXivx0-9:;,.()/\-–→+]*")


def check_translation(
    stem: str,
    options: Sequence[Option],
    english_stem: str,
    english_options: Sequence[Option],
    language: str,
    glossary: Glossary | None = None,
) -> tuple[str, ...]:
    """Everything the guards find wrong with an English translation; empty if nothing.

    Args:
        stem, options: the original.
        english_stem, english_options: the translation; options in the original's order.
        language: code of the original's language.
        glossary: knows terms and drugs in other languages; the one that ships if not given.
    """
    languages = (language, "en")
    glossary = glossary or shipped_glossary()
    flags = [
        *_options(options, english_options),
        *_content("the question", stem, english_stem, languages, glossary),
        *_echo(stem, english_stem, language),
        *questions.compare(stem, english_stem),
        *alignment.compare(options, english_options, language, glossary),
    ]
    translations = texts_by_letter(english_options)
    for option in options:
        translated = translations.get(option.label, "")
        if translated.strip():
            where, context = f"option {option.label}", (stem, english_stem)
            flags += _content(where, option.text, translated, languages, glossary, context)
    return tuple(flags)


def check_localisation(
    english: str, localized: str, language: str | None = None, glossary: Glossary | None = None
) -> tuple[str, ...]:
    """What the answer lost on its way into the asker's language.

    Numbers, units and citation marks are always compared; negations, sides and drug names too where ``language`` is given.
    """
    languages = ("en", language or "en")
    flags = list(quantities.compare("the answer", english, localized, languages))
    if language in NEGATIONS:
        flags += polarity.compare("the answer", english, localized, languages)
        flags += sides.compare("the answer", english, localized, languages)
        flags += names.compare("the answer", english, localized, languages, glossary or shipped_glossary())
    if Counter(marked_numbers(english)) != Counter(marked_numbers(localized)):
        flags.append("a citation mark was lost or changed")
    return tuple(flags)


def _content(
    where: str,
    source: str,
    target: str,
    languages: tuple[str, str],
    glossary: Glossary,
    context: tuple[str, str] = ("", ""),
) -> Iterable[str]:
    if is_formal(source):
        if _key(source) != _key(target):
            yield f"the letters and numerals of {where} changed"
        return
    yield from quantities.compare(where, source, target, languages)
    yield from sides.compare(where, source, target, languages)
    if languages[0] in NEGATIONS:
        yield from polarity.compare(where, source, target, languages)
    yield from names.compare(where, source, target, languages, glossary, context)


def is_formal(text: str) -> bool:
    """True for an option that only pairs letters and numerals, such as ``I: B; II: A``, and is the same in every
    language."""
    return _FORMAL.fullmatch(text) is not None and re.search(r"[A-Za-z]", text) is not None


def _key(text: str) -> str:
    return re.sub(r"[\W_]", "", fold(text))


def _options(options: Sequence[Option], english: Sequence[Option]) -> list[str]:
    if labels_of(options) != labels_of(english):
        return ["the option letters changed"]
    flags: list[str] = []
    translations: list[str] = []
    for option, translated in zip(options, english, strict=True):
        if translated.text.strip():
            translations.append(translated.text)
        elif option.text.strip():
            flags.append(f"option {option.label} is missing")
    originals = [option.text for option in options]
    if _are_distinct(originals) and not _are_distinct(translations):
        flags.append("two options became the same")
    return flags


def _are_distinct(texts: Sequence[str]) -> bool:
    return len(set(map(fold, texts))) == len(texts)


def _echo(stem: str, english_stem: str, language: str) -> Iterable[str]:
    """The translation is the source again although the source is not English."""
    is_same = fold(stem).strip() == fold(english_stem).strip()
    if is_same and language != "en" and len(words(stem)) > 4:
        yield "the question was not translated"
