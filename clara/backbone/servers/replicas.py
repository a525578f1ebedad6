"""Servers of one model that share the load: which one is asked next, and which are put aside until they answer again."""

from __future__ import annotations

import asyncio
import base64
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import unquote

import httpx

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two looks at a server that was put aside, at first and at most."""
_REST = 1.0
"""Seconds that others are preferred to a server that was busy or failed."""
_LOST_IN_A_ROW = 2
"""One lost connection may be an idle one that the server closed; so many in a row are the server's."""
_FAILED_IN_A_ROW = 4
"""Replies with status 5xx in a row after which a server is put aside."""


class Replica:
    """One server."""

    def __init__(self, url: str) -> None:
        address, credentials = _split_credentials(url)
        self.bases = _bases(str(address))
        """What may stand before ``/chat/completions``, the likeliest first; without credentials."""
        self.base = self.bases[0]
        """The one in use; the greeting finds out whether it is another."""
        self.headers = {"Authorization": credentials} if credentials else {}
        """What is sent to this server only: the credentials that stood in its address."""
        self.outstanding = 0
        self.proven = False
        """True once it has answered."""
        self.down = False
        """True while it is put aside."""
        self.rest_until = 0.0
        """Others are preferred until then: it has asked for a pause."""
        self.last_sign = 0.0
        """When it last gave a sign of life."""
        self.scopes: set[asyncio.Timeout] = set()
        """The calls in flight, as time limits that can be brought forward."""
        self._lost = 0
        self._failed = 0
        self._refused = False

    @property
    def shown(self) -> str:
        """The address as messages give it."""
        return self.base

    def address(self, path: str) -> str:
        """The address of a path such as ``/v1/models`` or ``/health``, the first of which lie below the base."""
        if path.startswith("/v1/"):
            return self.base + path.removeprefix("/v1")
        return self.base.removesuffix("/v1") + path

    @property
    def broken(self) -> bool:
        """True if it should be put aside."""
        return self._refused or self._lost >= _LOST_IN_A_ROW or self._failed >= _FAILED_IN_A_ROW

    def answered(self, *, engine: bool) -> None:
        """A reply came, from the engine or from the web server before it."""
        self.proven, self._lost, self._refused = True, 0, False
        if engine:
            self._failed, self.last_sign = 0, time.monotonic()

    def connection_lost(self, *, refused: bool) -> None:
        """A connection broke, or could not be made."""
        self._lost, self._refused = self._lost + 1, refused

    def failed(self, status: int, retry_after: float | None) -> None:
        """A reply came that asks for another try."""
        self.last_sign = time.monotonic()
        if retry_after is None:
            retry_after = _REST
        self.rest_until = self.last_sign + retry_after
        if status >= 500:
            self._failed += 1

    def give_up_calls(self) -> None:
        """Make every call in flight end now, so that it moves to another server."""
        now = asyncio.get_running_loop().time()
        for scope in tuple(self.scopes):
            if not scope.expired():
                scope.reschedule(now)


class ReplicaPool:
    """Chooses the server with the fewest outstanding requests; looks after those put aside.

    Args:
        urls: base addresses, with or without ``/v1``.
        look: asks a server that was put aside whether it works again; must not raise.
    """

    def __init__(self, urls: Sequence[str], look: Callable[[Replica], Awaitable[bool]]) -> None:
        self.replicas = [Replica(url) for url in urls]
        self._look = look
        self._looking: dict[Replica, asyncio.Task[None]] = {}
        self._back = asyncio.Event()

    @property
    def all_down(self) -> bool:
        """True if every server is put aside."""
        return all(replica.down for replica in self.replicas)

    @property
    def worth_waiting(self) -> bool:
        """True if a server has answered before: it may be starting again."""
        return any(replica.proven for replica in self.replicas)

    def choose(self) -> Replica:
        """The server to ask next: up before down, rested before resting, then fewest outstanding requests."""
        now = time.monotonic()
        return min(self.replicas, key=lambda r: (r.down, r.rest_until > now, r.outstanding))

    def put_aside(self, replica: Replica) -> None:
        """Send no more calls to a server until it answers again."""
        if replica.down:
            return
        replica.down = True
        self._back.clear()
        task = asyncio.get_running_loop().create_task(self._watch(replica))
        self._looking[replica] = task
        task.add_done_callback(lambda _done: self._looking.pop(replica, None))

    async def someone_back(self) -> None:
        """Wait until a server has been taken back; at once if one is up."""
        while self.all_down:
            await self._back.wait()

    async def aclose(self) -> None:
        """Stop looking."""
        tasks = list(self._looking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, replica: Replica) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            if await self._look(replica):
                break
            pause = min(2 * pause, _LONGEST_PAUSE)
        replica.answered(engine=True)
        replica.down, replica.rest_until = False, 0.0
        self._back.set()


_ENDPOINT = re.compile(r"/(?:chat/completions|completions|responses|models)\Z")
_VERSIONED = re.compile(r"/v\d+\w*(?:/openai)?\Z")


def _bases(address: str) -> tuple[str, ...]:
    """The bases that an address may mean, with or without ``/v1``, a trailing slash or the path of an endpoint."""
    base = _ENDPOINT.sub("", address.rstrip("/")).rstrip("/")
    if base.endswith("/v1"):
        return (base,)
    if _VERSIONED.search(base):
        return base, f"{base}/v1"
    return f"{base}/v1", base


def _split_credentials(url: str) -> tuple[httpx.URL, str | None]:
    """An address without user name and password, and those as the value of a header for basic authentication."""
    address = httpx.URL(url)
    if not address.userinfo:
        return address, None
    user = ":".join(unquote(part) for part in address.userinfo.decode().split(":", 1))
    bare = address.copy_with(username=None, password=None)
    return bare, "Basic " + base64.b64encode(user.encode()).decode()
