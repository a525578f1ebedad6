"""Where a sentence commits itself to an option: "the answer is B", "option B is correct", "not A but B".

Each letter that stands alone is looked at with the words before and after it. It may be the answer (strongly or weakly), be
rejected ("therefore, C is incorrect"), or be neither ("A or B", "if A", "vitamin A").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from clara.language.questions import label_of
from clara.language.replies.anchors import anchors, lowered
from clara.language.replies.context import (
    CLOSE,
    GAP,
    LONE_LETTER,
    PARENTHESIS,
    SENTENCE,
    STEPS,
    Role,
    Verdict,
    role_before,
    verdict_after,
)

Strength = Literal["strong", "weak"]

_PAUSE = re.compile(r"[.。,，、;；!?！？।\n]")
_CONTEXT = 90
"""Characters before and after a letter that are looked at."""
_REVISION = re.compile(r"\b(?:wait|actually|correction|on second thought|no)\b[^.!?\n]{0,60}$")


@dataclass(frozen=True, slots=True)
class Commitment:
    """A letter that a text commits itself to, and where."""

    label: str
    start: int
    strength: Strength


def commitments(text: str, labels: str) -> Iterator[Commitment]:
    """The commitments of a text, in order; only letters in ``labels`` count."""
    lower = lowered(text)
    for match in LONE_LETTER.finditer(text):
        label = label_of(match[0])
        if label is None or label not in labels:
            continue
        context = _Context(text, lower, match.start(), match.end(), labels)
        strength = context.strength()
        if strength is not None:
            yield Commitment(label, match.start(), strength)


def is_rejected(text: str, end: int) -> bool:
    """True if the words after the letter that ends at ``end`` say that it is wrong."""
    return verdict_after(lowered(text[end : end + _CONTEXT])) == "wrong"


def is_one_of_several(text: str, start: int, end: int, labels: str) -> bool:
    """True for each letter of ``A or B``, ``A, B and C`` and ``A/B``."""
    return _Context(text, lowered(text), start, end, labels).is_listed()


class _Context:
    """A letter with the words around it."""

    def __init__(self, text: str, lower: str, start: int, end: int, labels: str) -> None:
        self._letter = text[start:end]
        self._before = lower[max(0, start - _CONTEXT) : start]
        self._after = lower[end : end + _CONTEXT]
        self._text_before = text[max(0, start - _CONTEXT) : start]
        self._text_after = text[end : end + _CONTEXT]
        self._labels = labels

    def strength(self) -> Strength | None:
        """How strongly the letter is meant as the answer, or None."""
        after = self._after
        if self._before.rstrip().endswith(","):  # an apposition
            after = after.removeprefix(",")
        verdict, role = verdict_after(after), role_before(self._before)
        if verdict == "wrong" or role == "rejected" or self._is_void():
            return None
        if self._is_strong(role):
            return "strong"
        if role != "weak" and not self._is_judged(verdict, role):
            return None
        if verdict == "answer" or self._is_revision():
            return "strong"
        return "weak"

    def _is_void(self) -> bool:
        """True if the letter is no word of its own, one of several, or meant under a condition."""
        return self._is_small_word() or self.is_listed() or self._is_conditional()

    def _is_strong(self, role: Role | None) -> bool:
        match role:
            case "strong":
                return True
            case "naming":
                return self._ends_sentence() or self._is_reasoned()
            case "mention" if self._is_revision():
                return self._ends_sentence() or self._is_contrasted()
            case "mention" | None:
                return self._is_contrasted()
            case _:
                return False

    def _is_judged(self, verdict: Verdict | None, role: Role | None) -> bool:
        """True if the words after the letter judge an option, and not "hepatitis B"."""
        if verdict is None:
            return False
        return role is not None or self._begins_clause()

    def is_listed(self) -> bool:
        """True for each letter of ``A or B``, ``A, B and C`` and ``A/B``."""
        joints = anchors().joint
        after = self._after.lstrip(CLOSE)
        joint = joints.beginning(after)
        if joint and self._is_letter_at(self._text_after, len(self._after) - len(after) + len(joint), joint):
            return True
        before = self._before.rstrip(GAP.replace(",", "").replace("，", "").replace("、", ""))
        joint = joints.ending(before)
        if not joint:
            return False
        rest = self._text_before[: len(before) - len(joint)].rstrip(" \t)）.]】")
        return self._is_label(rest[-1:]) and not rest[-2:-1].isalnum()

    def _is_letter_at(self, text: str, at: int, joint: str) -> bool:
        """True if the next word is a letter of another option, and no clause about it follows a comma."""
        rest = text[at:].lstrip(" \t(（[【\"'")
        if rest[1:2].isalnum() or not self._is_label(rest[:1]):
            return False
        if joint in ",，、;":
            return verdict_after(lowered(rest[1:])) is None
        return True

    def _is_label(self, char: str) -> bool:
        label = label_of(char)
        return label is not None and label in self._labels

    def _is_small_word(self) -> bool:
        """True for the article or conjunction ``a``, ``e``, and for the English article in "The answer is A patient"."""
        after = self._text_after
        if self._letter.islower():
            return re.match(r"\s*(?:$|[\n.,;:)\]\"'）】」”’。，、])", after) is None
        if self._letter not in "AI" or not re.match(r" [a-z]{2}", after):
            return False
        known = anchors()
        rest = self._after[1:]
        small_words = (known.filler, known.because, known.void, known.correct, known.wrong)
        return not any(words.beginning(rest) for words in small_words)

    def _is_conditional(self) -> bool:
        """True for "A if ..." and for "if ..., the answer would be A"."""
        condition = anchors().condition
        if condition.beginning(self._after.lstrip(CLOSE + ",")):
            return True
        sentence = SENTENCE.split(self._before)[-1].strip()
        return bool(condition.beginning(sentence)) and "would" in sentence

    def _is_contrasted(self) -> bool:
        """True for the second letter of "not A but B"."""
        known = anchors()
        rest = self._before.rstrip(GAP)
        for _ in range(STEPS):
            turn = known.but.ending(rest)
            if turn:
                sentence = SENTENCE.split(self._text_before[: len(rest) - len(turn)])[-1]
                return any(self._is_label(match[0]) for match in LONE_LETTER.finditer(sentence))
            word = known.filler.ending(rest)
            if not word:
                return False
            rest = rest[: -len(word)].rstrip(GAP)
        return False

    def _begins_clause(self) -> bool:
        """True if the letter begins a clause or follows a small word; "Hepatitis B is correct" speaks of no option."""
        before = self._before.rstrip(" \t")
        if not before or not before[-1].isalnum() or "\u3040" <= before[-1] <= "\ud7af":
            return True
        known = anchors()
        small_words = (known.filler, known.therefore, known.answer, known.because, known.void)
        return any(words.ending(before) for words in small_words)

    def _ends_sentence(self) -> bool:
        """True if nothing but small words follows in the sentence."""
        filler = anchors().filler
        rest = PARENTHESIS.sub("", self._after.lstrip(CLOSE)).lstrip(CLOSE)
        for _ in range(3):
            if not rest or _PAUSE.match(rest):
                return True
            word = filler.beginning(rest)
            if not word:
                return False
            rest = rest[len(word) :].lstrip(CLOSE)
        return False

    def _is_reasoned(self) -> bool:
        """True if a reason follows: "Answer B because ..."."""
        return bool(anchors().because.beginning(self._after.lstrip(CLOSE + ",")))

    def _is_revision(self) -> bool:
        """True after "Wait," and the like: what was said before is taken back."""
        return _REVISION.search(self._before) is not None
