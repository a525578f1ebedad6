"""One exchange with one model server. Foreign errors are translated here and nowhere else."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from clara.backbone.servers.refusals import Refusal, read_refusal
from clara.backbone.servers.replicas import Replica
from clara.backbone.servers.retry import read_retry_after, worth_retrying
from clara.config import Settings
from clara.errors import (
    BackboneError,
    BackboneOverloaded,
    BackboneRefused,
    BackboneUnreachable,
    ClaraError,
    ContextOverflow,
    shortage,
)
from clara.events import REQUEST_ID
from clara.resources import version
from clara.runtime.tracing import trace_headers

CHAT = "/v1/chat/completions"
SENT = "sent"
"""Name among a response's extensions of the time, on the loop's clock, at which its request was sent."""
_LOST = (httpx.RequestError, httpx.StreamError, aiohttp.ClientError, OSError)
_MOST_CONNECTIONS = 4096
_KEEP_ALIVE = 4.0
"""Seconds; vLLM drops an idle connection after five, so be the first to let go."""

_LARGEST = 8 * 2**20
"""Bytes of the largest reply that is read, unpacked."""
T = TypeVar("T")
Read = Callable[[httpx.Response], Awaitable[T]]
"""Reads the body of a successful reply."""


class Wire:
    """The pooled way to all servers: httpx requests over aiohttp connections, without :class:`httpx.AsyncClient` between.

    aiohttp's transport costs a tenth of the CPU of httpx's own at 256 requests in flight. The client's cookies, redirects
    and a log line a request would cost a quarter of the rest, and a model server needs none of them.
    """

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.timeout
        proxy = httpx.Proxy(settings.proxy.get_secret_value()) if settings.proxy else None
        self._transport = AiohttpTransport(trust_env=False, proxy=proxy, client=_session)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream, */*",
            "User-Agent": f"clara/{version()}",
        }
        key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._key = key
        # the whole exchange has a deadline; only the connecting has a limit of its own
        self._limits = {"timeout": {"connect": settings.connect_timeout, "read": None, "write": None, "pool": None}}
        self._urls: dict[str, httpx.URL] = {}

    async def exchange(
        self,
        replica: Replica,
        method: str,
        path: str,
        body: bytes | None,
        read: Read[T],
        *,
        deadline: float,
        first_within: float | None = None,
    ) -> T:
        """Send a request and read its reply, by ``deadline`` on the loop's clock; the replica keeps the score.

        Only what happens to chat completions and refused connections count against the replica: a server may well do its
        work and have no ``/metrics``, or a proxy before them.

        Args:
            replica, method, path, body: what to send, and where.
            read: reads a reply of success.
            deadline: for all of it.
            first_within: seconds for the head of the reply.

        Raises:
            BackboneUnreachable: no connection, a broken one, or no reply in time.
            BackboneRefused, BackboneOverloaded: by the status of the reply.
            BackboneRefused: the server's certificate is not trusted.
            ContextOverflow: the reply says that the prompt is too long.
            Shortage: this machine gives no connection.
        """
        if replica.outstanding == 0:
            replica.last_sign = time.monotonic()
        replica.outstanding += 1
        try:
            async with asyncio.timeout_at(deadline) as scope:
                replica.scopes.add(scope)
                try:
                    result = await self._send(replica, method, path, body, read, first_within)
                finally:
                    replica.scopes.discard(scope)
        except TimeoutError:
            raise _too_late(replica, self._timeout, asyncio.get_running_loop().time() >= deadline) from None
        except _LOST as error:
            raise _lost(replica, path, error) from None
        finally:
            replica.outstanding -= 1
        replica.answered(engine=path == CHAT)
        return result

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _send(
        self, replica: Replica, method: str, path: str, body: bytes | None, read: Read[T], first_within: float | None
    ) -> T:
        address = replica.address(path)
        if address not in self._urls:
            self._urls[address] = httpx.URL(address)
        url = self._urls[address]
        headers = self._headers
        if replica.headers:
            headers = headers | replica.headers
        request_id = REQUEST_ID.get()
        if request_id:
            headers = headers | {"X-Request-Id": request_id}
        headers = headers | trace_headers()
        request = httpx.Request(method, url, headers=headers, content=body, extensions=self._limits)
        sent = asyncio.get_running_loop().time()
        scope = asyncio.timeout(first_within)
        try:
            async with scope:
                response = await self._transport.handle_async_request(request)
        except TimeoutError:
            if not scope.expired() or first_within is None:
                raise
            raise first_piece_late(first_within) from None
        response.request = request
        response.extensions[SENT] = sent
        try:
            if not response.is_success:
                raise _refusal(replica, path, response, await self._refusal_of(response))
            return await read(response)
        finally:
            # where the body was not read to its end this closes the connection, and the server stops working on it
            await response.aclose()

    async def _refusal_of(self, response: httpx.Response) -> Refusal:
        try:
            text = await read_text(response)
        except (BackboneRefused, *_LOST):
            text = ""
        return read_refusal(text, response.status_code, (self._key,))


async def read_bytes(response: httpx.Response, most: int = _LARGEST) -> bytes:
    """The body, unpacked, as long as it is not larger than ``most`` bytes.

    Raises:
        BackboneRefused: it is larger.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > most:
            raise BackboneRefused(
                f"the model server's reply is larger than {most // 2**20} MB; check --backbone", status=response.status_code
            )
        parts.append(part)
    return b"".join(parts)


