"""Names that keep their letters in every language: drugs, eponyms and abbreviations."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import chain

from clara.agent.guards.spelling import alike, skeleton
from clara.knowledge.glossary import Entry, Glossary
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
    r"^(?=\w{6})\w*(?:olol|prost|zolamid|mycin|micin|floxacin|cillin|cilin(?!d)|ciclovir|cyclovir|caine?|caina|pilocarpin|dorzolamid|bimoni?din|"
    r"tropin|tropicamid|cycline?|ciclin|triaxone?|zumab|ximab|limumab|bercept|nidin|prednisol|methason|metason|cinolon|"
    r"sporin|trexat|trexato|chloroquin|cloroquin|topiramat|mannitol|manitol|conazol|azol|profen|fenac|statin|mustine|rubicin|"
    r"platin|setron|tinib|heparin)\w{0,3}$"
)


def drugs(text: str) -> set[str]:
    """Words that carry the stem of an international nonproprietary name."""
    return {word for word in words(text) if _INN.match(word)}


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
    names = filter(None, chain.from_iterable(match.groups() for match in matches))
    return [name for name in names if name not in _ROMANCE_CAPITALS]


def _is_among(name: str, others: Iterable[str]) -> bool:
    """True if another word is the same name, or begins as it does."""
    begin = skeleton(name)[:4]
    return any(alike(name, word) or skeleton(word).startswith(begin) for word in others)


def compare(
    where: str,
    source: str,
    target: str,
    languages: tuple[str, str],
    glossary: Glossary,
    context: tuple[str, str] = ("", ""),
) -> Iterable[str]:
    """Flags for drug names and eponyms that were lost or exchanged.

    Args:
        glossary: knows the names of drugs in other scripts.
        context: the stems of source and target: a name that stands there may be a pronoun here.
    """
    if languages[1] == "en":
        target_words = words(f"{target} {context[1]}")
        for name in eponyms(source, languages[0]):
            if not _is_among(name, target_words):
                yield f"the name {name} of {where} is missing"
    if set(languages) <= _LATIN or (source + target).isascii():
        yield from _by_letters(where, source, target, context)
    else:
        yield from _by_glossary(where, f"{source} {context[0]}", f"{target} {context[1]}", languages, glossary)


def _by_letters(where: str, source: str, target: str, context: tuple[str, str]) -> Iterable[str]:
    one, other = words(f"{source} {context[0]}"), words(f"{target} {context[1]}")
    for name in sorted(drugs(source)):
        if not _any_pair(alike, [name], other):
            yield f"the name {name} of {where} is missing"
    for name in sorted(drugs(target)):
        if not _any_pair(alike, [name], one):
            yield f"the name {name} in {where} is not in the original"


def _by_glossary(where: str, source: str, target: str, languages: tuple[str, str], glossary: Glossary) -> Iterable[str]:
    """Names in other scripts, through the glossary; a name that it does not know is not compared."""
    before, after = _known_drugs(source, languages[0], glossary), _known_drugs(target, languages[1], glossary)
    for id in before.keys() - after.keys():  # noqa: A001
        if not _spelled(before[id], target, languages[1]):
            yield f"the name {before[id].english} of {where} is missing"
    for id in after.keys() - before.keys():  # noqa: A001
        if not _spelled(after[id], source, languages[0]):
            yield f"the name {after[id].english} in {where} is not in the original"


def _known_drugs(text: str, language: str, glossary: Glossary) -> dict[str, Entry]:
    known: dict[str, Entry] = {}
    for match in glossary.matches(spans(text), language):
        if match.entry.kind == "drug" and drugs(match.entry.english):
            known[match.entry.id] = match.entry
    return known


def _spelled(entry: Entry, text: str, language: str) -> bool:
    """True if the text spells one of the entry's names a little differently, as translators of drug names do."""
    if language == "hi":
        spoken = words(devanagari_to_latin(text))
        return _any_pair(_sound_alike, words(entry.english), spoken)
    if language == "zh":
        return any(_common(name, text) >= max(2, len(name) / 2) for name in entry.names["zh"])
    name_words = words(" ".join(entry.names.get(language, ())))
    return _any_pair(alike, name_words, words(text))


def _any_pair(fits: Callable[[str, str], bool], names: Sequence[str], others: Sequence[str]) -> bool:
    return any(fits(name, other) for name, other in itertools.product(names, others))


def _sound_alike(name: str, other: str) -> bool:
    return SequenceMatcher(None, skeleton(name), skeleton(other)).ratio() >= _TRANSLITERATED


def _common(name: str, text: str) -> int:
    """Length of the longest stretch of ``name`` that stands in ``text``."""
    return SequenceMatcher(None, name, text, autojunk=False).find_longest_match().size
