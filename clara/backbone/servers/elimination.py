"""Which parameter does a server refuse that does not say so? Found out with a short prompt, leaving out one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from clara.backbone.servers.parameters import CHANGES, changed_request

Ask = Callable[[dict[str, Any]], Awaitable[bool]]
"""True if the server takes a request."""


async def refused_changes(request: dict[str, Any], ask: Ask) -> set[str]:
    """The changes that make the server take the request; empty if the prompt is the cause, or nothing helps.

    Args:
        request: as it was refused.
        ask: sends a request.
    """
    short = dict(request, messages=_short_messages(request["messages"]))
    if await ask(short):
        return set()
    possible: list[str] = []
    for change in CHANGES:
        if changed_request(short, {change}) != short:
            possible.append(change)
    for change in possible:
        if await ask(changed_request(short, {change})):
            return {change}
    needed = set(possible)
    if not await ask(changed_request(short, needed)):
        return set()
    for change in possible:  # several are refused: keep what the request can keep
        fewer = needed - {change}
        if await ask(changed_request(short, fewer)):
            needed = fewer
    return needed


def _short_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same roles at the head, with next to no words."""
    short: list[dict[str, Any]] = []
    if messages[0]["role"] == "system":
        short.append({"role": "system", "content": "Be brief."})
    short.append({"role": "user", "content": "Say the word zebra and nothing else."})
    return short
