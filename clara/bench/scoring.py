"""What became of an answer: right, wrong, or one of three ways of not answering, which are never mixed."""

from __future__ import annotations

import re
from typing import Literal

from clara.types import Answer

Outcome = Literal["correct", "wrong", "unparsed", "no_response", "abstained"]

_PATTERNS = (
    re.compile(r"^\(?([A-Ja-j])\)?[.:]?$"),
    re.compile(r"^\(?([A-Ja-j])\s*[).:）]"),
    re.compile(r"^(?:the\s+)?(?:correct\s+)?(?:answer|option)(?:\s+is)?\s*:?\s*\(?([A-Ja-j])\)?(?![A-Za-z])", re.IGNORECASE),
)


def outcome(answer: Answer, gold: str) -> Outcome:
    """The class of one answer."""
    if answer.failure == "no_response":
        return "no_response"
    if answer.abstained:
        return "abstained"
    if answer.failure == "unparsed" or answer.label is None:
        return "unparsed"
    return "correct" if answer.label == gold else "wrong"


def extract_letter(text: str) -> str | None:
    """The letter that a recorded response gives, or None."""
    stripped = text.strip().strip("*").strip()
    if re.match(r"^[Ii]\s*[:：]", stripped):  # "I: C, II: A": a Roman numeral, no choice
        return None
    return next((match[1].upper() for pattern in _PATTERNS if (match := pattern.match(stripped))), None)


def response_outcome(text: str, gold: str) -> Outcome:
    """The class of one recorded response; ``error`` and nothing at all are no responses."""
    if text.strip().lower() in ("", "error"):
        return "no_response"
    letter = extract_letter(text)
    if letter is None:
        return "unparsed"
    return "correct" if letter == gold else "wrong"
