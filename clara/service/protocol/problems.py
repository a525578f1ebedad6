"""Errors as replies: one shape, that of the OpenAI protocol, and no word that an outsider should not read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse

from clara.errors import (
    BackboneError,
    BackboneOverloaded,
    BackboneUnreachable,
    ClaraError,
    RequestRefused,
    StoreError,
    UnsupportedLanguage,
    UsageError,
)

_RETRY = 5.0
"""Seconds after which to try again where the model server says nothing."""
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "invalid_request_error", 429: "rate_limit_error"}


@dataclass(frozen=True, slots=True)
class _Public:
    """What callers read of a kind of error."""

    kind: type[ClaraError]
    status: int
    code: str
    message: str = ""
    """Empty: the error's own, which speaks of the caller's input."""
    retry_after: float | None = None


_PUBLIC = (
    _Public(UnsupportedLanguage, 400, "unsupported_language"),
    _Public(UsageError, 400, "invalid_value"),
    _Public(BackboneOverloaded, 503, "model_overloaded", "the model server has too much to do: try again later", _RETRY),
    _Public(BackboneUnreachable, 503, "model_unreachable", "the model server cannot be reached: try again later", _RETRY),
    _Public(BackboneError, 502, "model_refused", "the model server refuses the request"),
    _Public(StoreError, 503, "knowledge_unavailable", "the knowledge base cannot be used: try again later", _RETRY),
    _Public(ClaraError, 500, "internal_error", "the question could not be answered"),
)
"""The first that fits counts."""


def refusal_of(error: ClaraError) -> RequestRefused:
    """An error as callers may see it: addresses of servers and folders stay in the log."""
    if isinstance(error, RequestRefused):
        return error
    public = next(public for public in _PUBLIC if isinstance(error, public.kind))
    wait = public.retry_after
    if isinstance(error, BackboneError) and error.retry_after is not None:
        wait = error.retry_after
    return RequestRefused(public.message or str(error), status=public.status, code=public.code, retry_after=wait)


def problem(message: str, *, status: int, code: str, request_id: str) -> dict[str, Any]:
    """The body of an error, which the SDKs of the OpenAI protocol read."""
    kind = _KINDS.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code, "request_id": request_id}}


def reply_to(error: ClaraError, request_id: str) -> JSONResponse:
    """The reply that an error becomes."""
    refusal = refusal_of(error)
    headers: dict[str, str] = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(refusal.retry_after))
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = problem(str(refusal), status=refusal.status, code=refusal.code, request_id=request_id)
    return JSONResponse(body, refusal.status, headers)
