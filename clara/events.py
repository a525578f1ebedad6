"""Typed events of one question on its way; the chat, the benchmark and the traces all read these."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from clara.types import Answer

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is at work, for log lines and for the model server (``X-Request-Id``); empty outside of one."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins."""

    step: str
    round: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; ``detail`` is what its trace entry holds."""

    step: str
    round: int
    seconds: float
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Token:
    """Text of the answer as the model writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What must be read at once, before any answer: a line about urgent care in the asker's language."""

    text: str


@dataclass(frozen=True, slots=True)
class Retry:
    """A round ended without an accepted answer and another begins."""

    round: int
    reason: str


@dataclass(frozen=True, slots=True)
class Final:
    """The answer; always the last event."""

    answer: Answer


Event = StepStarted | StepFinished | Token | Notice | Retry | Final
