"""Names that keep their letters in every language: drugs, eponyms and abbreviations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from clara.agent.guards.letters import alike, skeleton
from clara.knowledge.glossary import Entry, shipped_glossary
from clara.language.text import spans, words
from clara.language.translit import devanagari_to_latin

_TRANSLITERATED = 0.6
"""How alike an English name and a Hindi word in Latin letters must be; vowels vary."""
_ROMANCE_CAPITALS = frozenset(
    ("Qual", "Quais", "Cuál", "Cuáles", "Quel", "Quelle", "Quels", "Quelles", "Excepto", "Exceto", "Sauf")
)
"""Words that begin a sentence after a comma or colon."""
_LATIN = frozenset(("en", "es", "pt", "fr", "fil"))
_INN = re.compile(
    # stems of international nonproprietary names (WHO, Stem Book 2018) that ophthalmology uses
    r"^\w*(?:olol|prost|zolamid|mycin|micin|floxacin|cillin|cilin(?!d)|ciclovir|cyclovir|caine?|caina|pilocarpin|dorzolamid|bimoni?din|"
    r"tropin|tropicamid|cycline?|ciclin|triaxone?|zumab|ximab|limumab|bercept|nidin|prednisol|methason|metason|cinolon|"
    r"sporin|trexat|trexato|chloroquin|cloroquin|topiramat|mannitol|manitol|conazol|azol|profen|fenac|statin|mustine|rubicin|"
    r"platin|setron|tinib|heparin)\w{0,3}$"
)


def drugs(text: str) -> set[str]:
    """Words that carry the stem of an international nonproprietary name."""
    return {word for word in words(text) if len(word) >= 6 and _INN.match(word)}


_NAME = {
    # Romance languages write a capital inside a sentence only for names, Chinese and Hindi keep names in Latin letters,
    # Filipino and romanised Hindi take the English form over
    **dict.fromkeys(("es", "pt", "fr"), r"(?<=[a-zà-ÿ,;] )(?:d['’]|l['’])?([A-ZÀ-Ý][a-zà-ÿ]{3,})(?![\w.])"),
    "zh": r"(?<![A-Za-z])([A-Z][a-zà-ÿ]{3,})(?![A-Za-z])",
    "*": r"\b([A-Z][a-zà-ÿ]{3,})(?=['’]s\b)|(?<=[a-zà-ÿ,;] )([A-Z][a-zà-ÿ]{3,})(?= (?:membrane|muscle|layer|law|ring|line"
    r"|disease|syndrome|cells?|glands?|dystrophy)\b)",
}


def eponyms(text: str, language: str) -> list[str]:
    """Proper names of four or more letters."""
    matches = re.finditer(_NAME.get(language, _NAME["*"]), text)
    return [name for match in matches for name in match.groups() if name and name not in _ROMANCE_CAPITALS]


def _kept(name: str, others: Iterable[str]) -> bool:
    short = skeleton(name)[:4]
    return any(alike(name, word) or skeleton(word).startswith(short) for word in others)


def compare(
    where: str,
    source: str,
    target: str,
    languages: tuple[str, str],
    context: tuple[str, str] = ("", ""),
) -> Iterable[str]:
    """Flags for drug names and eponyms that were lost or exchanged.

    Args:
        context: the stems of source and target: a name that stands there may be a pronoun here.
    """
    there = words(f"{target} {context[1]}")
    for name in eponyms(source, languages[0]) if languages[1] == "en" else ():
        if not _kept(name, there):
            yield f"the name {name} of {where} is missing"
    if set(languages) <= _LATIN or (source + target).isascii():
        yield from _by_letters(where, source, target, context)
    else:
        yield from _by_glossary(where, f"{source} {context[0]}", f"{target} {context[1]}", languages)


def _by_letters(where: str, source: str, target: str, context: tuple[str, str]) -> Iterable[str]:
    one, other = words(f"{source} {context[0]}"), words(f"{target} {context[1]}")
    for name in sorted(drugs(source)):
        if not any(alike(name, word) for word in other):
            yield f"the name {name} of {where} is missing"
    for name in sorted(drugs(target)):
        if not any(alike(name, word) for word in one):
            yield f"the name {name} in {where} is not in the original"


def _by_glossary(where: str, source: str, target: str, languages: tuple[str, str]) -> Iterable[str]:
    """Names in other scripts, through the glossary; a name that it does not know is not compared."""
    one, other = (_known_drugs(text, code) for text, code in zip((source, target), languages, strict=True))
    for entry in (one[key] for key in one.keys() - other.keys()):
        if not _spelled(entry, target, languages[1]):
            yield f"the name {entry.english} of {where} is missing"
    for entry in (other[key] for key in other.keys() - one.keys()):
        if not _spelled(entry, source, languages[0]):
            yield f"the name {entry.english} in {where} is not in the original"


def _known_drugs(text: str, language: str) -> dict[str, Entry]:
    matches = shipped_glossary().matches(spans(text), language)
    return {match.entry.id: match.entry for match in matches if match.entry.kind == "drug" and drugs(match.entry.english)}


def _spelled(entry: Entry, text: str, language: str) -> bool:
    """True if the text spells one of the entry's names a little differently, as translators of drug names do."""
    if language == "hi":
        found = [skeleton(word) for word in words(devanagari_to_latin(text))]
        names = [skeleton(word) for word in words(entry.english)]
        return any(SequenceMatcher(None, a, b).ratio() >= _TRANSLITERATED for a in names for b in found)
    if language == "zh":
        return any(_common(name, text) >= max(2, len(name) / 2) for name in entry.names["zh"])
    return any(alike(a, b) for name in entry.names.get(language, ()) for a in words(name) for b in words(text))


def _common(name: str, text: str) -> int:
    """Length of the longest stretch of ``name`` that stands in ``text``."""
    return SequenceMatcher(None, name, text, autojunk=False).find_longest_match().size
