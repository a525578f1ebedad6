"""What a question's text turns out to be: English already, or the English source with its translation behind it."""

from __future__ import annotations

import re

from clara.knowledge.glossary import Glossary
from clara.language.detection import detect_language
from clara.language.text import fold, sentences, words
from clara.types import Question

_SURE = 0.75
"""Least confidence of the detection that counts; a wrong guess here would leave a question untranslated."""
_FEWEST = 4
"""Words below which a text says too little about its language."""
_LIKE_LENGTH = 0.25
"""Least length of a text, as a share of its translation's."""


def is_already_english(question: Question, language: str, glossary: Glossary) -> bool:
    """True if a question that is labelled as another language stands in English, its options too."""
    if not reads_as_english(question.text):
        return False
    for option in question.options:
        for hint in glossary.lookup(option.text, language):
            if fold(hint.source) != fold(hint.english):
                return False
        if not option.text.isascii() and detect_language(option.text).code != "en":
            return False
    return True


def split_source(text: str, language: str) -> tuple[str, str] | None:
    """The English source and its translation where a text holds both, or None.

    Both orders are known: in published data sets the source stands before its translation or behind it, in a line or a
    sentence of its own. Both parts must be of like length and hold the same numbers.
    """
    parts = [line for line in text.splitlines() if line.strip()]
    if len(parts) < 2:
        parts = sentences(text)
    for cut in range(1, len(parts)):
        head, tail = " ".join(parts[:cut]).strip(), " ".join(parts[cut:]).strip()
        for source, other in ((head, tail), (tail, head)):
            if _is_source(source, other, language):
                return source, other
    return None


def _is_source(english: str, other: str, language: str) -> bool:
    """True if the first text is English and the second its translation into the language."""
    if not reads_as_english(english) or detect_language(other).code != language:
        return False
    shorter, longer = sorted((len(english), len(other)))
    return shorter >= _LIKE_LENGTH * longer and _digits(english) == _digits(other)


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", fold(text))


def without_echo(source: str, translated: str) -> str:
    """A translation without the source text that a model repeated before or behind it."""
    own = re.escape(source.strip())
    rest = re.sub(rf"\A\s*{own}\s*[:\-–—>=]*\s*|\s*[:\-–—>=(]*\s*{own}\s*\)?\s*\Z", "", translated.strip())
    is_translation = len(words(rest)) >= _FEWEST
    is_of_short_source = rest != "" and len(words(source)) < _FEWEST
    if is_translation or is_of_short_source:
        return rest
    return translated.strip()


def reads_as_english(text: str) -> bool:
    """True if a text of some length is English beyond doubt."""
    if len(words(text)) < _FEWEST:
        return False
    detection = detect_language(text)
    return detection.code == "en" and detection.confidence >= _SURE
