"""How many questions work at once, for how long, and how often a caller may ask."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from clara.errors import RequestRefused

_MOST_CALLERS = 10_000
"""Callers that are remembered; those that could ask freely anyway are forgotten first."""
_BUSY, _CLOSING = 1.0, 5.0
"""Seconds after which a refused caller may try again."""


class Gate:
    """Lets a number of questions work at once and gives each a time limit. For one event loop.

    Args:
        most: questions at work.
        seconds: time limit of each.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._scopes: set[asyncio.Timeout] = set()
        self._closing = False

    @property
    def in_flight(self) -> int:
        """Questions at work."""
        return len(self._scopes)

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Hold one of the places; everybody beyond them is refused at once rather than queued.

        Raises:
            RequestRefused: all places are taken, the service is shutting down, or the time is over.
        """
        if self._closing:
            raise _shutting_down()
        if self.in_flight >= self._most:
            raise RequestRefused(
                f"all {self._most} places are taken: try again in a moment", status=503, code="overloaded", retry_after=_BUSY
            )
        scope = asyncio.timeout(self._seconds)
        try:
            async with scope:
                self._scopes.add(scope)
                try:
                    yield
                finally:
                    self._scopes.discard(scope)
        except TimeoutError:
            if not scope.expired():
                raise
            if self._closing:
                raise _shutting_down() from None
            raise RequestRefused(f"there was no answer within {self._seconds:g} s", status=504, code="timeout") from None

    def close(self, grace: float) -> None:
        """Take no further question, and give those at work ``grace`` seconds to end."""
        self._closing = True
        latest = asyncio.get_running_loop().time() + grace
        for scope in self._scopes:
            until = scope.when()
            if until is None or until > latest:
                scope.reschedule(latest)


def _shutting_down() -> RequestRefused:
    return RequestRefused(
        "the service is shutting down: ask again in a moment", status=503, code="shutting_down", retry_after=_CLOSING
    )


class RateLimit:
    """A token bucket a caller: a minute's worth of questions at once, then as many as come in.

    Args:
        per_minute: questions a minute; 0 sets no limit.
        clock: seconds, for tests.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        """Caller to tokens left, and when that was so."""

    def take(self, caller: str, number: int = 1) -> None:
        """Take tokens for a number of questions.

        Raises:
            RequestRefused: there are not enough; it says when there will be.
        """
        if not self._per_minute:
            return
        now = self._clock()
        tokens = self._left(caller, now)
        if number > self._per_minute:
            raise RequestRefused(
                f"{number} questions at once are more than the {self._per_minute} a minute that one caller may ask",
                status=429,
                code="rate_limit_exceeded",
            )
        if tokens < number:
            wait = math.ceil((number - tokens) * 60 / self._per_minute)
            raise RequestRefused(
                f"one caller may ask {self._per_minute} questions a minute: try again in {wait} s",
                status=429,
                code="rate_limit_exceeded",
                retry_after=wait,
            )
        if len(self._buckets) >= _MOST_CALLERS and caller not in self._buckets:
            self._forget(now)
        self._buckets[caller] = (tokens - number, now)

    def _left(self, caller: str, now: float) -> float:
        tokens, at = self._buckets.get(caller, (float(self._per_minute), now))
        return min(float(self._per_minute), tokens + (now - at) * self._per_minute / 60)

    def _forget(self, now: float) -> None:
        full = [caller for caller in self._buckets if self._left(caller, now) >= self._per_minute]
        for caller in full or [next(iter(self._buckets))]:
            del self._buckets[caller]
