"""Where an English text names options by their letters: "option B", "the answer must be (C)", "answers A, B and D"."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ITEM = r"\(?[A-J]\b\)?"
_NAMED = re.compile(
    r"\b(?P<lead>(?:[Oo]ption|[Aa]nswer|[Cc]hoice|[Aa]lternative)s?(?: is| are| must be| should be)?:? )"
    rf"(?P<letters>{_ITEM}(?:(?:, (?:and |or )?| and | or | nor | & |/){_ITEM})*)"
)
_LETTER = re.compile(r"\b[A-J]\b")
_DISCUSSED = re.compile(r" (?:is|are|was|has|can|does)\b")


def concluded(text: str) -> list[str]:
    """The letters that a text settles on, in order: named alone, within a sentence, and not its subject ("option A is")."""
    conclusions: list[str] = []
    for match in _NAMED.finditer(text):
        letters = _LETTER.findall(match["letters"])
        is_within_sentence = match["lead"][0].islower()
        is_subject = _DISCUSSED.match(text, match.end()) is not None
        if len(letters) == 1 and is_within_sentence and not is_subject:
            conclusions.append(letters[0])
    return conclusions


def relettered(text: str, letters: Mapping[str, str]) -> str:
    """The text with every named letter replaced by its partner in ``letters``, in lists too; others stay."""

    def partners(match: re.Match[str]) -> str:
        return match["lead"] + _LETTER.sub(lambda letter: letters.get(letter[0], letter[0]), match["letters"])

    return _NAMED.sub(partners, text)
