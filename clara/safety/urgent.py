"""Signs of an eye emergency in a question: found by rules, without a model, so that nothing can talk them away."""

from __future__ import annotations

import re
from functools import lru_cache

from clara.language.codes import SEVEN
from clara.language.detection import detect_language, question_language
from clara.language.messages import say
from clara.language.text import sentences
from clara.safety.clauses import Pieces, pieces
from clara.safety.concepts import LOOSE, READ, languages_of, made_up, names_signs, read, table
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
    if _is_academic(_contexts(parts, spoken), has_options):
        return ()
    flags: set[str] = set()
    for language in _languages_to_read(parts, spoken):
        flags |= made_up("flags", read(parts, language, spoken).present)
    return tuple(flag for flag in table("flags") if flag in flags)


def _languages_to_read(parts: Pieces, spoken: frozenset[str]) -> list[str]:
    """English, and the languages in whose words the text names a sign; Latin letters are Hindi or Chinese only where most
    of its words are."""
    languages = ["en"]
    closed = {"en"}
    if spoken:
        closed.update(LOOSE.difference(spoken))
    for language in READ:
        if language not in closed and names_signs(parts, language):
            languages.append(language)
    return languages


def _contexts(parts: Pieces, spoken: frozenset[str]) -> list[frozenset[str]]:
    contexts: list[frozenset[str]] = []
    for language in sorted(spoken) or SEVEN:
        contexts.append(read(parts, language, spoken).context)
    return contexts


def _spoken(text: str, parts: Pieces) -> frozenset[str]:
    """The languages that the text is written in, which may be several; where two know as many of its words, the one that
    the small words and letters speak for."""
    sure: set[str] = set()
    for piece in {text.strip(), *sentences(text)}:
        detected = detect_language(piece)
        if detected.code in SEVEN and detected.confidence >= _SURE:
            sure.add(detected.code)
    counted = languages_of(parts)
    if counted.isdisjoint(sure):
        return frozenset(sure) | counted
    return frozenset(sure)


def _is_academic(contexts: list[frozenset[str]], has_options: bool) -> bool:
    """True for questions about patients and knowledge, unless they speak of the asker or of somebody of theirs."""
    entries = frozenset[str]().union(*contexts)
    if "study" in entries:
        return True
    if "mine" in entries:
        return False
    return "exam" in entries or (has_options and "personal" not in entries)


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
    elif "chemical_burn" in flags and is_wound:
        keys = ["urgent_first", "urgent_rinse", "urgent_gently"]
    elif "chemical_burn" in flags:
        keys = ["urgent_first", "urgent_rinse"]
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
    for context in _contexts(parts, _spoken(question.text, parts)):
        if "advice" in context and "vignette" not in context:
            return True
    return False
