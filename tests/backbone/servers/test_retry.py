from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from clara.backbone.servers.retry import FAR_FUTURE, pause, read_retry_after, worth_retrying


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": str(FAR_FUTURE)}, FAR_FUTURE),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-inf"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after-ms": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2950 07:28:00 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    then = datetime.now(UTC) + timedelta(seconds=40)
    found = read_retry_after({"retry-after": format_datetime(then, usegmt=True)})
    assert found == pytest.approx(40, abs=2)


def test_pauses_double_up_to_a_limit_and_vary() -> None:
    pauses = [[pause(attempt) for _ in range(50)] for attempt in (0, 1, 2, 20)]
    for most, found in zip((0.25, 0.5, 1.0, 8.0), pauses, strict=True):
        assert most / 2 <= min(found) < max(found) <= most


def test_the_servers_wish_counts_more_than_the_backoff() -> None:
    assert 7 <= pause(0, 7.0) <= 7.1


@pytest.mark.parametrize(
    ("status", "worth"), [(408, True), (429, True), (503, True), (501, False), (400, False), (401, False), (404, False)]
)
def test_statuses_worth_retrying(status: int, worth: bool) -> None:
    assert worth_retrying(status) is worth
