"""Word-by-word translation into English through the glossary: no grammar, but nothing a search needs is lost.

Numbers, units, Latin abbreviations and punctuation stay where they are; the longest known name wins; a word that nobody
knows stays as it is (Hindi words are spelled in Latin letters, since many are English terms in Devanagari).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from clara.backbone.extractive.cognates import HEARD, WRITTEN, Cognates
from clara.knowledge.glossary import TermGlossary
from clara.language.lexicon import NEGATIONS, SIDES
from clara.language.text import Word, fold, search_tokens, spans, words
from clara.language.translit import devanagari_to_latin

_UNITS = frozenset("mm cm m nm µm μm um mmhg mg g kg mcg ml l dl iu ui d h ms hz db kpa".split())
"""Unit symbols, which are the same in every language."""
_ENDINGS = {
    "hi": (),
    "es": ("o", "a", "e", "os", "as", "es", "ico", "ica"),
    "pt": ("o", "a", "e", "os", "as", "es", "ico", "ica"),
    "fr": ("e", "s", "es", "ique", "iques"),
}
"""Language to the endings that its cognates of English terms may have; Filipino takes English terms as they are."""
_LINKERS = {"fil": frozenset("ang ng na nang ay mga".split()), "zh": frozenset("的了是在和着")}


def _is_unit(found: Sequence[Word], at: int) -> bool:
    """True for a unit symbol behind a number."""
    return at > 0 and found[at].text in _UNITS and found[at - 1].text[0].isdigit()


class WordTranslator:
    """Translates with one glossary."""

    def __init__(self, glossary: TermGlossary) -> None:
        self._glossary = glossary
        self._known = self._english_words()
        self._spelled = frozenset(word for entry in glossary.entries for name in entry.names["en"] for word in words(name))
        self._cognates = Cognates(word for word in self._spelled if word.isascii() and word.isalpha())

    def _english_words(self) -> frozenset[str]:
        return frozenset(
            token for entry in self._glossary.entries for name in entry.names["en"] for token in search_tokens(name)
        )

    def translate(self, text: str, language: str) -> str:
        """The text with every known name in English."""
        if language == "en":
            return text
        text = unicodedata.normalize("NFC", text)
        found = spans(text)
        pieces: list[str] = []
        at, word = 0, 0
        matches = {match.start: match for match in self._glossary.matches(found, language)}
        while word < len(found):
            match = matches.get(word)
            end = match.end if match else word + 1
            between = text[at : found[word].start]
            pieces.append(between if language != "zh" or between.strip() else " ")
            if match and not _is_unit(found, word):
                pieces.append(match.entry.english)
            else:
                pieces.append(self._unknown(text[found[word].start : found[word].end], found[word].text, language))
            if language == "zh":
                pieces.append(" ")
            at, word = found[end - 1].end, end
        pieces.append(text[at:])
        return re.sub(r"[ \t]+", " ", "".join(pieces)).strip()

    def _unknown(self, surface: str, folded: str, language: str) -> str:
        if folded in NEGATIONS.get(language, frozenset()):
            return "not"
        for side, table in SIDES.items():
            if folded in table.get(language, frozenset()):
                return side
        if folded in _LINKERS.get(language, frozenset()):
            return ""
        if re.fullmatch(r"\d+,\d{1,2}", surface) and language in ("es", "pt", "fr"):
            return surface.replace(",", ".")
        latin = devanagari_to_latin(surface)
        if language not in _ENDINGS or (latin == surface and language == "hi") or fold(latin) in self._spelled:
            return latin
        least = HEARD if language == "hi" else WRITTEN
        return self._cognates.find(fold(latin), least, _ENDINGS[language]) or latin

    def coverage(self, english: str) -> float:
        """Share of the content words that the glossary knows; 1 for a text with none."""
        tokens = [token for token in search_tokens(english) if not token[0].isdigit()]
        return sum(token in self._known for token in tokens) / len(tokens) if tokens else 1.0
