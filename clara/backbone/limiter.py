"""How many requests are in flight: enough that the server never waits, few enough that it is not flooded.

Where the server tells the length of its queue (``/metrics``), the limit grows by half as long as nobody waits there, holds
while a short queue keeps the engine fed, and falls to what is running plus that short queue when it is longer. Where it
does not, the limit climbs only as long as a higher limit has brought more replies a second. A push-back (429, 503, a
timeout) takes a third off, once for all the calls that were in flight then: additive growth and multiplicative decrease,
as in TCP's congestion avoidance (Chiu and Jain 1989).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from clara.backbone.metrics import ServerLoad

START = 32
"""Where the adaptive limit begins."""
MOST = 1024
"""Where it ends."""
_GROWTH, _DECREASE = 1.5, 2 / 3
_QUEUE, _QUEUE_SHARE = 4, 0.25
"""A queue that is worth keeping: this many requests, or this share of the running ones if that is more."""
_GAIN = 1.05
"""A higher limit must bring this much more replies a second to be kept, where the server tells no queue."""


class ConcurrencyLimiter:
    """Lets at most :attr:`limit` calls through at once, first come, first served. For one event loop.

    Args:
        fixed: a limit that never changes; None adapts.
        clock: seconds, for tests.
    """

    def __init__(self, fixed: int | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.adaptive = fixed is None
        self.in_flight = 0
        self._limit = float(START if fixed is None else fixed)
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tells_queue = False
        self._pushed = False
        """True from a push-back on: growth is then one step at a time."""
        self._calls = 0
        """Number of the last call that was let through."""
        self._shrunk_at = 0
        """Number of the last call when the limit last fell; calls up to it do not make it fall again."""
        self._was_full = False
        self._replies = 0
        self._since = clock()
        self._best = (0.0, self._limit)
        """Most replies a second so far, with the limit that brought them."""

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return max(1, int(self._limit))

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[int]:
        """Wait for a place, hold it, give it back; yields the call's number for :meth:`pushed_back`."""
        if self.in_flight >= self.limit:
            await self._queue()
        else:
            self.in_flight += 1
        self._calls += 1
        if self.in_flight >= self.limit:
            self._was_full = True
        try:
            yield self._calls
        finally:
            self.in_flight -= 1
            self._wake()

    def replied(self) -> None:
        """A call has come back with a reply."""
        self._replies += 1
        if not self.adaptive or not self._was_full or self._replies < self.limit:
            return
        if self._tells_queue:
            return  # observed() decides
        now = self._clock()
        rate = self._replies / max(now - self._since, 1e-6)
        best, at = self._best
        if rate > best * _GAIN:
            self._best = (rate, self._limit)
            self._set(self._limit + 1 if self._pushed else self._limit * _GROWTH)
        elif self._limit > at:
            self._set(at)
        self._was_full, self._replies, self._since = False, 0, now

    def pushed_back(self, call: int) -> None:
        """Call number ``call`` was refused for load, or timed out."""
        if self.adaptive and call > self._shrunk_at:
            self._pushed, self._shrunk_at = True, self._calls
            self._set(self._limit * _DECREASE)
            self._best = (0.0, self._limit)

    def observed(self, load: ServerLoad) -> None:
        """The servers have told their load."""
        if not self.adaptive or load.waiting is None:
            return
        self._tells_queue = True
        running = load.running or 0.0
        queue = max(_QUEUE, _QUEUE_SHARE * running)
        if load.waiting > queue:
            # others may use the server too: what runs is what it can take, whoever asked for it
            self._set(min(self._limit, max(running + queue, _QUEUE)))
        elif load.waiting == 0 and self._was_full:
            self._set(self._limit + max(1.0, self._limit / 16) if self._pushed else self._limit * _GROWTH)
        self._was_full, self._replies = False, 0

    async def _queue(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                # the place was given in the same moment: hand it on
                self.in_flight -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def _set(self, limit: float) -> None:
        self._limit = min(float(MOST), max(1.0, limit))
        self._wake()
