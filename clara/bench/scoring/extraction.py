"""What a recorded response says: a letter, or which way of not answering it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clara.language.replies.reader import read_letter
from clara.types import Option

Kind = Literal["letter", "unparsed", "no_response", "abstained"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a response says: a letter, or why there is none."""

    kind: Kind
    letter: str | None = None


def extract_letter(text: str, options: Sequence[Option] = ()) -> str | None:
    """The letter that a response gives, or None."""
    return read_reply(text, options).letter


def read_reply(text: str, options: Sequence[Option] = ()) -> Reading:
    """Read a response; ``error`` and nothing at all are no responses, the rest is read as every reply is."""
    if text.strip().lower() in ("", "error"):
        return Reading("no_response")
    reading = read_letter(text, options)
    return Reading(reading.kind, reading.letter)
