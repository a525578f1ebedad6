"""Word-by-word translation into English through the glossary: no grammar, but nothing a search needs is lost.

Numbers, units, Latin abbreviations and punctuation stay where they are; the longest known name wins; a word that nobody
knows stays as it is (Hindi words are spelled in Latin letters, since many are English terms in Devanagari).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain

from clara.backbone.extractive.cognates import HEARD, WRITTEN, Cognates
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
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
_WITH_DECIMAL_COMMA = frozenset(("es", "pt", "fr"))


def _small_words() -> dict[str, dict[str, str]]:
    """Language to its words that the glossary leaves out, each with its English: negations, sides, linkers."""
    tables: dict[str, dict[str, str]] = {}
    for language in SEVEN:
        table = dict.fromkeys(_LINKERS.get(language, ()), "")
        for side in reversed(list(SIDES)):
            table |= dict.fromkeys(SIDES[side].get(language, ()), side)
        tables[language] = table | dict.fromkeys(NEGATIONS.get(language, ()), "not")
    return tables


_SMALL_WORDS = _small_words()


def _gap(between: str, language: str) -> str:
    """What stands between two words; Chinese has no space there, English has."""
    if language == "zh" and not between.strip():
        return " "
    return between


def _is_unit(words: Sequence[Word], at: int) -> bool:
    """True for a unit symbol behind a number."""
    return at > 0 and words[at].text in _UNITS and words[at - 1].text[0].isdigit()


class WordTranslator:
    """Translates with one glossary."""

    def __init__(self, glossary: TermGlossary) -> None:
        self._glossary = glossary
        names = list(chain.from_iterable(entry.names["en"] for entry in glossary.entries))
        self._known = frozenset(chain.from_iterable(map(search_tokens, names)))
        self._spelled = frozenset(chain.from_iterable(map(words, names)))
        self._cognates = Cognates(filter(re.compile("[a-z]+").fullmatch, self._spelled))

    def translate(self, text: str, language: str) -> str:
        """The text with every known name in English."""
        if language == "en":
            return text
        text = unicodedata.normalize("NFC", text)
        text_words = spans(text)
        pieces: list[str] = []
        at, place = 0, 0
        matches = {match.start: match for match in self._glossary.matches(text_words, language)}
        while place < len(text_words):
            word, match = text_words[place], matches.get(place)
            pieces.append(_gap(text[at : word.start], language))
            if match is None or _is_unit(text_words, place):
                pieces.append(self._unknown(text[word.start : word.end], word.text, language))
            else:
                pieces.append(match.entry.english)
            pieces.append(_gap("", language))
            if match is not None:
                place = match.end - 1
            at, place = text_words[place].end, place + 1
        pieces.append(text[at:])
        return re.sub(r"[ \t]+", " ", "".join(pieces)).strip()

    def _unknown(self, surface: str, folded: str, language: str) -> str:
        small_words = _SMALL_WORDS.get(language, {})
        if folded in small_words:
            return small_words[folded]
        if language in _WITH_DECIMAL_COMMA and re.fullmatch(r"\d+,\d{1,2}", surface):
            return surface.replace(",", ".")
        latin = devanagari_to_latin(surface)
        if language not in _ENDINGS or fold(latin) in self._spelled:
            return latin
        least = WRITTEN
        if language == "hi":
            if latin == surface:  # not in Devanagari
                return latin
            least = HEARD
        return self._cognates.find(fold(latin), least, _ENDINGS[language]) or latin

    def coverage(self, english: str) -> float:
        """Share of the content words that the glossary knows; 1 for a text with none."""
        tokens = [token for token in search_tokens(english) if not token[0].isdigit()]
        if not tokens:
            return 1.0
        return sum(token in self._known for token in tokens) / len(tokens)
