"""Which language is a text in? By script, then by small words and letters, then by the statistics of py3langid.

Small words need no model and are exact for questions of a line or more; they know Hindi in Latin letters and Filipino mixed
with English, which general-purpose detectors do not. Short phrases, and languages outside the seven, are left to the
statistics wherever the small words leave room. The words and letters are data: ``detection.toml``.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from clara.language.codes import LANGUAGES, SEVEN
from clara.language.identifier import log_probabilities
from clara.language.text import fold, script_counts, spans
from clara.types import Question


@dataclass(frozen=True, slots=True)
class Detection:
    """A language code, how sure it is (0 to 1), and whether Hindi is written in Latin letters."""

    code: str
    confidence: float
    romanised: bool = False
    is_tie: bool = False
    """True if another language is as likely, and neither is the preferred one."""


UNKNOWN = "und"
"""ISO 639-2 code for "undetermined"."""

_ONE_LANGUAGE = {
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "KHMER": "km",
    "LAO": "lo",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
"""Scripts that stand for one language here."""
_OWN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzáéíóúüñçàâêîôûëïœæùèÿãõìò")
"""Latin letters of the seven languages."""
_FRENCH_ARTICLE = re.compile("[lLdD]'|l’")
_CLEAR_LEAD = 2.0
"""Points by which small words must lead to settle the language without the statistics."""
_STATISTICS_WEIGHT = 0.6
"""What a factor of e in probability counts, in points of small words."""
_MOST_WRITTEN = 0.66
"""What the language that most texts of a script are in has before the others: a factor of three in probability."""
_TIE = 0.25
"""Languages closer than this many points are equal: then the preferred one is taken."""
_SENTENCE_WORDS = 4
"""So many words are a sentence rather than a term."""
_LEAST_PROBABILITY = math.log(0.5)
"""How likely a language must be where no small word speaks for any; below it the text counts as bare terms."""


_UNKNOWN_TO_STATISTICS = frozenset({"hi", "ha", "ig", "yo", "wo"})
"""Languages in Latin letters that py3langid does not know; Hindi is written so, too."""
_UNKNOWN_PROBABILITY = math.log(0.3)


@dataclass(frozen=True, slots=True)
class _Profile:
    words: frozenset[str]
    letters: frozenset[str]


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _latin_profiles() -> dict[str, _Profile]:
    return _profiles(_tables()["latin"])


@lru_cache(maxsize=8)
def _shared_profiles(script: str) -> dict[str, _Profile]:
    return _profiles(_tables()["shared"][script])


def _profiles(table: dict[str, Any]) -> dict[str, _Profile]:
    letters = table.get("letters", {})
    profiles: dict[str, _Profile] = {}
    for code, text in table["words"].items():
        profiles[code] = _Profile(frozenset(text.split()), frozenset(letters.get(code, "")))
    return profiles


def detect_language(text: str, prefer: str | None = None) -> Detection:
    """Recognise the language of a text; ``und`` with confidence 0 if it has no letters or nothing speaks for any.

    Args:
        text: in any script.
        prefer: the language to take where several are equally likely, such as that of the user's interface.
    """
    counts = script_counts(unicodedata.normalize("NFC", text))
    total = sum(counts.values())
    if not total:
        return Detection(UNKNOWN, 0.0)
    latin = counts.pop("LATIN", 0)
    for script, count in counts.most_common(1):
        # Questions in other scripts often carry Latin terms: a quarter of the letters is enough.
        if count >= 0.25 * total or not latin:
            code, is_tie = _language_of_script(script, counts, text, prefer)
            confidence = round(min(1.0, 0.5 + count / total), 3)
            if code == UNKNOWN:
                confidence = 0.0
            return Detection(code, confidence, is_tie=is_tie)
    return _latin(text, prefer)


def question_language(question: Question, prefer: str | None = None) -> Detection:
    """The language of a question: of its stem, and of stem and options together where the stem says nothing."""
    detection = detect_language(question.text, prefer)
    if detection.code != UNKNOWN and detection.confidence > 0:
        return detection
    return detect_language("\n".join((question.text, *(option.text for option in question.options))), prefer)


def _language_of_script(script: str, counts: Counter[str], text: str, prefer: str | None) -> tuple[str, bool]:
    """The language, and whether another one is as likely."""
    if script == "CJK":
        has_kana = counts["HIRAGANA"] + counts["KATAKANA"] > 0
        if has_kana or any(map(_is_japanese_form, text)):
            return "ja", False
        return "zh", False
    if script in _tables()["shared"]:
        return _shared_script(script, text, prefer)
    return _ONE_LANGUAGE.get(script, UNKNOWN), False


@lru_cache(maxsize=4096)
def _is_japanese_form(char: str) -> bool:
    """True for a character of JIS X 0208 that stands in neither GB 2312 nor Big5: a form that Chinese does not write."""
    if not unicodedata.name(char, "").startswith("CJK UNIFIED"):
        return False
    if _encodes(char, "gb2312") or _encodes(char, "big5"):
        return False
    return _encodes(char, "euc_jp")


def _encodes(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _shared_script(script: str, text: str, prefer: str | None) -> tuple[str, bool]:
    profiles = _shared_profiles(script)
    words = [word.surface.casefold() for word in spans(text)]
    points: dict[str, float] = {}
    for code, profile in profiles.items():
        points[code] = 2.0 * _count(words, profile.words) + _count(text, profile.letters)
    ranked = sorted(points.values(), reverse=True)
    if ranked[0] - ranked[1] < _CLEAR_LEAD:
        for code, log_probability in log_probabilities(text, points).items():
            points[code] += _STATISTICS_WEIGHT * log_probability
    points[_tables()["shared"][script]["default"]] += _MOST_WRITTEN
    best = _best(points, prefer)
    return best, _is_tied(points, best, prefer)


def _count(parts: Iterable[str], members: frozenset[str]) -> int:
    """How many of the words or characters are among the members."""
    return sum(part in members for part in parts)


def _latin(text: str, prefer: str | None) -> Detection:
    """Small words and letters; the statistics decide between languages that these leave close together."""
    points = _points(text)
    best = max(points, key=points.__getitem__)
    if best == "en" and _is_mixed(points):
        mixed = max(("fil", "hi"), key=points.__getitem__)
        return Detection(mixed, _confidence(points, mixed), romanised=mixed == "hi")
    if _is_clear(points, best) and _is_own_alphabet(text):
        return _detection(points, best, prefer)
    common_words = _without_names(text)
    log_likely = log_probabilities(common_words, _latin_codes())
    combined = _with_statistics(points, log_likely)
    if points[best] > 0:
        return _detection(combined, _best(combined, prefer), prefer)
    if max(log_likely.values()) < _LEAST_PROBABILITY:
        return Detection(prefer or _language_of_terms(common_words), 0.0)
    best = _best(combined, prefer)
    if best not in SEVEN and common_words.isascii() and len(spans(text)) < _SENTENCE_WORDS:
        return Detection("en", 0.0)  # bare Latin and Greek terms resemble Italian, Romanian and others
    return _detection(combined, best, prefer)


def _detection(points: dict[str, float], best: str, prefer: str | None) -> Detection:
    return Detection(best, _confidence(points, best), romanised=best == "hi", is_tie=_is_tied(points, best, prefer))


def _is_tied(points: dict[str, float], best: str, prefer: str | None) -> bool:
    """True if another language is as likely as the best, which is not the preferred one."""
    if best == prefer:
        return False
    return points[best] - _rival(points, best) < _TIE


def _is_clear(points: dict[str, float], best: str) -> bool:
    """True if small words and letters alone settle the language."""
    rival = _rival(points, best)
    return points[best] - rival >= _CLEAR_LEAD and points[best] >= 2 * rival


def _rival(points: dict[str, float], best: str) -> float:
    """The points of the language next to the best."""
    return max(points[code] for code in points if code != best)


def _language_of_terms(common_words: str) -> str:
    """English for bare terms in plain letters, else unknown."""
    if common_words.isascii():
        return "en"
    return UNKNOWN


def _with_statistics(points: dict[str, float], log_likely: dict[str, float]) -> dict[str, float]:
    """Points and statistics together. A language that the statistics do not know needs words of its own to stay."""
    combined: dict[str, float] = {}
    for code in {**points, **log_likely}:
        own = points.get(code, 0.0)
        if code not in _UNKNOWN_TO_STATISTICS:
            combined[code] = own + _STATISTICS_WEIGHT * log_likely[code]
        elif own:
            combined[code] = own + _STATISTICS_WEIGHT * _UNKNOWN_PROBABILITY
    return combined


def _points(text: str) -> dict[str, float]:
    """Points of each language in Latin letters, by its small words and its letters."""
    profiles = _latin_profiles()
    points = dict.fromkeys(profiles, 0.0)
    for word in spans(text):
        spelled = word.surface.casefold()
        exact = [code for code, profile in profiles.items() if spelled in profile.words]
        for code in exact:
            points[code] += 1.0
        if not exact:  # accents are often left out, but a language that needs none is likelier
            for code in profiles:
                points[code] += 0.5 * (word.text in _folded_words(code))
        if word.surface[:1].islower():
            for code, profile in profiles.items():
                points[code] += _count(word.surface, profile.letters)
    for sign in "¿¡":
        points["es"] += 3.0 * (sign in text)
    if _FRENCH_ARTICLE.search(text):
        points["fr"] += 1.0
    return points


@lru_cache(maxsize=32)
def _folded_words(code: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _latin_profiles()[code].words)


def _is_mixed(points: dict[str, float]) -> bool:
    """True for Filipino or Hindi with terms in English, which bring English small words with them."""
    mixed = max(points["fil"], points["hi"])
    return mixed >= max(3, 0.5 * points["en"])


def _is_own_alphabet(text: str) -> bool:
    """True if the words that are no names have letters of the seven languages only."""
    for word in spans(text):
        if not word.surface.istitle():
            foreign = set(word.surface.casefold()) - _OWN_LETTERS
            if any(map(str.isalpha, foreign)):
                return False
    return True


def _without_names(text: str) -> str:
    """The text with capitalised words in plain letters: an eponym's accents are those of its bearer's language."""
    plain: list[str] = []
    for word in text.split():
        if word[:1].isupper():
            plain.append(fold(word))
        else:
            plain.append(word.lower())
    return " ".join(plain)


@lru_cache(maxsize=1)
def _latin_codes() -> tuple[str, ...]:
    return tuple(code for code, language in LANGUAGES.items() if language.script == "Latn")


def _best(points: dict[str, float], prefer: str | None) -> str:
    best = max(points, key=points.__getitem__)
    if prefer in points and points[best] - points[prefer] < _TIE:
        return prefer
    return best


def _confidence(points: dict[str, float], best: str) -> float:
    """How sure the best is: its share of its points and the rival's, or the odds of its lead where that is more."""
    rival = _rival(points, best)
    confidence = 1 / (1 + math.exp(rival - points[best]))
    if rival >= 0 and points[best] > 0:
        confidence = max(confidence, points[best] / (points[best] + rival))
    return round(confidence, 3)
