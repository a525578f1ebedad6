"""What a replay has done so far, for whoever watches it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_WINDOW = 30.0
"""Seconds over which the rate is measured."""


@dataclass(slots=True)
class Score:
    """One strategy in one language."""

    answered: int = 0
    correct: int = 0


@dataclass(slots=True)
class Tally:
    """Counts of durable records, those of earlier sessions included; times and rates are of this session."""

    total: int = 0
    done: int = 0
    earlier: int = 0
    """Records of earlier sessions."""
    failed: int = 0
    """Items without a response, of this session."""
    last_failure: str = ""
    languages: tuple[str, ...] = ()
    """Of the data set, in its order."""
    cells: dict[tuple[str, str], Score] = field(default_factory=dict[tuple[str, str], Score])
    """By strategy and language."""
    usage: Counter[str] = field(default_factory=Counter[str])
    """Calls, tokens and seconds of this session."""
    started: float = field(default_factory=time.monotonic)
    _recent: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])

    def add_earlier(self, record: Mapping[str, Any]) -> None:
        """Count a record of an earlier session."""
        self.earlier += 1
        self._count(record)

    def add(self, record: Mapping[str, Any]) -> None:
        """Count a record of this session."""
        self._count(record)
        self.usage.update(record["usage"])
        if record["outcome"] == "no_response":
            self.failed += 1
            self.last_failure = record["error"] or "the backbone gave no reply"
        now = time.monotonic()
        self._recent.append((now, self.done))
        while now - self._recent[0][0] > _WINDOW:
            self._recent.popleft()

    def _count(self, record: Mapping[str, Any]) -> None:
        cell = self.cells.setdefault((record["strategy"], record["language"]), Score())
        cell.answered += 1
        cell.correct += record["outcome"] == "correct"
        self.done += 1

    @property
    def seconds(self) -> float:
        """Since the session began."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Items a second over the last half minute."""
        now = time.monotonic()
        begin = now - _WINDOW
        for at, done in tuple(self._recent):
            if at >= begin:
                return (self.done - done + 1) / max(now - max(self.started, begin), 1e-3)
        return 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the end at the current rate, or None while nothing comes."""
        rate = self.rate
        return (self.total - self.done) / rate if rate else None
