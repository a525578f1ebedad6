"""One exchange of a conversation, and its form as plain JSON, which is all that a file ever holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clara.tasks.model import Exchange
from clara.types import Answer

_REMEMBERED = 4
"""Turns that a follow-up may refer to."""
_ANSWER_SHOWN = 600
"""Characters of each earlier answer that a model sees when it condenses a follow-up."""


@dataclass(frozen=True, slots=True)
class Condensed:
    """Event: a follow-up was put into words that stand alone."""

    question: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What was typed, how it was understood, and the answer or the question back."""

    asked: str
    """As it was typed."""
    question: str
    """The stem as it was understood, able to stand alone."""
    language: str
    strategy: str
    at: str
    """Local time, ISO 8601."""
    answer: Answer | None = None
    clarification: str = ""
    """What CLARA asked back; empty if there is an answer."""
    row: int = 0
    """Where the file of conversations keeps it; 0 until it does."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "asked": self.asked,
            "question": self.question,
            "language": self.language,
            "strategy": self.strategy,
            "at": self.at,
            "answer": self.answer.to_json() if self.answer else None,
            "clarification": self.clarification,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], row: int = 0) -> Turn:
        """The turn that :meth:`to_json` wrote.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it is no turn.
        """
        fields = dict(value)
        if fields["answer"] is not None:
            fields["answer"] = Answer.from_json(fields["answer"])
        return cls(**fields, row=row)

    @property
    def exchange(self) -> Exchange:
        """The turn as a later one sees it."""
        reply = self.clarification
        if self.answer and not reply:
            reply = self.answer.answer_english or self.answer.answer
        return Exchange(language=self.language, question=self.question, answer=reply[:_ANSWER_SHOWN])

    @property
    def words(self) -> str:
        """All that a search in the conversations looks at."""
        answer = self.answer.answer if self.answer else ""
        return "\n".join((self.asked, self.question, self.clarification, answer))


def now() -> str:
    """The local time to the second, ISO 8601."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def remembered(turns: Sequence[Turn]) -> tuple[Exchange, ...]:
    """The newest turns, oldest first."""
    return tuple(turn.exchange for turn in turns[-_REMEMBERED:])
