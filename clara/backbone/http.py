"""The way to the model servers: one pooled client, replicas, retries; foreign errors are translated only here."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from clara.errors import BackboneError, BackboneOverloaded, BackboneRefused, BackboneUnreachable

RETRIED = frozenset({408, 409, 429})
"""Besides 5xx."""
LONGEST_WAIT = 60.0
"""Seconds that a server's Retry-After is believed."""
ASIDE = 10.0
"""Seconds that a server that cannot be reached is put aside while others are there."""
_LOST = (httpx.TransportError, aiohttp.ClientError, OSError)


@dataclass(slots=True, eq=False)
class Replica:
    """One server."""

    root: str
    """Address without ``/v1``."""
    outstanding: int = 0
    aside_until: float = 0.0

    @property
    def shown(self) -> str:
        """The address as messages give it: no credentials."""
        url = httpx.URL(self.root)
        return f"{str(url.copy_with(username=None, password=None) if url.userinfo else url).rstrip('/')}/v1"


class ModelServers:
    """One or more servers of the same model. Safe to use from many coroutines of one event loop."""

    def __init__(
        self, urls: Sequence[str], *, api_key: str | None, connect_timeout: float, timeout: float, retries: int
    ) -> None:
        self._replicas = [Replica(url.rstrip("/").removesuffix("/v1")) for url in urls]
        self._timeout, self._retries = timeout, retries
        transport = AiohttpTransport(
            # servers commonly drop an idle connection after five seconds; be the first to let go
            limits=httpx.Limits(max_connections=4096, keepalive_expiry=4.0),
            trust_env=False,
        )
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(
            transport=transport,
            headers=headers,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(timeout, connect=connect_timeout),
        )

    @property
    def shown(self) -> str:
        """The first address, for messages."""
        return self._replicas[0].shown

    async def get(self, path: str) -> Any:
        """The JSON that a server gives at ``path``.

        Raises:
            BackboneError: see :meth:`send`.
        """
        async with self.send("GET", path) as response:
            return await self.json(response)

    async def json(self, response: httpx.Response) -> Any:
        """The body of a reply as JSON.

        Raises:
            BackboneRefused: it is none.
        """
        await response.aread()
        try:
            return response.json()
        except ValueError:
            raise BackboneRefused(
                f"the server at {self.shown} does not speak the OpenAI protocol: its reply is not JSON; check --backbone",
                url=self.shown,
                status=response.status_code,
            ) from None

    @asynccontextmanager
    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> AsyncGenerator[httpx.Response]:
        """A successful reply, its body not read yet; tries again where that may help.

        Raises:
            BackboneUnreachable: no connection, or no reply in time.
            BackboneRefused: a status that trying again does not change.
            BackboneOverloaded: 408, 409, 429 or 5xx after all retries.
        """
        replica: Replica | None = None
        try:
            async with asyncio.timeout(self._timeout):
                replica, response = await self._try(method, path, body)
                try:
                    yield response
                finally:
                    await response.aclose()
                    replica.outstanding -= 1
        except TimeoutError:
            where = (replica or self._replicas[0]).shown
            raise BackboneUnreachable(
                f"the model server at {where} did not answer within {self._timeout:g} s; see --timeout", url=where
            ) from None
        except _LOST:
            where = (replica or self._replicas[0]).shown
            raise BackboneUnreachable(f"the connection to the model server at {where} broke", url=where) from None

    async def _try(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[Replica, httpx.Response]:
        """Attempts until one succeeds; the replica's ``outstanding`` then still counts it."""
        last = self._retries + len(self._replicas) - 1
        attempt = 0
        while True:
            replica = self._pick()
            replica.outstanding += 1
            try:
                return replica, await self._once(replica, method, path, body)
            except BackboneError as error:
                replica.outstanding -= 1
                if not error.retryable or attempt >= last:
                    raise
                replica.aside_until = time.monotonic() + (error.retry_after or ASIDE)
                # another server that is not put aside is asked at once
                if self._pick().aside_until > time.monotonic():
                    await asyncio.sleep(_wait(attempt, error.retry_after))
            except BaseException:
                replica.outstanding -= 1
                raise
            attempt += 1

    async def _once(self, replica: Replica, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        request = self._client.build_request(method, f"{replica.root}{path}", json=body)
        try:
            response = await self._client.send(request, stream=True)
            if response.is_success:
                return response
            await response.aclose()
        except _LOST:
            raise BackboneUnreachable(
                f"cannot reach the model server at {replica.shown}; is it running? "
                "start one (vllm serve MODEL), or check --backbone",
                url=replica.shown,
            ) from None
        raise _refusal(replica.shown, path, response)

    def _pick(self) -> Replica:
        now = time.monotonic()
        return min(self._replicas, key=lambda r: (r.aside_until if r.aside_until > now else 0.0, r.outstanding))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


_MENDS = {
    400: "it does not accept the request (400)",
    401: "it wants an API key (401): set CLARA_API_KEY",
    403: "the API key may not do this (403): check CLARA_API_KEY and what it is allowed",
    404: "there is no such path or model (404): check --backbone and --model",
}


def _refusal(shown: str, path: str, response: httpx.Response) -> BackboneError:
    status = response.status_code
    if status in RETRIED or status >= 500:
        return BackboneOverloaded(
            f"the model server at {shown} is overloaded or failing (status {status})",
            url=shown,
            status=status,
            retry_after=read_retry_after(response.headers.get("retry-after")),
        )
    mend = _MENDS.get(status, f"status {status}: check --backbone")
    return BackboneRefused(f"the model server at {shown} refused {path}: {mend}", url=shown, status=status)


def read_retry_after(value: str | None) -> float | None:
    """Seconds to wait from a Retry-After header, seconds or a date; None for nonsense, capped for the absurd."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
        seconds = max(0.0, seconds)
    return min(seconds, LONGEST_WAIT) if math.isfinite(seconds) and seconds >= 0 else None


def _wait(attempt: int, retry_after: float | None) -> float:
    backoff = min(8.0, 0.25 * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311
    return backoff if retry_after is None else retry_after + random.uniform(0, 0.1)  # noqa: S311
