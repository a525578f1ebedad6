"""What every route needs."""

from __future__ import annotations

from typing import Any, cast

from fastapi import Request

from clara.service.service import Service

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code", "request_id"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": "string"},
                "request_id": {"type": "string"},
            },
        }
    },
}
_REASONS = {
    400: "a value cannot be: an empty question, an unknown language, strategy or step",
    401: "the API key is missing or not known",
    404: "there is no such address or model",
    405: "the address knows other methods",
    408: "the request did not arrive in time",
    413: "the request or its question is too large",
    421: "a service on the loopback is asked under another name",
    422: "the request has not the shape that stands here",
    429: "the caller asks too often; Retry-After says when to try again",
    500: "something failed inside",
    502: "the model server refuses the request",
    503: "too much to do, starting, shutting down, or a part cannot be reached; Retry-After says when to try again",
    504: "there was no answer in time",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": reason, "content": {"application/json": {"schema": _ERROR}}}
    for status, reason in _REASONS.items()
}
"""The errors of the generated description of the interface."""


def service_of(request: Request) -> Service:
    """The worker's parts."""
    return cast("Service", request.app.state.service)


def caller_of(request: Request) -> str:
    """Who asks: the name of a key, or an address."""
    return str(request.state.caller)
