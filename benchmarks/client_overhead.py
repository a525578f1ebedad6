"""What a call costs the client: CPU milliseconds a request against a server that replies at once, in a process of its own.

Compared, with the same bytes sent and the reply's JSON read:

    aiohttp     a bare session: the floor
    httpx       its default transport
    httpx2      its default transport
    wire        httpx requests over aiohttp connections, as CLARA sends them
    wire2       the same with httpx2
    exchange    CLARA's client: limit, choice of a replica, deadline, retries, error translation
    perform     the same as a whole task: prompt rendered, schema made, reply parsed and validated

The order changes from round to round and the median counts; CPU time is that of all threads of this process.

    python benchmarks/client_overhead.py [--requests 2000] [--in-flight 64,256] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx2
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.httpx2 import AiohttpTransport as AiohttpTransport2
from loopback import running

from clara.assembly import build_backbone
from clara.backbone.servers.servers import ModelServers
from clara.backbone.servers.wire import read_json
from clara.config import Settings
from clara.tasks.model import VERIFY, VerifyIn
from clara.types import Option, Passage

QUESTION = VerifyIn(
    stem="Which structure of the eye produces the aqueous humour?",
    options=tuple(
        Option(label, text) for label, text in zip("ABCD", ("Iris", "Ciliary body", "Cornea", "Retina"), strict=True)
    ),
    label="B",
    answer="The ciliary body produces the aqueous humour.",
    passages=tuple(
        Passage(
            id=f"note-{n}#0",
            title=f"Note {n}",
            text="The non-pigmented epithelium of the ciliary body secretes the aqueous humour. " * 6,
            source="Example, https://example.org/",
            kind="textbook",
            score=1.0,
        )
        for n in range(3)
    ),
    cites=(1, 2, 3),
)
HEADERS = {"Content-Type": "application/json"}
BAR = 3.0
"""CLARA's exchange may take this many times the CPU of bare aiohttp."""

Call = Callable[[], Awaitable[object]]
Opened = tuple[Call, Callable[[], Awaitable[None]]]


async def bare_aiohttp(url: str, body: bytes, in_flight: int) -> Opened:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight))

    async def call() -> None:
        async with session.post(f"{url}/v1/chat/completions", data=body, headers=HEADERS) as response:
            json.loads(await response.read())

    return call, session.close


async def default_client(library: Any, url: str, body: bytes, in_flight: int) -> Opened:
    """The client of httpx, or of httpx2, over the connections that it makes itself."""
    limits = library.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    client = library.AsyncClient(limits=limits, timeout=120, trust_env=False)

    async def call() -> None:
        json.loads((await client.post(f"{url}/v1/chat/completions", content=body, headers=HEADERS)).content)

    return call, client.aclose


async def over_aiohttp(library: Any, transport: Any, url: str, body: bytes, in_flight: int) -> Opened:
    """Requests and replies of httpx, or of httpx2, over aiohttp's connections, with no client between."""
    way = transport(trust_env=False, client=lambda: aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=in_flight)))
    address = library.URL(f"{url}/v1/chat/completions")
    limits = {"timeout": {"connect": 10.0, "read": None, "write": None, "pool": None}}

    async def call() -> None:
        request = library.Request("POST", address, headers=HEADERS, content=body, extensions=limits)
        response = await way.handle_async_request(request)
        json.loads(await response.aread())
        await response.aclose()

    return call, way.aclose


async def clara_exchange(url: str, body: bytes, in_flight: int) -> Opened:
    servers = ModelServers(settings(url, in_flight))
    return lambda: servers.chat(body, read_json), servers.aclose


async def clara_perform(url: str, _body: bytes, in_flight: int) -> Opened:
    backbone = build_backbone(settings(url, in_flight))

    async def call() -> None:
        result = await backbone.perform(VERIFY, QUESTION)
        if result.output is None:
            raise SystemExit(f"the fixed reply was not understood: {result.reason}")

    return call, backbone.aclose