async def read_json(response: httpx.Response) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        BackboneRefused: it is none, or too large.
    """
    content = await read_bytes(response)
    try:
        reply: Any = json.loads(content)
    except (ValueError, RecursionError):
        reply = None
    if isinstance(reply, list):  # some list their models so
        reply = {"data": reply}
    if not isinstance(reply, dict):
        url = str(response.request.url.copy_with(query=None))
        raise BackboneRefused(
            f"{url} does not speak the OpenAI protocol: its reply is no JSON object; check --backbone",
            url=url,
            status=response.status_code,
        )
    return cast("dict[str, Any]", reply)


async def read_text(response: httpx.Response) -> str:
    """The body as text. Raises: see :func:`read_bytes`."""
    return (await read_bytes(response)).decode("utf-8", "replace")


def first_piece_late(seconds: float) -> BackboneUnreachable:
    """The error for a reply in pieces that does not begin."""
    return BackboneUnreachable(f"the first piece of a reply did not come within {seconds:g} s (CLARA_FIRST_TOKEN_TIMEOUT)")


def _session() -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=_MOST_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


_ADVICE = {
    400: "it does not accept the request (400): a prompt too long for it, or a parameter that it does not know",
    401: "it wants an API key (401): set CLARA_API_KEY",
    403: "the API key may not do this (403): check CLARA_API_KEY and what it is allowed",
    404: "there is no such path or model (404): check --backbone and --model",
}
_REDIRECTS = range(300, 400)


def _refusal(replica: Replica, path: str, response: httpx.Response, refusal: Refusal) -> BackboneError:
    status = response.status_code
    shown, words = replica.shown, quoted(refusal.words)
    if refusal.is_too_long and path == CHAT:
        message = f"the prompt does not fit the model at {shown} ({status}){words}"
        return ContextOverflow(message, url=shown, status=status, length=refusal.length)
    if worth_retrying(status):
        wait = read_retry_after(response.headers)
        if path == CHAT:
            replica.failed(status, wait)
        message = f"the model server at {shown} is overloaded or failing (status {status}){words}"
        return BackboneOverloaded(message, url=shown, status=status, retry_after=wait, detail=refusal.named)
    advice = _ADVICE.get(status, f"status {status}: check --backbone")
    if status in _REDIRECTS:
        advice = f"it sends on to another address ({status}): name that one with --backbone"
    message = f"the model server at {shown} refused {path}: {advice}{words}"
    return BackboneRefused(message, url=shown, status=status, detail=refusal.named)


def quoted(words: str) -> str:
    """A server's words as the end of a message; nothing where there are none."""
    return f'; it says: "{words}"' if words else ""


def _without_tls(replica: Replica, error: BaseException) -> BackboneRefused | None:
    """What is wrong with the certificate of a server, or with its TLS, if that is why there is no connection."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    inner: object = getattr(cause, "certificate_error", None) or getattr(cause, "os_error", None) or cause
    if isinstance(inner, ssl.SSLCertVerificationError):
        message = (
            f"the certificate of the model server at {replica.shown} is not trusted ({inner.verify_message}): "
            "name the file of its authority in SSL_CERT_FILE, or use the name that the certificate is for"
        )
    else:
        reason = str(getattr(inner, "reason", "") or "no TLS").replace("_", " ").lower()
        message = f"no secure connection to the model server at {replica.shown} ({reason}): does it speak https? try http://"
    return BackboneRefused(message, url=replica.shown)


def _too_late(replica: Replica, timeout: float, deadline_passed: bool) -> BackboneUnreachable:
    if deadline_passed:
        message = (
            f"the model server at {replica.shown} did not answer in time ({timeout:g} s for a call; CLARA_TIMEOUT); "
            "give it more, or set CLARA_CONCURRENCY to what the server can do at once"
        )
    else:
        message = f"the engine of the model server at {replica.shown} gives no token any more; start it again"
    return BackboneUnreachable(message, url=replica.shown)


def _lost(replica: Replica, path: str, error: Exception) -> ClaraError:
    """The error for a connection that was refused or broke; the replica keeps the score."""
    short = shortage(error)
    if short is not None:  # this machine's trouble, which no waiting for the server ends
        return short
    untrusted = _without_tls(replica, error)
    if untrusted is not None:
        return untrusted
    # the transport calls every lost connection a ConnectTimeout; its cause tells them apart
    refused = isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    if refused or path == CHAT:
        replica.connection_lost(refused=refused)
    return _cannot_reach(replica, refused=refused)


def _cannot_reach(replica: Replica, *, refused: bool) -> BackboneUnreachable:
    if refused:
        message = (
            f"cannot reach the model server at {replica.shown}; is it running? "
            "start one (clara vllm, or vllm serve MODEL), or check --backbone"
        )
    else:
        message = f"the connection to the model server at {replica.shown} broke; is it still running?"
    return BackboneUnreachable(message, url=replica.shown)
