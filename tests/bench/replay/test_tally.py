"""Counts, rates and what is left of a replay, on a clock that stands where the test puts it."""

from __future__ import annotations

from typing import Any

import pytest

from clara.bench.replay import tally as module
from clara.bench.replay.tally import Score, Tally


class Clock:
    """Stands in for the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def record(outcome: str = "correct", language: str = "english", **more: Any) -> dict[str, Any]:
    return {"strategy": "rag", "language": language, "outcome": outcome, "error": None, "usage": {"calls": 2}} | more


def started(clock: Clock, total: int = 100) -> Tally:
    return Tally(total=total, started=clock.now)


def test_nothing_has_a_rate_before_the_first_record(clock: Clock) -> None:
    tally = started(clock)
    tally.add_earlier(record())
    clock.now += 5
    assert (tally.done, tally.earlier, tally.rate, tally.seconds_left, tally.seconds) == (1, 1, 0.0, None, 5.0)


def test_rate_and_time_left_are_of_this_session_alone(clock: Clock) -> None:
    tally = started(clock)
    for _ in range(40):
        tally.add_earlier(record())
    for _ in range(20):
        clock.now += 0.5
        tally.add(record())
    assert tally.rate == pytest.approx(20 / 10)  # items in the seconds since the session began
    assert tally.seconds_left == pytest.approx(40 / 2)


def test_the_rate_is_of_the_last_half_minute(clock: Clock) -> None:
    tally = started(clock)
    tally.add(record())
    clock.now += 100
    assert tally.rate == 0.0
    for _ in range(6):
        tally.add(record())
        clock.now += 5
    assert tally.rate == pytest.approx(6 / 30)


def test_scores_by_strategy_and_language_and_the_use_of_this_session(clock: Clock) -> None:
    tally = started(clock)
    tally.add_earlier(record("wrong"))
    tally.add(record())
    tally.add(record("abstained", "hindi"))
    assert tally.cells == {("rag", "english"): Score(2, 1), ("rag", "hindi"): Score(1, 0)}
    assert (tally.usage["calls"], tally.failed) == (4, 0)


@pytest.mark.parametrize(
    ("error", "sentence"), [("the server is busy", "the server is busy"), (None, "the backbone gave no reply")]
)
def test_a_failure_is_counted_and_its_reason_remembered(clock: Clock, error: str | None, sentence: str) -> None:
    tally = started(clock)
    tally.add(record("no_response", error=error))
    assert (tally.failed, tally.last_failure, tally.done) == (1, sentence, 1)
