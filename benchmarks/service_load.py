"""Many streams at once against `clara serve` with a pretended model server: errors, memory, connections, waiting, CPU.

Each client asks one question after the other as a stream and reads it to its end. What may come besides answers is the
documented 429 and 503, after which a client waits as `Retry-After` says (at most a second here). The CPU of a question is
compared with that of `Clara.aask` in this process, against the same model server.

    python -m benchmarks.service_load [--streams 200] [--seconds 30] [--places 64] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.loopback import running
from clara import Clara, Settings
from clara.knowledge.shipped import ensure_shipped
from tests.service.conftest import Running, started

THINKS = 0.2
"""Mean seconds of the pretended model for one reply."""
STRATEGY = "rag"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Tally:
    """What the clients saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first_bytes: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    """MB of the service, once a second."""


async def client(number: int, url: str, until: float, tally: Tally, http: httpx.AsyncClient) -> None:
    """Ask until the time is over."""
    turn = 0
    while time.monotonic() < until:
        turn += 1
        question = f"Which layer of the cornea is thickest in case {number} of series {turn}?"
        body = {"model": f"clara-{STRATEGY}", "stream": True, "messages": [{"role": "user", "content": question}]}
        began = time.monotonic()
        try:
            async with http.stream("POST", f"{url}/v1/chat/completions", json=body) as reply:
                first, text = 0.0, b""
                async for piece in reply.aiter_bytes():
                    first = first or time.monotonic() - began
                    text += piece
        except httpx.HTTPError as error:
            tally.outcomes[type(error).__name__] += 1
            continue
        if reply.status_code == 200:
            whole = text.rstrip().endswith(b"data: [DONE]")
            tally.outcomes["answered" if whole and b'"error"' not in text else "broken stream"] += 1
            tally.first_bytes.append(first)
        else:
            tally.outcomes[str(reply.status_code)] += 1
            await asyncio.sleep(min(1.0, float(reply.headers.get("Retry-After", "1"))))


async def watch(process: int, until: float, tally: Tally) -> None:
    """Note the memory once a second."""
    while time.monotonic() < until:
        tally.memory.append(resident(process))
        await asyncio.sleep(1)


def resident(process: int) -> float:
    """MB in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(process: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def sockets(process: int) -> int:
    """Open sockets of a process."""
    count = 0
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            count += descriptor.readlink().name.startswith("socket:")
        except OSError:
            continue
    return count


async def load(service: Running, streams: int, seconds: float) -> Tally:
    """All clients at once."""
    tally, until = Tally(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=streams, max_keepalive_connections=streams)
    async with httpx.AsyncClient(timeout=120, limits=limits, trust_env=False) as http:
        clients = [client(number, service.url, until, tally, http) for number in range(streams)]
        await asyncio.gather(watch(service.process.pid, until, tally), *clients)
    return tally


async def in_process(home: Path, url: str, questions: int) -> float:
    """CPU milliseconds of one `Clara.aask`."""
    settings = Settings.plain(home=home, profile="remote", backbone=(f"{url}/v1",), cache=False, strategy=STRATEGY)
    async with Clara(settings) as clara:
        await clara.abatch([f"Which layer of the retina is number {turn}?" for turn in range(20)])
        before = time.process_time()
        await clara.abatch([f"Which layer of the cornea is number {turn}?" for turn in range(questions)], concurrency=64)
        return 1000 * (time.process_time() - before) / questions


def measure(home: Path, url: str, streams: int, seconds: float, places: int) -> dict[str, Any]:
    """Start the service, load it, and see what it looks like afterwards."""
    options = ("--max-at-once", str(places), "--rate", "0", "--log-level", "warning")
    with started(home, *options, CLARA_BACKBONE=f"{url}/v1", CLARA_CACHE="false") as service:
        service.wait_ready()
        asyncio.run(load(service, 8, 3))  # warm
        idle = sockets(service.process.pid)
        before = cpu_seconds(service.process.pid)
        tally = asyncio.run(load(service, streams, seconds))
        used = cpu_seconds(service.process.pid) - before
        time.sleep(6)
        answered = tally.outcomes["answered"]
        half = len(tally.memory) // 2
        return {
            "streams": streams,
            "seconds": seconds,
            "places": places,
            "outcomes": dict(tally.outcomes),
            "first_byte_ms_p50": 1000 * statistics.median(tally.first_bytes),
            "first_byte_ms_p95": 1000 * statistics.quantiles(tally.first_bytes, n=20)[-1],
            "memory_mb_middle_and_end": [round(tally.memory[half]), round(tally.memory[-1])],
            "in_flight_after": service.metric("clara_in_flight"),
            "sockets_before_and_after": [idle, sockets(service.process.pid)],
            "cpu_ms_a_question": 1000 * used / answered,
            "log_lines_with_traceback": service.text.count("Traceback"),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--places", type=int, default=64, help="--max-at-once of the service")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running(THINKS) as url:
        home = Path(folder)
        ensure_shipped(Settings.plain(home=home))
        figures = measure(home, url, options.streams, options.seconds, options.places)
        figures["cpu_ms_a_question_in_process"] = asyncio.run(in_process(home, url, 200))
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
