"""One or more servers of the same model as one: limit, choice of a server, retries, and moving on when one fails."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx

from clara.backbone.servers.elimination import refused_changes
from clara.backbone.servers.limiter import ConcurrencyLimiter
from clara.backbone.servers.liveness import Liveness
from clara.backbone.servers.metrics import ServerLoad, total
from clara.backbone.servers.parameters import SILENT_STATUSES, STATUSES, Parameters
from clara.backbone.servers.replicas import Replica, ReplicaPool
from clara.backbone.servers.retry import pause
from clara.backbone.servers.wire import CHAT, Read, Wire, read_json
from clara.config import Settings
from clara.errors import BackboneError, BackboneUnreachable, ContextOverflow

_LOOK = 1.0
"""Seconds between two looks at ``/metrics`` while calls are in flight."""
_LOOK_AGAIN = 60.0
"""The same where no server has ever told its queue there."""
_GREETING = 10.0
"""Seconds that a server has for a small question about itself."""

T = TypeVar("T")


class _Flooded(Exception):
    """A call's time is over while more were in flight than the server can do in that time."""

    def __init__(self, error: BackboneError) -> None:
        super().__init__(str(error))
        self.error = error


class ModelServers:
    """The servers that the settings name. Safe to use from many coroutines of one event loop."""

    def __init__(self, settings: Settings) -> None:
        self.limiter = ConcurrencyLimiter(settings.concurrency)
        self._timeout, self._retries, self._outage = settings.timeout, settings.retries, settings.outage
        self._wire = Wire(settings)
        self._parameters = Parameters()
        self._eliminating = asyncio.Lock()
        self._eliminated: set[frozenset[str]] = set()
        """The fields of the requests whose refusal was looked into."""
        self.liveness = Liveness(self._wire)
        self.pool = ReplicaPool(settings.backbone, self.liveness.works)
        self._watched: dict[Replica, asyncio.TimerHandle] = {}
        self._chores: set[asyncio.Task[None]] = set()
        self._next_look = 0.0
        """When; 0 before the first one."""

    @property
    def shown(self) -> str:
        """The addresses, for messages."""
        return ", ".join(replica.shown for replica in self.pool.replicas)

    async def chat(self, body: bytes, read: Read[T], *, first_within: float | None = None) -> T:
        """Send one chat completion when its turn comes, and read the reply.

        A call whose time ran out among too many others is sent once more, among fewer.

        Args:
            body: the request.
            read: reads the reply.
            first_within: seconds for the head of a reply, of one that comes in pieces.

        Raises:
            BackboneUnreachable: no connection, or no reply in time.
            BackboneRefused: a status that trying again does not change.
            BackboneOverloaded: 408, 409, 429 or 5xx after all retries.
        """
        if not self._next_look:
            self._look_now_and_then()  # at once: the limit is low until a server has told its queue
        try:
            reply = await self._in_turn(body, read, first_within)
        except _Flooded:
            try:
                reply = await self._in_turn(body, read, first_within)
            except _Flooded as flood:
                raise flood.error from None
        self.limiter.replied()
        self._look_now_and_then()
        return reply

    async def post(self, path: str, body: dict[str, Any], *, looks_into: bool = False) -> dict[str, Any]:
        """The reply to a small request of CLARA's own, outside the limit. Raises: see :meth:`chat`.

        Args:
            path, body: what to send.
            looks_into: find out which parameter is refused where the server does not say.
        """
        return await self._send(path, json.dumps(body).encode(), read_json, looks_into=looks_into)

    async def get(self, replica: Replica, path: str) -> dict[str, Any]:
        """The JSON object that one server gives at ``path``; tried once. Raises: see :meth:`chat`."""
        deadline = asyncio.get_running_loop().time() + min(_GREETING, self._timeout)
        return await self._wire.exchange(replica, "GET", path, None, read_json, deadline=deadline)

    async def load(self) -> ServerLoad:
        """What the ``/metrics`` of all servers tell together; the limit heeds it."""
        load = total((await self.loads()).values())
        self.limiter.observed(load)
        return load

    async def loads(self) -> dict[Replica, ServerLoad]:
        """What the ``/metrics`` of each server tell; those put aside are left out."""
        asked = [replica for replica in self.pool.replicas if not replica.down]
        loads = await asyncio.gather(*(self.liveness.load(replica) for replica in asked))
        return dict(zip(asked, loads, strict=True))

    async def aclose(self) -> None:
        """Close all connections and end the chores."""
        for handle in self._watched.values():
            handle.cancel()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self.pool.aclose()
        await self._wire.aclose()

    async def _in_turn(self, body: bytes, read: Read[T], first_within: float | None) -> T:
        async with self.limiter.slot() as number:
            return await self._send(CHAT, body, read, number, first_within, looks_into=True)

    async def _send(
        self,
        path: str,
        body: bytes,
        read: Read[T],
        number: int | None = None,
        first_within: float | None = None,
        *,
        looks_into: bool = False,
    ) -> T:
        """Ask until a server replies; ``number`` is the call's place in the limiter. Raises: _Flooded: see :meth:`chat`."""
        clock = asyncio.get_running_loop().time
        deadline, failures = clock() + self._timeout, 0
        while True:
            if self.pool.all_down and self.pool.worth_waiting:
                deadline += await self._wait_for_server()
            replica = self.pool.choose()
            self._watch(replica)
            sent = body
            if path == CHAT:
                sent = self._parameters.applied(body)
            try:
                return await self._wire.exchange(
                    replica, "POST", path, sent, read, deadline=deadline, first_within=first_within
                )
            except BackboneError as error:
                if path == CHAT and await self._adapts(error, replica, sent, looks_into=looks_into):
                    continue  # asked again without what it does not take
                over = clock() >= deadline
                if self._floods(number, error, over=over) and over:
                    raise _Flooded(error) from None
                if replica.broken:
                    self.pool.put_aside(replica)
                wait, failures = pause(failures, error.retry_after), failures + 1
                late = clock() >= deadline or (error.retry_after is not None and clock() + wait > deadline)
                if not error.retryable or late or failures >= self._retries + len(self.pool.replicas):
                    raise
                # another server is asked at once, and one that went away is waited for above
                if self.pool.choose() is replica and not (replica.down and replica.proven):
                    await asyncio.sleep(min(wait, deadline - clock()))

    def _floods(self, number: int | None, error: BackboneError, *, over: bool) -> bool:
        """Lower the limit after a push-back; True if the calls beside this one may be why it failed."""
        if number is None:
            return False
        if not over and error.status not in (429, 503):
            return False
        return self.limiter.pushed_back(number, late=over)

    async def _adapts(self, error: BackboneError, replica: Replica, sent: bytes, *, looks_into: bool) -> bool:
        """True if the request was refused for a parameter, and the next one will be another."""
        if error.status not in STATUSES or isinstance(error, ContextOverflow):
            return False
        if self._parameters.learn(error.detail, sent):
            return True
        request: dict[str, Any] = json.loads(sent)
        fields = frozenset((*request, request["messages"][0]["role"]))
        if not looks_into or error.status not in SILENT_STATUSES:
            return False
        async with self._eliminating:
            if fields in self._eliminated:
                return self._parameters.applied(sent) != sent
            self._eliminated.add(fields)

            async def ask(trial: dict[str, Any]) -> bool:
                return await self._takes(replica, trial)

            self._parameters.adopt(await refused_changes(request, ask))
        return self._parameters.applied(sent) != sent

    async def _takes(self, replica: Replica, request: dict[str, Any]) -> bool:
        """True if the server answers a request; what it answers is not read."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            await self._wire.exchange(replica, "POST", CHAT, json.dumps(request).encode(), _accept, deadline=deadline)
        except BackboneError as error:
            if error.status is None:
                raise
            return False
        return True

    async def _wait_for_server(self) -> float:
        """Wait until a server is back; the seconds that it took."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._outage):
                await self.pool.someone_back()
        except TimeoutError:
            raise BackboneUnreachable(
                f"the model server at {self.shown} went away and did not come back within {self._outage:g} s "
                "(CLARA_OUTAGE); start it again",
                url=self.shown,
            ) from None
        return time.monotonic() - began

    def _watch(self, replica: Replica) -> None:
        """See to it that a busy server that falls silent is noticed."""
        if replica not in self._watched and not replica.down:
            later = asyncio.get_running_loop().call_later(self.liveness.silence, self._check, replica)
            self._watched[replica] = later

    def _check(self, replica: Replica) -> None:
        del self._watched[replica]
        if not replica.outstanding or replica.down:
            return
        if time.monotonic() - replica.last_sign < self.liveness.silence:
            self._watch(replica)
        else:
            self._begin(self._ask_for_sign(replica))

    async def _ask_for_sign(self, replica: Replica) -> None:
        if await self.liveness.dead(replica):
            self.pool.put_aside(replica)
            replica.give_up_calls()
        elif replica.outstanding:
            self._watch(replica)

    def _look_now_and_then(self) -> None:
        """Begin a look at the servers' load, if the last one is long enough ago."""
        if self.limiter.adaptive and time.monotonic() >= self._next_look:
            self._next_look = math.inf
            self._begin(self._look_at_load())

    async def _look_at_load(self) -> None:
        try:
            await self.load()
        finally:
            seconds = _LOOK_AGAIN
            if self.limiter.tells_queue:
                seconds = _LOOK
            self._next_look = time.monotonic() + seconds

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        chore = asyncio.get_running_loop().create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)


async def _accept(_response: httpx.Response) -> None:
    """A reply of success, whatever it says."""