def settings(url: str, in_flight: int) -> Settings:
    """No cache: every call must reach the server."""
    return Settings(profile="remote", backbone=(f"{url}/v1",), concurrency=in_flight, cache=False)


CLIENTS: dict[str, Callable[[str, bytes, int], Awaitable[Opened]]] = {
    "aiohttp": bare_aiohttp,
    "httpx": partial(default_client, httpx),
    "httpx2": partial(default_client, httpx2),
    "wire": partial(over_aiohttp, httpx, AiohttpTransport),
    "wire2": partial(over_aiohttp, httpx2, AiohttpTransport2),
    "exchange": clara_exchange,
    "perform": clara_perform,
}
SLOW = ("httpx", "httpx2")
"""Clients that take a hundred times as long, so they make fewer requests."""


async def measure(name: str, url: str, body: bytes, in_flight: int, requests: int) -> tuple[float, float]:
    """CPU milliseconds a request and requests a second of one client."""
    call, close = await CLIENTS[name](url, body, in_flight)
    if name in SLOW:
        requests = max(in_flight, requests // 8)
    try:
        await saturate(call, in_flight, in_flight)  # connections made, code warm
        wall, cpu = time.perf_counter(), time.process_time()
        await saturate(call, in_flight, requests)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        await close()
    return 1000 * cpu / requests, requests / wall


async def saturate(call: Call, in_flight: int, requests: int) -> None:
    """``requests`` calls, always ``in_flight`` at once."""
    turns = iter(range(requests))

    async def work() -> None:
        for _ in turns:
            await call()

    await asyncio.gather(*(work() for _ in range(in_flight)))


async def recorded(url: str) -> bytes:
    """The bytes that CLARA sends for the question, so that every client sends the same."""
    call, close = await clara_perform(url, b"", 1)
    try:
        await call()
    finally:
        await close()
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{url}/last")).content


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="requests a round")
    parser.add_argument("--in-flight", default="64,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as well")
    options = parser.parse_args(arguments)
    levels = [int(level) for level in options.in_flight.split(",")]
    figures: dict[tuple[str, int], list[tuple[float, float]]] = {(name, level): [] for name in CLIENTS for level in levels}
    with running() as url:
        body = asyncio.run(recorded(url))
        for turn in range(options.rounds):
            for level in levels:
                for name in list(CLIENTS)[:: 1 if turn % 2 else -1]:
                    figures[name, level].append(asyncio.run(measure(name, url, body, level, options.requests)))
    rows = [row(name, level, figures) for level in levels for name in CLIENTS]
    print(f"{len(body)} bytes a request, {options.requests} requests, {options.rounds} rounds, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{'in flight':>9}  {'client':<10}{'CPU ms/request':>16}{'x aiohttp':>11}{'requests/s':>12}")
    for entry in rows:
        print(
            f"{entry['in_flight']:>9}  {entry['client']:<10}{entry['cpu_ms']:>16.3f}{entry['times_aiohttp']:>11.2f}"
            f"{entry['requests_per_second']:>12.0f}"
        )
    held = all(entry["times_aiohttp"] <= BAR for entry in rows if entry["client"] == "exchange")
    print(f"bar: exchange at most {BAR:g} times aiohttp: {'held' if held else 'MISSED'}")
    if options.json:
        options.json.write_text(json.dumps({"bytes": len(body), "rows": rows, "held": held}, indent=2) + "\n")


def row(name: str, level: int, figures: dict[tuple[str, int], list[tuple[float, float]]]) -> dict[str, Any]:
    """The medians of one client; the factor is the median of the rounds' own factors."""
    runs, floor = figures[name, level], figures["aiohttp", level]
    return {
        "in_flight": level,
        "client": name,
        "cpu_ms": statistics.median(cpu for cpu, _rate in runs),
        "times_aiohttp": statistics.median(cpu / least for (cpu, _), (least, _) in zip(runs, floor, strict=True)),
        "requests_per_second": statistics.median(rate for _cpu, rate in runs),
    }


if __name__ == "__main__":
    main()
