"""Signs of an eye emergency in a question: found by rules, without a model, so that nothing can talk them away."""

from __future__ import annotations

import re
from functools import lru_cache

from clara.language.codes import SEVEN
from clara.language.detection import detect_language, question_language
from clara.language.messages import say
from clara.language.text import sentences
from clara.safety.concepts import Reading, languages_of, pieces, read, table
from clara.safety.disguise import undisguised
from clara.types import Question

_WOUNDS = ("open_globe", "blast")
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")
_SURE = 0.75
"""Confidence of the language detection from which on a sentence counts as written in a language."""


def red_flags(question: Question) -> tuple[str, ...]:
    """The red flags of a question, in the order of ``flags.toml``; none for an examination question.

    The rules of all seven languages read the words as typed, whatever language the question is said to be in. A question
    with options is taken for an examination question unless it speaks of the asker or of somebody of theirs.
    """
    return _red_flags(question.text, bool(question.options))


@lru_cache(maxsize=512)
def _red_flags(text: str, has_options: bool) -> tuple[str, ...]:
    parts = pieces(undisguised(text))
    spoken = _spoken(text, parts)
    readings = {language: read(parts, language, spoken) for language in sorted(spoken) or SEVEN}
    if _is_academic([reading.context for reading in readings.values()], has_options):
        return ()
    flags: set[str] = set()
    for language in SEVEN:
        if language != "hi" or language in spoken or not spoken:
            flags |= _flags(readings.get(language) or read(parts, language, spoken))
    return tuple(flag for flag in table("flags") if flag in flags)


def _spoken(text: str, parts: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    """The languages that the text is written in, which may be several."""
    detections = [detect_language(text), *(detect_language(sentence) for sentence in sentences(text))]
    sure = {detected.code for detected in detections if detected.code in SEVEN and detected.confidence >= _SURE}
    return frozenset(sure) | languages_of(parts)


def _is_academic(contexts: list[frozenset[str]], has_options: bool) -> bool:
    """True for questions about patients and knowledge, unless they speak of the asker or of somebody of theirs."""
    if any("study" in context for context in contexts):
        return True
    if any("mine" in context for context in contexts):
        return False
    return any("exam" in context for context in contexts) or (
        has_options and not any("personal" in context for context in contexts)
    )


def _flags(reading: Reading) -> set[str]:
    return {flag for flag, sets in table("flags").items() if any(concepts <= reading.present for concepts in sets)}


def language_of(question: Question) -> str:
    """The question's language, given or recognised; English where it is none of the seven, ``hi-Latn`` where Hindi is
    written in Latin letters."""
    typed = question_language(question).code
    code = question.language or typed
    if code == typed == "hi" and not _DEVANAGARI.search(question.text):
        return "hi-Latn"
    return code if code in SEVEN else "en"


def urgent_notice(question: Question) -> str:
    """The urgent-care line for a question in its own language, with first aid where seconds count; empty without a red
    flag. It holds one instruction: a chemical is rinsed, gently where there is a wound; only a dry wound is shielded."""
    flags = set(red_flags(question))
    if not flags:
        return ""
    language = language_of(question)
    is_wound = not flags.isdisjoint(_WOUNDS)
    if flags == {"leukocoria"}:
        keys = ["urgent_soon"]
    elif "chemical_burn" in flags:
        keys = ["urgent_first", "urgent_rinse", *(["urgent_gently"] if is_wound else [])]
    elif is_wound:
        keys = ["urgent", "urgent_shield"]
    else:
        keys = ["urgent"]
    return " ".join(say(key, language) for key in keys)


def asks_personally(question: Question) -> bool:
    """True if somebody asks for a diagnosis, a medicine or a dose for themselves; a question about a patient does not."""
    if question.options:
        return False
    parts = pieces(undisguised(question.text))
    spoken = _spoken(question.text, parts)
    contexts = [read(parts, language, spoken).context for language in sorted(spoken) or SEVEN]
    return any("advice" in context and "vignette" not in context for context in contexts)
