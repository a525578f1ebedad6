"""When to try again, and how long to wait before it."""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Mapping

RETRIED = frozenset({408, 409, 429})
"""Statuses worth another try, besides 5xx."""
NOT_IMPLEMENTED = 501
"""The one status of the 5xx that says: never."""
FAR_FUTURE = 300.0
"""A Retry-After of more seconds than this is taken for nonsense."""
_FIRST, _LONGEST = 0.25, 8.0
"""Seconds of the first pause and of the longest, before jitter."""


def worth_retrying(status: int) -> bool:
    """True if the same request may succeed later."""
    return status in RETRIED or (status >= 500 and status != NOT_IMPLEMENTED)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, from ``retry-after-ms`` or ``Retry-After`` (seconds or a date).

    None where there is no such header and for nonsense: negative, not finite, in the past or more than ``FAR_FUTURE`` away.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _sensible(milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return _sensible(seconds)
    try:
        return _sensible(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def pause(attempt: int, retry_after: float | None = None) -> float:
    """Seconds to wait after failed attempt ``attempt`` (from 0): doubling, with jitter, or what the server asks."""
    if retry_after is not None:
        return retry_after + random.uniform(0, 0.1)  # noqa: S311 (spreads the calls, keeps no secret)
    return min(_LONGEST, _FIRST * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311


def _sensible(seconds: float) -> float | None:
    if 0 <= seconds <= FAR_FUTURE:
        return seconds
    return None


def _number(value: str | None) -> float | None:
    """A number that is not nan, else None; infinities stay, so that they are seen to be far."""
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if math.isnan(number):
        return None
    return number
