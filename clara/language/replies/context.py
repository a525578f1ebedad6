"""The words before a letter and after it: what they make of it, whichever of the known languages they are in."""

from __future__ import annotations

import re
from typing import Literal

from clara.language.replies.anchors import UNSPACED, anchors

Role = Literal["strong", "naming", "weak", "mention", "rejected"]
"""What the words before a letter make of it.

``naming`` is "answer B" without a verb between, ``mention`` an option or a verb alone.
"""
Verdict = Literal["answer", "correct", "wrong"]

LATIN = "A-Za-zＡ-Ｚａ-ｚ"
NATIVE = "①-⑩कखगघङअबसदأابجدАБВГД가나다라마"
LONE_LETTER = re.compile(
    rf"(?<![^\W\d_一-鿿぀-ヿ가-힣฀-๿])(?<![-‐‑./+&][^\W\d_])(?<!\w[-‐‑./+&])[{LATIN}{NATIVE}]"
    r"(?![A-Za-zÀ-ɏ0-9\u0900-\u097f\u0600-\u06ff\u0400-\u04ff+]|['’](?!d[iıuü]r|t[iıuü]r)\w|[-‐‑]\w|\.\s?[a-z]\.|[./&]\w)"
)
"""A letter that stands alone: not the one of "D-dimer", "E.U.", "H+", "G&T" or "it's"."""
GAP = " \t:：=,，、—–-\"'(（[【「“‘«<*|)）]】」”’»"
CLOSE = " \t\"')）]】」”’»:：*-–—"
_LINKING = re.compile("[:：=]")
_LINE_LINK = re.compile(r"[:：]\s*\n\W*$")
_WORD_AT_END = re.compile(r"\s+\w+$")
PARENTHESIS = re.compile(r"\A[(（\[][^)）\]\n]*[)）\]]")
"""The option's own words after its letter."""
SENTENCE = re.compile(r"[.!?。！？।\n](?:\s|$)|[。！？।\n]")
STEPS = 8
"""Most small words between an anchor and its letter."""


def role_before(before: str) -> Role | None:
    """The role that the words before a letter give it, or None."""
    return _Walk(before).role()


class _Walk:
    """Walks back from a letter over small words to the anchor."""

    def __init__(self, before: str) -> None:
        self._rest = before
        self._is_linked = False
        self._has_correct = False
        self._has_option = False
        self._is_named = False
        self._is_option_linked = False

    def role(self) -> Role | None:
        for _ in range(STEPS):
            if not self._skip_gap():
                break
            role = self._anchor()
            if role is not None:
                return role
            if not self._step():
                if self._is_linked and _is_described_answer(self._rest):
                    return "strong"
                break
        return self._last_resort()

    def _skip_gap(self) -> bool:
        """Skip spaces, brackets and the like; a line ends the walk unless a colon ends it."""
        shorter = self._rest.rstrip(GAP)
        skipped = self._rest[len(shorter) :]
        self._is_linked |= _LINKING.search(skipped) is not None
        if shorter.endswith("\n"):
            shorter = shorter.rstrip().rstrip(GAP)
            speaks_of_other = LONE_LETTER.search(SENTENCE.split(shorter)[-1].upper())
            if not _LINE_LINK.search(self._rest) or speaks_of_other:
                return False
            self._is_linked = True
        self._rest = shorter
        return True

    def _anchor(self) -> Role | None:
        """The role, where the text ends in an anchor that decides it."""
        known = anchors()
        rest = self._rest
        choose = known.choose.ending(rest)
        if choose:
            if known.negation.ending(rest[: -len(choose)].rstrip(GAP)):
                return "rejected"
            return "strong"
        anchor = known.answer.ending(rest) or known.correct.ending(rest)
        if anchor and _is_negated(rest[: -len(anchor)]):
            return "rejected"
        if known.answer.ending(rest):
            if self._is_linked or self._has_correct or known.correct.ending(rest[: -len(anchor)].rstrip(GAP)):
                return "strong"
            self._is_named = True
        if known.therefore.ending(rest):
            return "weak"
        return None

    def _step(self) -> bool:
        """Go back by one small word; False if there is none."""
        known = anchors()
        correct, option = known.correct.ending(self._rest), known.option.ending(self._rest)
        self._has_correct |= bool(correct)
        if option:
            self._has_option = True
            self._is_option_linked |= self._is_linked
        self._is_linked |= bool(known.link.ending(self._rest))
        word = known.filler.ending(self._rest) or correct or option
        self._rest = self._rest[: len(self._rest) - len(word)]
        return bool(word)

    def _last_resort(self) -> Role | None:
        if self._has_correct:
            if self._is_linked and self._has_option:
                return "strong"
            return "weak"
        if self._is_option_linked:
            return "weak"
        if self._is_named:
            return "naming"
        if self._is_linked or self._has_option:
            return "mention"
        return None


def _is_described_answer(before: str) -> bool:
    """True if one word stands between an anchor and its verb, as in "la réponse attendue est", and is no negation."""
    known = anchors()
    last = _WORD_AT_END.search(before)
    if last is None or known.denial.beginning(last[0].strip()):
        return False
    return bool(known.answer.ending(before[: last.start()]))


def _is_negated(before: str) -> bool:
    """True if "not", "none of the" or the like stands before an anchor."""
    known = anchors()
    rest = before.rstrip(CLOSE)
    if before[-1:] == " " and UNSPACED.match(rest[-1:]):  # there a space parts sentences
        return False
    for _ in range(4):
        if known.denial.ending(rest):
            return True
        word = known.filler.ending(rest)
        if not word:
            return False
        rest = rest[: -len(word)].rstrip(CLOSE)
    return False


def verdict_after(after: str) -> Verdict | None:
    """What the words after a letter say of it: "is the correct answer", "is correct", "is wrong"."""
    known = anchors()
    rest = after.lstrip(CLOSE)
    rest = PARENTHESIS.sub("", rest).lstrip(CLOSE)
    for _ in range(STEPS):
        if known.denial.beginning(rest):
            return "wrong"
        verdict = known.verdict.beginning(rest)
        correct = known.correct.beginning(rest)
        judged = max(verdict, correct, key=len)
        if judged and _is_turned(rest[len(judged) :]):
            return "wrong"
        if verdict:
            return "answer"
        if correct:
            return "correct"
        word = known.filler.beginning(rest)
        if not word:
            return None
        rest = rest[len(word) :].lstrip(CLOSE)
    return None


def _is_turned(after: str) -> bool:
    """True if a negation follows the verdict, as in Hindi, Korean or Turkish."""
    known = anchors()
    rest = after.lstrip(CLOSE)
    for _ in range(2):
        if known.denial.beginning(rest):
            return True
        word = known.filler.beginning(rest)
        rest = rest[len(word) :].lstrip(CLOSE)
    return False
