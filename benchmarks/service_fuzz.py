"""Malformed requests against `clara serve`: broken heads, bodies, encodings and sizes, wrong JSON, cut connections.

Every request must be answered or its connection closed within ten seconds; no reply may have the status 500 or hold a
traceback; afterwards the service must answer as before with nothing in flight. With schemathesis installed, its cases from
the service's own schema are sent as well.

    python -m benchmarks.service_fuzz [--requests 10000] [--seed 1] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clara import Settings
from clara.knowledge.shipped import ensure_shipped
from tests.service.conftest import started

PATHS = ("/v1/chat/completions", "/v1/ask", "/v1/ask/batch", "/v1/models", "/health", "/ready", "/metrics", "/docs", "/x")
METHODS = ("POST", "POST", "POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW", "get", "")
PATIENCE = 10.0
"""Seconds within which a reply or the end of the connection must come."""
AT_ONCE = 16
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 2**63, "", " ", "a", "\x00", "\ud7ff", "क्या", "🩺" * 50, "A" * 70_000, [], {}, [[]],
    {"role": "user"}, [{"role": "user", "content": "What is a cataract?"}], [{"role": 7, "content": {}}], "../../etc/passwd",
)  # fmt: skip
FIELDS = (
    "model", "messages", "stream", "n", "question", "questions", "options", "language", "strategy", "without", "temperature",
    "response_format", "tools", "stop", "user", "seed", "nothing",
)  # fmt: skip
HEADERS = (
    b"Content-Type: application/json", b"Content-Type: text/plain", b"Content-Type: application/json; charset=utf-16",
    b"Content-Type: multipart/form-data", b"Content-Encoding: gzip", b"Content-Encoding: br", b"Expect: 100-continue",
    b"Authorization: Bearer \xff\xfe", b"Authorization: Basic " + b"A" * 9000, b"X-Request-Id: " + b"x" * 9000,
    b"X-Request-Id: a\tb", b"Cookie: " + b"c=d; " * 900, b"Host: evil.example", b"Host: ", b"Connection: upgrade",
    b"Upgrade: websocket", b"Accept: \x01", b"no colon here", b": empty", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Content-Length: -1", b"Content-Length: 99999999999", b"Content-Length: 7",
    b"Origin: http://evil.example", b"Last-Event-ID: 5", b"Range: bytes=0-",
)  # fmt: skip


def value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON value, small more often than nested."""
    kind = chance.randrange(10)
    if kind == 0 and depth < 4:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 1 and depth < 4:
        return {chance.choice(FIELDS): value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return chance.choice(SCALARS)


def body(chance: random.Random) -> bytes:
    """A body: JSON of a wrong shape as often as not, broken JSON, or bytes."""
    fields = {chance.choice(FIELDS): value(chance) for _ in range(chance.randrange(6))}
    text = json.dumps(fields)
    broken = (
        text.encode()[: chance.randrange(len(text) + 1)],
        b"[" * chance.choice((10, 1000, 100_000)),
        chance.randbytes(chance.choice((1, 100, 10_000))),
        text.encode("utf-16"),
        b"{" + b'"a":1,' * 20_000 + b'"b":2}',
        b'{"question": "' + b"x" * chance.choice((20_000, 2_000_000)) + b'"}',
        b'{"question": NaN, "n": 1e999}',
    )
    return text.encode() if chance.randrange(2) else chance.choice(broken)


def request(chance: random.Random) -> bytes:
    """A whole request as it goes over the wire."""
    if chance.randrange(25) == 0:
        return chance.randbytes(chance.choice((1, 50, 5000)))
    content = body(chance)
    path = chance.choice(PATHS)
    if chance.randrange(8) == 0:
        path += chance.choice(("?a=%ff", "/%2e%2e/%2e%2e", "%00", "?" + "q" * 9000, "//", "\xff"))
    version = chance.choice((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9.9", b""))
    head = [b" ".join((chance.choice(METHODS).encode(), path.encode("latin-1"), version))]
    if chance.randrange(6):
        head.append(b"Host: 127.0.0.1")
    if chance.randrange(4):
        head.append(b"Content-Type: application/json")
    if chance.randrange(5):
        head.append(b"Content-Length: %d" % len(content))
    head += chance.sample(HEADERS, chance.randrange(4))
    head.append(b"Connection: close")
    separator = chance.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
    return separator.join(head) + separator * 2 + content


async def send(host: str, port: int, whole: bytes, cut: bool) -> tuple[str, bytes]:
    """The status, or how the connection ended, and the reply."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(whole)
                await writer.drain()
                if cut:
                    return "cut by the client", b""
                if writer.can_write_eof():
                    writer.write_eof()
                reply = await reader.read(-1)
            finally:
                writer.close()
    except TimeoutError:
        return "HANGS", b""
    except OSError:
        return "connection closed", b""
    words = reply[:20].split()
    return (words[1].decode("latin-1") if len(words) > 1 else "connection closed"), reply


async def fuzz(host: str, port: int, requests: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Outcomes by status, and the first requests whose reply must not be."""
    outcomes: Counter[str] = Counter()
    bad: list[str] = []
    numbers = iter(range(requests))

    async def work() -> None:
        for number in numbers:
            chance = random.Random(seed * 1_000_000 + number)
            whole = request(chance)
            status, reply = await send(host, port, whole, cut=chance.randrange(20) == 0)
            outcomes[status] += 1
            if status in ("HANGS", "500") or b"Traceback" in reply or b'File "' in reply:
                bad.append(f"{number}: {status} {whole[:120]!r}")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return outcomes, bad[:20]


def schema_cases(url: str, examples: int) -> str:
    """How many cases of schemathesis were sent, and what failed; where it is missing, that."""
    try:
        import schemathesis
        from hypothesis import HealthCheck, given, settings
    except ImportError:
        return "schemathesis is not installed"
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    sent: Counter[str] = Counter()
    problems: list[str] = []
    for operation in schema.get_all_operations():
        endpoint = operation.ok()

        @given(case=endpoint.as_strategy())
        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def check(case: Any) -> None:
            reply = case.call(base_url=url, timeout=PATIENCE * 3)
            sent[str(reply.status_code)] += 1
            assert reply.status_code != 500, reply.text
            assert "Traceback" not in reply.text

        try:
            check()
        except Exception as error:  # noqa: BLE001 - every failure is a result here
            problems.append(f"{endpoint.label}: {error}"[:300])
    return f"{sum(sent.values())} cases of schemathesis: {dict(sent)}; problems: {problems or 'none'}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=30, help="cases of schemathesis for each operation")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ensure_shipped(Settings.plain(home=home))
        with started(home, "--log-level", "error", "--rate", "0") as service:
            service.wait_ready()
            address = urlsplit(service.url)
            began = time.monotonic()
            outcomes, bad = asyncio.run(fuzz(address.hostname or "", address.port or 0, options.requests, options.seed))
            seconds = time.monotonic() - began
            schema = schema_cases(service.url, options.examples)
            time.sleep(2)
            figures: dict[str, Any] = {
                "requests": options.requests,
                "seconds": round(seconds),
                "outcomes": dict(outcomes.most_common()),
                "bad": bad,
                "schema": schema,
                "in_flight_after": service.metric("clara_in_flight"),
                "answers_after": service.post("/v1/ask", {"question": "What is a cataract?"}).status_code,
            }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
