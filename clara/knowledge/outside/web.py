"""Requests to a public interface: few, spaced, small, and every failure is one kind of error."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

import httpx

from clara.errors import SourceError
from clara.resources import version

_LARGEST = 4_000_000
"""Bytes of a reply beyond which it is not read."""
_WHOLE = 3.0
"""Times the wait for the next bytes that a whole reply may take."""


class Web:
    """GET requests to one source, one after the other with a pause between them."""

    def __init__(
        self, name: str, base: str, *, pause: float, timeout: float, connect_timeout: float, proxy: str | None
    ) -> None:
        """A source that is not connected yet.

        Args:
            name: of the source, for messages.
            base: address that the paths are below.
            pause: least seconds between two requests.
            timeout: seconds that a request may wait for the next bytes; the whole reply may take three times as long.
            connect_timeout: seconds to connect.
            proxy: address of an HTTP proxy; None asks none, whatever the environment says.
        """
        self.name = name
        self._base = base.rstrip("/")
        self._pause = pause
        self._timeout = httpx.Timeout(timeout, connect=connect_timeout)
        self._deadline = connect_timeout + _WHOLE * timeout
        self._proxy = proxy
        self._client: httpx.AsyncClient | None = None
        self._turn = asyncio.Lock()
        self._next = 0.0

    async def get(self, path: str, parameters: Mapping[str, str | int]) -> bytes:
        """The body of the reply.

        Raises:
            SourceError: no connection, no reply in time, a status that is no success, or a reply beyond all measure.
        """
        async with self._turn:
            clock = asyncio.get_running_loop().time
            await asyncio.sleep(max(0.0, self._next - clock()))
            try:
                async with asyncio.timeout(self._deadline):
                    return await self._read(f"{self._base}{path}", parameters)
            except TimeoutError:
                raise self.error(f"sent no whole reply within {self._deadline:g} s") from None
            except httpx.HTTPError as error:
                raise self.error(f"cannot be reached ({type(error).__name__})") from None
            finally:
                self._next = clock() + self._pause

    def error(self, problem: str) -> SourceError:
        """The error that names this source."""
        return SourceError(f"{self.name} at {self._base} {problem}", source=self.name)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _read(self, url: str, parameters: Mapping[str, str | int]) -> bytes:
        if self._client is None:
            agent = f"clara-agent/{version()} (clinical question answering)"
            self._client = httpx.AsyncClient(
                timeout=self._timeout, headers={"User-Agent": agent}, proxy=self._proxy, trust_env=False
            )
        body = bytearray()
        async with self._client.stream("GET", url, params=dict(parameters)) as response:
            if not response.is_success:
                raise self.error(f"answered with status {response.status_code}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    raise self.error(f"sent more than {_LARGEST} bytes")
        return bytes(body)


class WebSource:
    """What the sources on the network share: how they are connected and closed. Arguments: as of :class:`Web`."""

    name: str
    address: ClassVar[str]
    """Where it is asked unless another base is given."""
    pause: ClassVar[float]
    """Least seconds between two requests."""

    def __init__(
        self,
        base: str | None = None,
        *,
        timeout: float = 10.0,
        connect_timeout: float = 5.0,
        pause: float | None = None,
        proxy: str | None = None,
    ) -> None:
        self._web = Web(
            self.name,
            self.address if base is None else base,
            pause=self.pause if pause is None else pause,
            timeout=timeout,
            connect_timeout=connect_timeout,
            proxy=proxy,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._web.aclose()
