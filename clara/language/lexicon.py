"""Small words that turn a question round: negations, requests for the exception, right and left.

Kept here and not in the glossary, because guards must not change when somebody edits a term.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from clara.language.text import fold, words

WORD_CHARACTER = r"[\w\u0900-\u097F]"
"""For edges of words in patterns: ``\\b`` would split Devanagari words at their vowel signs."""

NEGATIONS: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        "not no except incorrect false wrong never without least neither nor none cannot unrelated untrue isn doesn don "
        "excluding exception inappropriate unlikely contraindicated inadequate absent absence lack lacks fails".split()
    ),
    "es": frozenset(
        "no excepto salvo incorrecta incorrecto incorrectas falsa falso erronea erroneo nunca sin menos ni ningun ninguna "
        "ninguno inadecuada contraindicado contraindicada ausencia exceptuando jamas".split()
    ),
    "pt": frozenset(
        "nao exceto excepto salvo incorreta incorreto incorretas falsa falso errada errado nunca sem menos nem nenhum "
        "nenhuma inadequada contraindicado contraindicada ausencia jamais".split()
    ),
    "fr": frozenset(
        "ne n pas sauf excepte incorrecte incorrect incorrectes fausse faux erronee jamais sans moins ni aucun aucune non "
        "exception inappropriee absence".split()
    ),
    "fil": frozenset(
        "hindi di maliban mali maling wala walang huwag kailanman not except incorrect false without no bukod".split()
    ),
    "hi": frozenset(
        "नहीं नही न ना सिवाय छोड़कर गलत ग़लत असत्य अलावा बिना "
        "कभी अतिरिक्त असंगत nahi nahin nahim na galat asatya sivay sivaye chhodkar "
        "chodkar bina alava alawa atirikt not except incorrect false no without".split()
    ),
    "zh": frozenset(["不", "非", "除", "错误", "错", "无", "没", "未", "否", "勿", "禁忌"]),
}
"""Folded words that negate or ask for the exception."""

SIDES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "right": {
        "en": frozenset("right dextro od".split()),
        "es": frozenset("derecho derecha derechos derechas dcho".split()),
        "pt": frozenset("direito direita direitos direitas".split()),
        "fr": frozenset("droit droite droits droites".split()),
        "fil": frozenset("kanan kanang right".split()),
        "hi": frozenset(
            "दाहिना दाहिने दाहिनी दाएं दायां दायीं दाईं दायें दाएँ दायाँ "
            "daayin dahine daahine daayen dayen dayan daaen daayan dahini right".split()
        ),
        "zh": frozenset("右".split()),
    },
    "left": {
        "en": frozenset("left levo os".split()),
        "es": frozenset("izquierdo izquierda izquierdos izquierdas izdo".split()),
        "pt": frozenset("esquerdo esquerda esquerdos esquerdas".split()),
        "fr": frozenset("gauche gauches".split()),
        "fil": frozenset("kaliwa kaliwang left".split()),
        "hi": frozenset("बायां बाएं बायीं बाईं बायें बाएँ बायाँ बायाँ baayen bayen baayin bayan baen baaen baayan left".split()),
        "zh": frozenset("左".split()),
    },
}
"""Side to language code to its folded words; the first English word is the usual one."""

_EXCEPTION = re.compile(
    r"\b(except|excepting|incorrect|false|wrong|untrue|least likely|exception|not (?:a |an |the |one )?"
    r"(?:true|correct|typical|characteristic|associated|found|part|include[sd]?|seen|used|indicated|expected)|"
    r"(?:is|are|does|do|would|should|can|cannot|must) not|contraindicated)\b"
)


def negated(text: str, language: str) -> bool:
    """True if a word of ``text`` negates or asks for the exception."""
    if language == "zh":
        return any(mark in text for mark in NEGATIONS["zh"])
    return bool(set(words(text)) & NEGATIONS.get(language, NEGATIONS["en"]))


def asks_for_exception(stem: str) -> bool:
    """True if an English stem asks for the option that does not fit."""
    return _EXCEPTION.search(fold(stem)) is not None
