"""Parameters of a chat completion that a server refuses are left out or replaced from then on, found out by its refusals."""

from __future__ import annotations

import json
import re
from typing import Any

from clara.backbone.servers.refusals import STREAM, SYSTEM

STATUSES = (400, 404, 405, 406, 415, 422, 500, 501)
"""Statuses under which servers refuse a parameter by its name."""
SILENT_STATUSES = (400, 422, 501)
"""Those under which they may do so without naming it."""

_DROPPED = (
    "temperature",
    "seed",
    "stream_options",
    "logprobs",
    "response_format",
    "structured_outputs",
    "chat_template_kwargs",
)
"""What a reply can do without."""
_LIMITS = ("max_tokens", "max_completion_tokens")
_NO_LIMIT, _SYSTEM, _STREAM = "no limit", "system", "stream"
CHANGES = (
    "stream_options",
    "seed",
    "chat_template_kwargs",
    "max_completion_tokens",
    "temperature",
    _SYSTEM,
    _NO_LIMIT,
    _STREAM,
)
"""What is changed in a request by trial, the cheapest first; constraints and log-probabilities are tried elsewhere."""
_TOO_MUCH = re.compile(
    r"maximum|at most|less than|max (?:value|allowed)|<=|exceed|limit|too (?:large|high|big)|range|between|\bvalid\b"
)
_ABOVE_ZERO = re.compile(r"greater than|positive")
_LEAST_TEMPERATURE = 0.01
"""What stands for 0 where a server samples only."""
_FEWEST = 16
"""Tokens of a reply below which a number in a refusal means something else."""


class Parameters:
    """What has to change in every request, learnt from the refusals of the servers."""

    def __init__(self) -> None:
        self._changes: set[str] = set()
        self._most: int | None = None
        self._least_temperature = 0.0

    def learn(self, named: str, body: bytes) -> bool:
        """Read a refusal of ``body``; True if it names a parameter that can still be changed.

        Args:
            named: what the server named (:func:`~clara.backbone.servers.refusals.spoken_of`).
            body: the request as it was sent.
        """
        if self.applied(body) != body:  # another call has met the same refusal meanwhile
            return True
        sent: dict[str, Any] = json.loads(body)
        change = self._change_for(named.casefold(), sent)
        if change is not None:
            self._changes.add(change)
        return self.applied(body) != body

    def adopt(self, changes: set[str]) -> None:
        """Make these of :data:`CHANGES` from now on."""
        self._changes |= changes

    def applied(self, body: bytes) -> bytes:
        """The request as the servers take it."""
        if not (self._changes or self._most or self._least_temperature):
            return body
        request: dict[str, Any] = json.loads(body)
        changed = changed_request(request, self._changes)
        limit = _limit_of(changed)
        if limit is not None and self._most is not None:
            changed[limit] = min(changed[limit], self._most)
        if "temperature" in changed:
            changed["temperature"] = max(changed["temperature"], self._least_temperature)
        return body if changed == request else json.dumps(changed, ensure_ascii=False).encode()

    def _change_for(self, named: str, sent: dict[str, Any]) -> str | None:
        """What to change; None where a number was lowered or raised, or nothing that is named can be changed."""
        limit = _limit_of(sent)
        if limit is not None and any(name in named for name in _LIMITS):
            return self._change_of_limit(named, sent, limit)
        is_zero = sent.get("temperature", 1.0) < _LEAST_TEMPERATURE
        if "temperature" in named and is_zero and _ABOVE_ZERO.search(named):
            self._least_temperature = _LEAST_TEMPERATURE
            return None
        for name in _DROPPED:
            if name in named and name in sent:
                return name
        if SYSTEM.search(named) and sent["messages"][0]["role"] == "system":
            return _SYSTEM
        if STREAM.search(named) and sent.get("stream"):
            return _STREAM
        return None

    def _change_of_limit(self, named: str, sent: dict[str, Any], limit: str) -> str | None:
        other = _LIMITS[1 - _LIMITS.index(limit)]
        if other in named and other not in self._changes and limit == "max_tokens" and not _numbers(named, sent[limit]):
            return other
        if _TOO_MUCH.search(named):
            lower = _numbers(named, sent[limit])
            self._most = max(lower, default=max(_FEWEST, sent[limit] // 2))
            return None
        return other if limit == "max_tokens" else _NO_LIMIT


def changed_request(request: dict[str, Any], changes: set[str]) -> dict[str, Any]:
    """The request with some of :data:`CHANGES` made."""
    changed = dict(request)
    for name in _DROPPED:
        if name in changes:
            changed.pop(name, None)
    if "logprobs" in changes:
        changed.pop("top_logprobs", None)
    if "max_completion_tokens" in changes and "max_tokens" in changed:
        changed["max_completion_tokens"] = changed.pop("max_tokens")
    if _NO_LIMIT in changes:
        for name in _LIMITS:
            changed.pop(name, None)
    if _STREAM in changes:
        changed.pop("stream", None)
        changed.pop("stream_options", None)
    if _SYSTEM in changes:
        changed["messages"] = _merged(changed["messages"])
    return changed


def _limit_of(request: dict[str, Any]) -> str | None:
    for name in _LIMITS:
        if name in request:
            return name
    return None


def _numbers(named: str, most: int) -> list[int]:
    """The numbers that a refusal names as bounds of the reply, below what was asked for."""
    numbers: list[int] = []
    for digits in re.findall(r"(?<![\d.])\d{2,7}(?![\d.])", named):
        if _FEWEST <= int(digits) < most:
            numbers.append(int(digits))
    return numbers


def _merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The system message at the head of the user's."""
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return messages
    user = {"role": "user", "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [user, *messages[2:]]
