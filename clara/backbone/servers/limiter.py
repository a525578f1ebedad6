"""How many requests are in flight: enough that the server never waits, few enough that it is not flooded.

Where the server tells the length of its queue (``/metrics``), the limit grows by half as long as nobody waits there, holds
while a short queue keeps the engine fed, and falls to what is running plus that short queue when it is longer. Where it
does not, it may work on one request at a time and let the others wait until they time out: the limit begins low and climbs
only as long as a higher limit brings more replies a second. A push-back (429, 503, a timeout) takes a third off, once for
all the calls that were in flight then: additive growth and multiplicative decrease, as in TCP's congestion avoidance (Chiu
and Jain 1989).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from clara.backbone.servers.metrics import ServerLoad

FIRST = 4
"""Where the adaptive limit begins."""
START = 32
"""Where it goes on as soon as a server tells its queue."""
MOST = 1024
"""Where it ends."""
_GROWTH, _DECREASE = 1.5, 2 / 3
_LOWEST_LATE = 2.0
_QUEUE, _QUEUE_SHARE = 4, 0.25
"""A queue that is worth keeping: this many requests, or this share of the running ones if that is more."""
_GAIN, _SURE_GAIN = 0.1, 0.4
"""Where the server tells no queue: a higher limit must bring this share of its rise in replies a second to be kept; the
larger share once a climb was in vain, because with the tries the chance grows that one seems to pay."""
_SURE = 16
"""Replies that a rate is then measured over at least."""
_LONGEST_HOLD = 64
"""Measurements between a climb that was in vain and the next one, at most."""


class ConcurrencyLimiter:
    """Lets at most :attr:`limit` calls through at once, first come, first served. For one event loop.

    Args:
        fixed: a limit that never changes; None adapts.
        clock: seconds, for tests.
    """

    def __init__(self, fixed: int | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.adaptive = fixed is None
        self.in_flight = 0
        self._limit = float(FIRST if fixed is None else fixed)
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tells_queue = False
        self._pushed = False
        """True from a push-back on: growth is then one step at a time."""
        self._calls = 0
        """Number of the last call that was let through."""
        self._shrunk_at = 0
        """Number of the last call when the limit last fell; calls up to it do not make it fall again."""
        self._flooded = False
        """True if more calls were in flight then than the limit allowed from then on."""
        self._was_full = False
        self._replies = 0
        self._since = clock()
        self._best = (0.0, self._limit)
        """Most replies a second so far, with the limit that brought them."""
        self._in_vain = 0
        """Climbs that brought nothing, or ended in a push-back, less those that paid after one."""
        self._held = 0
        """Measurements since the last of them."""

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return max(1, int(self._limit))

    @property
    def tells_queue(self) -> bool:
        """True once a server has told its queue."""
        return self._tells_queue

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[int]:
        """Wait for a place, hold it, give it back; yields the call's number for :meth:`pushed_back`."""
        if self.in_flight >= self.limit:
            await self._queue()
        else:
            self.in_flight += 1
        self._calls += 1
        if self.in_flight >= self.limit and not self._was_full:
            # a rate tells of the limit only while the limit is what holds the calls back
            self._was_full, self._replies, self._since = True, 0, self._clock()
        try:
            yield self._calls
        finally:
            self.in_flight -= 1
            self._wake()

    def replied(self) -> None:
        """A call has come back with a reply."""
        self._replies += 1
        if not self.adaptive or not self._was_full:
            return
        enough = self.limit
        if self._in_vain:
            enough = max(enough, _SURE)
        if self._replies < enough or self._tells_queue:  # with a queue that is told, observed() decides
            return
        self._was_full = False
        self._climb(self._replies / max(self._clock() - self._since, 1e-6))

    def pushed_back(self, call: int, *, late: bool = False) -> bool:
        """Call number ``call`` was refused for load, or timed out (``late``), which takes the limit no lower than two: a
        server that loses replies now and then would else be asked one thing at a time.

        Returns:
            True if that may be due to the calls beside it: there were more than are let through from now on.
        """
        if not self.adaptive:
            return False
        if call > self._shrunk_at:
            self._in_vain += self._pushed  # the first one may be a hiccup
            self._pushed, self._shrunk_at, self._held = True, self._calls, 0
            lowest = 1.0
            if late:
                lowest = min(self._limit, _LOWEST_LATE)
            self._set(max(self._limit * _DECREASE, lowest))
            self._flooded = self.in_flight > self.limit
            self._best = (0.0, self._limit)
        return self._flooded

    def observed(self, load: ServerLoad) -> None:
        """The servers have told their load."""
        if not self.adaptive or load.waiting is None:
            return
        if not self._tells_queue and not self._pushed:
            self._was_full = self._was_full and self._limit >= START
            self._set(max(self._limit, START))
        self._tells_queue = True
        running = load.running or 0.0
        queue = max(_QUEUE, _QUEUE_SHARE * running)
        if load.waiting > queue:
            # others may use the server too: what runs is what it can take, whoever asked for it
            self._set(min(self._limit, max(running + queue, _QUEUE)))
        elif load.waiting == 0 and self._was_full:
            growth = self._limit * _GROWTH
            if self._pushed:
                growth = self._limit + max(1.0, self._limit / 16)
            self._set(growth)
        self._was_full, self._replies = False, 0

    def _climb(self, rate: float) -> None:
        """Go up, down or nowhere after ``rate`` replies a second at the limit."""
        best, at = self._best
        if self._limit > at:
            gain = _SURE_GAIN if self._in_vain else _GAIN
            if rate > best * (1 + gain * (self._limit / at - 1)):
                self._in_vain = max(0, self._in_vain - 1)
            else:
                self._in_vain, self._held = self._in_vain + 1, 0
                self._set(at)
                return
        else:
            # what was in vain once may have been bad luck, or others kept the server busy then
            self._held += 1
            if self._held < min(2 ** (self._in_vain - 1), _LONGEST_HOLD):
                return
        self._best = (rate, self._limit)
        self._set(self._limit * _GROWTH)

    async def _queue(self) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # the place was given in the same moment: hand it on
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
