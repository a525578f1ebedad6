"""The application: routes, errors, and what stands in front of them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from multiprocessing import connection
from types import FrameType
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from clara.agent.runner import Agent
from clara.config import Settings
from clara.errors import ClaraError, RequestRefused
from clara.events import REQUEST_ID
from clara.resources import version
from clara.service.front import Front
from clara.service.options import ServiceOptions
from clara.service.protocol.problems import refusal_of, reply_to
from clara.service.protocol.stream import ClientLeft
from clara.service.routes import ask, chat, status
from clara.service.service import Service

_ABOUT = (
    "Clinical questions in many languages, answered from sources that are cited. For information and research. "
    "Not a medical device; it does not replace a clinician."
)


def create_app(settings: Settings, options: ServiceOptions, *, agent: Agent | None = None) -> ASGIApp:
    """The ASGI application of one worker.

    Args:
        settings: what CLARA answers with.
        options: how the service runs.
        agent: replaces the one that the settings describe.

    Raises:
        DataError: the file of keys or the audit log cannot be used.
    """
    service = Service(settings, options, agent=agent)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        with_grace(service)
        end_with_parent()
        async with service:
            yield

    app = FastAPI(title="CLARA", version=version(), description=_ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    for router in (chat.router, ask.router, status.router):
        app.include_router(router)
    app.add_exception_handler(ClaraError, _refused)
    app.add_exception_handler(ClientLeft, _left)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    front: ASGIApp = Front(app, service)
    if options.origins:
        front = CORSMiddleware(
            front,
            allow_origins=options.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    return front


def with_grace(service: Service) -> None:
    """From SIGTERM or Ctrl-C on the service takes no further question; the server's own handler acts after that."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def close(signum: int, frame: FrameType | None, before: object = before) -> None:
            loop.call_soon_threadsafe(service.gate.close, service.options.grace)
            if callable(before):
                before(signum, frame)

        signal.signal(number, close)


def end_with_parent() -> None:
    """A worker whose first process was killed would hold the port for ever: it ends in order instead."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="clara-parent", daemon=True).start()


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """A question that cannot be answered, or not now."""
    refused = cast("ClaraError", error)
    request.app.state.service.metrics.refusals.labels(refusal_of(refused).code).inc()
    return reply_to(refused, REQUEST_ID.get())


async def _left(_request: Request, _error: Exception) -> JSONResponse:
    """Nobody reads this; the status is for the log."""
    return JSONResponse({}, 499)


async def _misshapen(request: Request, error: Exception) -> JSONResponse:
    """A request of another shape; where it is wrong is said, what stood there is not repeated."""
    first = cast("RequestValidationError", error).errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    message = f"{place[:200] or 'the request'}: {first['msg'][:300]}"
    return await _refused(request, RequestRefused(message, status=422, code="invalid_request"))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: no such address, another method, JSON that cannot be read."""
    http_error = cast("HTTPException", error)
    status_code = http_error.status_code
    code = {404: "not_found", 405: "method_not_allowed"}.get(status_code, "bad_request")
    reply = await _refused(request, RequestRefused(str(http_error.detail), status=status_code, code=code))
    reply.headers.update(http_error.headers or {})
    return reply
