"""What became of an answer: right, wrong, or one of three ways of not answering, which are never mixed."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from clara.bench.scoring.extraction import extract_letter, read_reply
from clara.language.text import words
from clara.types import Answer, Option

__all__ = [
    "FREE_TEXT_F1",
    "Outcome",
    "extract_letter",
    "free_text_score",
    "is_same_text",
    "letter_outcome",
    "outcome",
    "rescore",
    "response_outcome",
    "token_f1",
]

Outcome = Literal["correct", "wrong", "unparsed", "no_response", "abstained"]

FREE_TEXT_F1 = 0.5
"""A free-text answer is right if it equals a reference or reaches this token F1."""

_ARTICLES = frozenset("a an the".split())


def outcome(answer: Answer, gold: str, references: Sequence[str] = ()) -> Outcome:
    """The class of one answer; ``gold`` as in :class:`clara.bench.datasets.Item`, empty for free text with references."""
    if answer.failure == "no_response":
        return "no_response"
    if answer.abstained:
        return "abstained"
    if not gold:
        return free_text_outcome(answer.answer, references)
    if answer.failure == "unparsed" or answer.label is None:
        return "unparsed"
    return letter_outcome(answer.label, gold)


def letter_outcome(letters: str, gold: str) -> Literal["correct", "wrong"]:
    """``A|C`` asks for either, ``ACE`` for all of them and no other."""
    return "correct" if "".join(sorted(set(letters))) in gold.split("|") else "wrong"


def response_outcome(text: str, gold: str, options: Sequence[Option] = (), references: Sequence[str] = ()) -> Outcome:
    """The class of one recorded response; ``error`` and nothing at all are no responses."""
    reading = read_reply(text, options)
    if not gold:
        return "no_response" if reading.kind == "no_response" else free_text_outcome(text, references)
    if reading.letter is not None:
        return letter_outcome(reading.letter, gold)
    return cast(Outcome, reading.kind)


def free_text_outcome(text: str, references: Sequence[str]) -> Outcome:
    """Right if the text equals a reference or shares enough words with it; nothing at all is unparsed."""
    if not text.strip():
        return "unparsed"
    return "correct" if free_text_score(text, references) >= FREE_TEXT_F1 else "wrong"


def free_text_score(text: str, references: Sequence[str]) -> float:
    """1 for a text that equals a reference once case, accents, punctuation and articles are gone, else the best token F1."""
    best = 0.0
    for reference in references:
        best = max(best, 1.0 if is_same_text(text, reference) else token_f1(text, reference))
    return best


def is_same_text(text: str, reference: str) -> bool:
    """True if two texts are equal once case, accents, punctuation and articles are gone."""
    return _bare(text) == _bare(reference)


def token_f1(text: str, reference: str) -> float:
    """Harmonic mean of the shares of common words (Rajpurkar et al. 2016, SQuAD); a Chinese character is a word."""
    given, expected = Counter(_bare(text)), Counter(_bare(reference))
    common = (given & expected).total()
    if not common:
        return 0.0
    return 2 * common / (given.total() + expected.total())


def _bare(text: str) -> tuple[str, ...]:
    return tuple(word for word in words(unicodedata.normalize("NFKC", text)) if word not in _ARTICLES)


def rescore(record: Mapping[str, Any]) -> tuple[Outcome, str | None, float]:
    """Outcome, letter and score (0 to 1) of a journal record under this version of the code; never calls a model.

    An unparsed record that keeps the raw reply is read again; a letter is compared with the gold again; the rest stays.
    """
    recorded = cast(Outcome, record["outcome"])
    label = record.get("label")
    gold = _gold(record.get("gold"))
    reply = record.get("reply")
    answer: Mapping[str, Any] = record.get("answer") or {}
    if record.get("references"):
        text = str(reply if reply is not None else answer.get("answer", ""))
        if recorded in ("no_response", "abstained"):
            return recorded, None, 0.0
        return free_text_outcome(text, record["references"]), None, free_text_score(text, record["references"])
    if isinstance(reply, str) and gold and recorded == "unparsed":
        options = tuple(Option(str(name), str(text)) for name, text in dict(answer.get("options") or {}).items())
        label = extract_letter(reply, options)
        recorded = response_outcome(reply, gold, options)
    elif isinstance(label, str) and gold and recorded in ("correct", "wrong"):
        recorded = letter_outcome(label, gold)
    score = record.get("score")
    return recorded, label, float(recorded == "correct") if score is None else float(score)


def _gold(value: Any) -> str:
    """Gold letters of a record as an item keeps them; a list and ``A,C`` mean either."""
    if isinstance(value, (list, tuple)):
        return "|".join(str(letter) for letter in cast(Sequence[Any], value))
    text = "" if value is None else str(value)
    return "|".join(re.split(r"\s*,\s*", text)) if "," in text else text
