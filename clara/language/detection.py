"""Which language is a text in? By script first, then by the small words that every sentence of a language has.

Small-word profiles need no model and are exact enough for questions of a line or more. They know Hindi in Latin letters
and Filipino mixed with English, which general-purpose detectors do not.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from clara.language.text import words
from clara.types import Question


@dataclass(frozen=True, slots=True)
class Detection:
    """A language code, how sure it is (0 to 1), and whether Hindi is written in Latin letters."""

    code: str
    confidence: float
    romanised: bool = False


UNKNOWN = "und"
"""ISO 639-2 code for "undetermined"."""

_SCRIPTS = {
    "ARABIC": "ar",
    "BENGALI": "bn",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
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
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
    "CJK": "zh",
}

_PROFILES: dict[str, str] = {
    "en": "the of is are which what in and to a an with for by on not following from that it this does do how why most "
    "correct be as or has have can about statement regarding except",
    "es": "el la los las de del en es son que y un una cual cuales con para por no se como al su sobre correcta siguiente "
    "siguientes lo mas respecto entre ojo esta afirmar puede cuando donde porque tratamiento",
    "pt": "o a os as do da dos das de em e um uma que qual quais com para por nao se como ao na no nas nos sobre correta "
    "seguinte seguintes sao mais ou olho afirmar pode quando onde esta assinale alternativa",
    "fr": "le la les de des du en est sont que et un une quel quelle quelles avec pour par ne pas se comme au aux sur "
    "correcte suivant suivante suivantes plus dans ou oeil peut quand concernant cette parmi propos qui",
    "fil": "ang ng mga sa na ay alin ano anong sumusunod tungkol at o hindi ito para kung may isang nito bahagi mata tama "
    "mali sagot ba nang kapag saan bakit paano siya niya kaniyang piliin",
    "hi": "hai hain ka ki ke ko mein me se aur kya kaun kaunsa kis ka nahi nahin yah ye yeh iska iske iski sahi galat "
    "ek par jo hota hoti hote tatha liye baare uttar chuniye nimnlikhit nimnalikhit mem bhi kar nahim",
    "de": "der die das und ist sind welche welcher was ein eine mit fur von nicht im auf den dem bei wie zu auge wird oder",
    "it": "il lo gli di del della e sono quale quali che con per non si come nel nella sul e un una occhio piu seguenti",
    "nl": "de het een van en is zijn welke wat met voor niet in op bij hoe oog wordt of",
    "ro": "si este sunt care ce cu pentru nu in la din o un cea mai ochi despre",
    "pl": "jest sa ktory ktora ktore co z na nie w do sie jak oko oraz przez",
    "tr": "ve bir bu hangi nedir ile icin degil goz olan en da de mi",
    "vi": "la cua va cac nao gi trong khong mot nhung mat duoc co cho benh",
    "id": "yang dan adalah di dari pada dengan untuk tidak apa mana mata ini itu atau",
    "sw": "ya na wa ni katika kwa gani nini si jicho au kuwa",
    "sv": "och ar vilken vad som en ett med for inte pa av i oga",
    "ig": "na nke gini bu ka anya n ndi",
    "yo": "ni ti awon kini ati fun oju wo",
}


@lru_cache(maxsize=1)
def _profiles() -> dict[str, frozenset[str]]:
    return {code: frozenset(text.split()) for code, text in _PROFILES.items()}


def detect_language(text: str) -> Detection:
    """Recognise the language of a text; ``und`` with confidence 0 if nothing speaks for any."""
    scripts = _scripts(text)
    total = sum(scripts.values())
    if not total:
        return Detection(UNKNOWN, 0.0)
    other = {script: count for script, count in scripts.items() if script != "LATIN"}
    if other:
        script, count = max(other.items(), key=lambda item: item[1])
        # Questions in other scripts often carry Latin terms: a quarter of the letters is enough to tell.
        if count >= 0.25 * total or scripts.get("LATIN", 0) == 0:
            kana = scripts.get("HIRAGANA", 0) + scripts.get("KATAKANA", 0)
            code = "ja" if script == "CJK" and kana else _SCRIPTS.get(script, UNKNOWN)
            return Detection(code, round(min(1.0, 0.5 + count / total), 3))
    return _latin(text)


def question_language(question: Question) -> Detection:
    """The language of a question: of its stem, and of stem and options together where the stem says nothing."""
    found = detect_language(question.text)
    if found.code == UNKNOWN or found.confidence == 0:
        return detect_language("\n".join((question.text, *(option.text for option in question.options))))
    return found


def _scripts(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for char in text:
        if char.isalpha():
            counts[unicodedata.name(char, "?").split(" ")[0].split("-")[0]] += 1
    return counts


def _latin(text: str) -> Detection:
    """Share of small words; where English is close to Filipino or Hindi the other wins, because terms are English there."""
    found = words(text)
    scores = {code: sum(word in profile for word in found) for code, profile in _profiles().items()}
    if _has(text, "ãõ"):
        scores["pt"] += 2
    if _has(text, "ñ¿¡"):
        scores["es"] += 3
    if _has(text, "œùèê") or "l'" in text.lower() or "l’" in text:
        scores["fr"] += 1
    if _has(text, "ßäöü"):
        scores["de"] += 1
    best = max(scores, key=lambda code: scores[code])
    if scores[best] == 0:
        return Detection("en" if text.isascii() else UNKNOWN, 0.0)
    if best == "en":
        mixed = max(("fil", "hi"), key=lambda code: scores[code])
        if scores[mixed] >= 3 and scores[mixed] >= 0.5 * scores["en"]:
            best = mixed
    rival = max((score for code, score in scores.items() if code != best), default=0)
    confidence = scores[best] / (scores[best] + rival)
    return Detection(best, round(confidence, 3), romanised=best == "hi")


def _has(text: str, characters: str) -> bool:
    return any(char in text.lower() for char in characters)
