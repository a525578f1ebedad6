"""Signs of an eye emergency in a question: found by rules, without a model, so that nothing can talk them away."""

from __future__ import annotations

from clara.language.codes import SEVEN
from clara.language.detection import question_language
from clara.language.messages import say
from clara.safety.concepts import Reading, read, table
from clara.types import Question

_LATIN = ("en", "es", "pt", "fr", "fil", "hi")
_SURE = 0.75
"""Confidence of the language detection below which a text is read in every language with Latin letters."""


def red_flags(question: Question) -> tuple[str, ...]:
    """The red flags of a question, in the order of ``flags.toml``; none for an examination question.

    A question with options is taken for an examination question unless it speaks of the asker or of somebody of theirs.
    """
    found = {flag for language in _languages(question) for flag in _flags(read(question.text, language), question)}
    return tuple(flag for flag in table("flags") if flag in found)


def _flags(reading: Reading, question: Question) -> set[str]:
    if reading.exam or (question.options and not reading.personal):
        return set()
    return {flag for flag, sets in table("flags").items() if any(concepts <= reading.present for concepts in sets)}


def _languages(question: Question) -> tuple[str, ...]:
    """The languages to read a question in: its own, or all with Latin letters where a few words do not tell."""
    if question.language is not None:
        return (language_of(question),)
    found = question_language(question)
    unsure = found.code not in SEVEN or found.confidence < _SURE
    return tuple(dict.fromkeys((found.code if found.code in SEVEN else "en", *(_LATIN if unsure else ()))))


def language_of(question: Question) -> str:
    """The question's language, given or recognised; English where it is none of the seven."""
    code = question.language or question_language(question).code
    return code if code in SEVEN else "en"


def urgent_notice(question: Question) -> str:
    """The urgent-care line for a question in its own language, with first aid where seconds count; empty without a red
    flag."""
    flags = set(red_flags(question))
    if not flags:
        return ""
    language = language_of(question)
    parts = [say("urgent", language)]
    if "chemical_burn" in flags:
        parts.append(say("urgent_rinse", language))
    if "open_globe" in flags:
        parts.append(say("urgent_shield", language))
    return " ".join(parts)


def asks_personally(question: Question) -> bool:
    """True if somebody asks for a diagnosis, a medicine or a dose for themselves; a question about a patient does not."""
    return not question.options and any(read(question.text, language).advice for language in _languages(question))
