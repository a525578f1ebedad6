"""What every request passes first: its id, the host it asks for, the caller's key, its size; and its line in the log."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clara.errors import RequestRefused
from clara.events import REQUEST_ID
from clara.service.protocol.problems import reply_to
from clara.service.protocol.stream import ClientLeft
from clara.service.service import Service

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROTECTED = ("/v1/", "/metrics")
"""What needs a key, where keys are in use."""
_OWN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", ""})
_BODY_SECONDS = 30.0
"""Seconds that a client has to send its request."""
_GONE = 499
"""Status in the log of a request whose client has left; nginx calls it so."""
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_log = logging.getLogger("clara.service")


@dataclass
class _Reply:
    """What has been sent so far."""

    status: int = 0


class Front:
    """ASGI application around the others; nothing that they raise gets past it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        token = REQUEST_ID.set(request_id)
        begin = time.perf_counter()
        reply = _Reply()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                head = MutableHeaders(scope=message)
                head["X-Request-Id"] = request_id
                head.update(_HEADERS)
            await send(message)

        try:
            await self._answer(scope, headers, receive, send_with_id, reply)
        finally:
            self._close(scope, reply.status or _GONE, time.perf_counter() - begin)
            REQUEST_ID.reset(token)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send, reply: _Reply) -> None:
        try:
            self._check_host(headers)
            caller = self._caller(scope, headers)
            scope.setdefault("state", {})["caller"] = caller
            body = await self._read(headers, receive)
            await self._app(scope, _with_body(body, receive), send)
        except RequestRefused as refusal:
            self._service.metrics.refusals.labels(refusal.code).inc()
            await reply_to(refusal, REQUEST_ID.get())(scope, receive, send)
        except ClientLeft:
            pass
        except Exception as error:  # noqa: BLE001 - the last one to catch it
            _log.error("a request failed: %s", type(error).__name__, exc_info=error)
            if not reply.status:
                failure = RequestRefused("something failed inside", status=500, code="internal_error")
                await reply_to(failure, REQUEST_ID.get())(scope, receive, send)

    def _check_host(self, headers: Headers) -> None:
        """Without keys a web page must not reach the service by a name of its own that leads here (DNS rebinding)."""
        host = re.sub(r":\d+$", "", headers.get("host", "")).lower()
        if self._service.keys is None and self._service.options.is_loopback and host not in _OWN_HOSTS:
            raise RequestRefused("this service answers to localhost only", status=421, code="wrong_host")

    def _caller(self, scope: Scope, headers: Headers) -> str:
        """The name of the key, or the address where no keys are in use."""
        client = scope.get("client")
        if self._service.keys is None:
            return client[0] if client else "local"
        if not scope["path"].startswith(_PROTECTED) or scope["method"] == "OPTIONS":
            return "anyone"
        kind, _, key = headers.get("authorization", "").partition(" ")
        name = self._service.keys.name_of(key.strip()) if kind.lower() == "bearer" else None
        if name is None:
            raise RequestRefused(
                "a valid API key is needed: send it as Authorization: Bearer KEY", status=401, code="invalid_api_key"
            )
        return name

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        """The whole request, as far as it is allowed."""
        most = self._service.options.max_body
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > most:
            raise _too_large(most)
        pieces: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeft
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > most:
                        raise _too_large(most)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise RequestRefused(
                f"the request did not arrive within {_BODY_SECONDS:g} s", status=408, code="request_timeout"
            ) from None
        return b"".join(pieces)

    def _close(self, scope: Scope, status: int, seconds: float) -> None:
        """Count the request and write its line. The route stands for the path, which anybody can invent."""
        route = scope.get("route")
        path = getattr(route, "path", "other")
        self._service.metrics.requests.labels(path, str(status)).inc()
        quiet = path in ("/health", "/ready", "/metrics") and status < 400
        facts = {
            "method": scope["method"] if scope["method"].isalpha() else "other",
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
            "caller": scope.get("state", {}).get("caller", "unknown"),
        }
        _log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"facts": facts})


def _with_body(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, and then what else comes."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(f"the request has more than {most:,} bytes", status=413, code="request_too_large")
