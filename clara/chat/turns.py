"""One exchange of a conversation, and its form as plain JSON, which is all that a checkpoint ever holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clara.tasks.model import Exchange
from clara.types import Answer, Citation, Option, Question, TraceStep, Usage, Verdict

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
    """What was said, how it was understood, and the answer or the question back."""

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
    def from_json(cls, value: Mapping[str, Any]) -> Turn:
        """The turn that :meth:`to_json` wrote."""
        fields = dict(value)
        fields["answer"] = answer_from_json(value["answer"]) if value["answer"] else None
        return cls(**fields)

    @property
    def exchange(self) -> Exchange:
        """The turn as a later one sees it."""
        said = self.clarification or (self.answer.answer_english or self.answer.answer if self.answer else "")
        return Exchange(language=self.language, question=self.question, answer=said[:_ANSWER_SHOWN])


def now() -> str:
    """The local time to the second, ISO 8601."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def remembered(turns: Sequence[Turn]) -> tuple[Exchange, ...]:
    """The newest turns, oldest first."""
    return tuple(turn.exchange for turn in turns[-_REMEMBERED:])


def answer_from_json(value: Mapping[str, Any]) -> Answer:
    """The answer whose :meth:`Answer.to_json` this is; numbers as they were rounded there."""
    options = tuple(Option(label, text) for label, text in value["options"].items())
    return Answer(
        question=Question(value["question"], options, value["language"], value["id"]),
        language=value["language"],
        answer=value["answer"],
        answer_english=value["answer_english"],
        english_question=value["english_question"],
        english_options=tuple(Option(label, text) for label, text in value["english_options"].items()),
        label=value["label"],
        confidence=value["confidence"],
        certainty=value["certainty"],
        votes=value["votes"],
        abstained=value["abstained"],
        capped=value["capped"],
        failure=value["failure"],
        citations=tuple(_citation(entry) for entry in value["citations"]),
        verdict=_verdict(value["verdict"]),
        rounds=value["rounds"],
        warnings=tuple(value["warnings"]),
        notice=value["notice"],
        usage=Usage(**value["usage"]),
        trace=tuple(_step(entry) for entry in value["trace"]),
    )


def _verdict(entry: Mapping[str, Any]) -> Verdict:
    fields = dict(entry)
    fields["flags"] = tuple(entry["flags"])
    return Verdict(**fields)


def _citation(entry: Mapping[str, Any]) -> Citation:
    return Citation(entry["id"], entry["title"], entry["source"], entry["quote"])


def _step(entry: Mapping[str, Any]) -> TraceStep:
    detail = {name: fact for name, fact in entry.items() if name not in ("step", "seconds")}
    return TraceStep(entry["step"], entry["seconds"], detail)
