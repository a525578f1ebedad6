"""Server-sent events, and work that ends when the client leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

T = TypeVar("T")

PING = b": ping\n\n"
"""A comment, which clients skip; it keeps proxies from closing a quiet connection."""
_QUIET = 15.0
"""Seconds without an event until a ping."""
_SLOW = 60.0
"""Seconds that a client has to take one event."""


class ClientLeft(Exception):
    """The client has closed the connection; nobody reads the reply."""


async def until_left(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work, which is cancelled when the client leaves.

    Raises:
        ClientLeft: the client has left before the end.
    """
    task = asyncio.create_task(work)
    watch = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientLeft
        return task.result()
    finally:
        task.cancel()
        watch.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def event(data: Any, name: str | None = None) -> bytes:
    """One server-sent event with JSON data."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class EventStream(Response):
    """Sends events as they come. The head goes out with the first event, so that what fails before has its status.

    Args:
        events: encoded events; closed when the client leaves.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        is_begun = False

        async def send_on(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await until_left(receive, self._send_all(send_on))
        except ClientLeft:
            if not is_begun:
                raise

    async def _send_all(self, send: Send) -> None:
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        # one task walks through the events from first to last: their time limit belongs to it
        producer = asyncio.create_task(self._produce(pieces))
        try:
            piece = await pieces.get()
            if piece is None:
                return await producer
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while piece is not None:
                await _send_body(send, piece, more=True)
                piece = await _next_or_ping(pieces)
            await producer
            await _send_body(send, b"", more=False)
        finally:
            producer.cancel()
            await asyncio.gather(producer, return_exceptions=True)

    async def _produce(self, pieces: asyncio.Queue[bytes | None]) -> None:
        try:
            async with aclosing(self._events):
                async for piece in self._events:
                    pieces.put_nowait(piece)
        finally:
            pieces.put_nowait(None)


async def _next_or_ping(pieces: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(_QUIET):
            return await pieces.get()
    except TimeoutError:
        return PING


async def _send_body(send: Send, piece: bytes, *, more: bool) -> None:
    try:
        async with asyncio.timeout(_SLOW):
            await send({"type": "http.response.body", "body": piece, "more_body": more})
    except TimeoutError:
        raise ClientLeft from None
