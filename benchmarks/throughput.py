"""Does the model server ever wait for CLARA? Requests a second of CLARA's graph against those of a bare, saturating loop.

The graph answers questions of the sample benchmark (retrieval, guards, loops: all real), and its requests are recorded on
the way to the server. Then the same questions through the graph and the same bytes through a bare aiohttp loop take
turns on the same server, with the same number in flight; the reply cache is off. The figures are ratios of two things in
one run: of whole runs, with the end when the last questions answer alone, and of the steady part in between, from the first
to the last time that all places are in use. One request at a time, as notebooks do it, is measured as well.

    python benchmarks/throughput.py                                     # starts a tiny model on this CPU
    python benchmarks/throughput.py --pretend 0.5                       # a server that works elsewhere, as one on a GPU does
    python benchmarks/throughput.py --url http://127.0.0.1:8000/v1      # a server that runs, on a GPU for instance
    python benchmarks/throughput.py --url ... --save-prompts p.jsonl    # and vLLM's own benchmark on the same prompts

The knowledge base must be built (clara kb build). An API key is read from CLARA_API_KEY.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import loopback
import tiny_server
from aiohttp import web
from meter import Meter, MeteredLimiter, Run

from clara.agent.strategies import Strategy, get_strategy
from clara.assembly import build_agent, build_retriever
from clara.backbone.openai.backbone import OpenAIBackbone
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.replay.journal import AnswerRecord, Journal
from clara.bench.replay.runner import TOGETHER, Job, local, pool_size, replay
from clara.config import Settings, load_settings
from clara.errors import BackboneError
from clara.knowledge.base import Retriever
from clara.resources import PROMPTS

CHAT = "/v1/chat/completions"
HEADERS = {"Content-Type": "application/json"}
GOAL = 0.90
ALONE = 48
"""Requests of the one-at-a-time measurement."""


@dataclass
class Level:
    """All passes at one number in flight."""

    in_flight: int
    questions: int
    flat: list[Run]
    graph: list[Run]

    def ratio(self, figure: Callable[[Run], float]) -> float:
        """A figure of the graph's against the bare loop's, the median of the rounds."""
        pairs = zip(self.graph, self.flat, strict=True)
        return statistics.median(figure(graph) / figure(flat) if figure(flat) else 0.0 for graph, flat in pairs)

    @property
    def whole(self) -> float:
        """Requests a second from the first question to the last reply."""
        return self.ratio(lambda run: run.rate)

    @property
    def steady(self) -> float:
        """Requests a second while the server is kept full."""
        return self.ratio(lambda run: run.steady)

    @property
    def tokens(self) -> float:
        """Generated tokens a second: the graph's replies may differ in length from the recorded ones."""
        return self.ratio(lambda run: run.tokens / run.seconds)


@dataclass(frozen=True)
class Graph:
    """The questions, and everything that answers them except the client."""

    retriever: Retriever
    strategy: Strategy
    data: Dataset

    def part(self, questions: int) -> Graph:
        """About so many questions, all languages alike."""
        languages = len({item.language for item in self.data.items})
        return replace(self, data=self.data.select([], max(1, round(questions / languages))))

    async def answer(self, settings: Settings, ready: Callable[[], None] = lambda: None) -> Run:
        """Answer all questions as a replay does; ``ready`` is called after the client's first questions about the server."""
        agent = build_agent(settings, retriever=self.retriever)
        backbone = agent.backbone
        if not isinstance(backbone, OpenAIBackbone):
            raise SystemExit("a translation model is configured: unset CLARA_TRANSLATOR")
        try:
            await agent.prepare([self.strategy])
            await backbone.capabilities()
            ready()
            work, tokens = local(agent), 0

            async def counted(job: Job) -> AnswerRecord:
                nonlocal tokens
                record = await work(job)
                tokens += record["usage"].get("completion_tokens", 0)
                return record

            with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "run", {"version": 0}) as journal:
                meter = Meter(backbone.concurrency)
                backbone.servers.limiter = MeteredLimiter(backbone.concurrency, meter)
                pool = pool_size(backbone, settings, uses_model=True)
                await replay(counted, self.data, [self.strategy], journal, concurrency=pool, together=TOGETHER)
                return meter.run(tokens)
        finally:
            await backbone.aclose()


async def flat(url: str, bodies: Sequence[bytes], in_flight: int, key: str | None) -> Run:
    """Send all bodies, ``in_flight`` at a time, with nothing around it."""
    left, tokens = iter(bodies), 0
    headers = HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
    connector = aiohttp.TCPConnector(limit=in_flight, keepalive_timeout=4)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        meter = Meter(in_flight)

        async def work() -> None:
            nonlocal tokens
            for body in left:
                meter.enter()
                async with session.post(f"{url}/chat/completions", data=body) as response:
                    reply = json.loads(await response.read())
                meter.leave()
                tokens += reply["usage"]["completion_tokens"]

        await asyncio.gather(*(work() for _ in range(in_flight)))
        return meter.run(tokens)


@asynccontextmanager
async def recorder(url: str) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A way through to the server that keeps the bodies of all completions; its own address and the bodies."""
    bodies: list[bytes] = []
    root = url.removesuffix("/v1")

    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        if request.path == CHAT:
            bodies.append(body)
        headers = {name: request.headers[name] for name in ("Content-Type", "Authorization") if name in request.headers}
        async with session.request(request.method, root + request.path_qs, data=body or None, headers=headers) as reply:
            return web.Response(status=reply.status, body=await reply.read(), content_type=reply.content_type)

    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", forward)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4)) as session:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", bodies
        finally:
            await runner.cleanup()


async def greet(settings: Settings) -> None:
    """Find out before anything else whether the server is there."""
    backbone = OpenAIBackbone.from_settings(settings)
    try:
        await backbone.info()
    finally:
        await backbone.aclose()


async def measure(settings: Settings, options: argparse.Namespace) -> tuple[list[Level], Run, list[bytes]]:
    """All levels, the one-at-a-time pass, and the recorded bodies."""
    url = settings.backbone[0]
    key = settings.api_key.get_secret_value() if settings.api_key else None
    whole = Graph(build_retriever(settings), get_strategy(options.strategy), load_dataset("sample"))
    levels: list[Level] = []
    bodies: list[bytes] = []
    for number in (int(level) for level in options.levels.split(",")):
        graph = whole.part(number * options.per_slot)
        limited = settings.model_copy(update={"concurrency": number})
        async with recorder(url) as (address, recorded):
            await graph.answer(limited.model_copy(update={"backbone": (address,)}), recorded.clear)
        bodies = recorded
        level = Level(number, len(graph.data.items), [], [])
        for turn in range(options.rounds):
            for side in ("flat", "graph") if turn % 2 else ("graph", "flat"):
                if side == "flat":
                    level.flat.append(await flat(url, bodies, number, key))
                else:
                    level.graph.append(await graph.answer(limited))
        levels.append(level)
        show(level)
    alone = await flat(url, random.Random(1).sample(bodies, min(ALONE, len(bodies))), 1, key)
    return levels, alone, bodies


TITLES = ("in flight", "questions", "requests", "bare/s", "graph/s", "ratio", "steady bare/s", "graph/s", "ratio", "full")


def show(level: Level) -> None:
    """One line of the table."""

    def both(figure: Callable[[Run], float]) -> list[float]:
        return [statistics.median(map(figure, runs)) for runs in (level.flat, level.graph)]

    whole, steady, cpu = both(lambda run: run.rate), both(lambda run: run.steady), both(lambda run: run.cpu_ms)
    full = statistics.median(run.occupancy for run in level.graph)
    cells = [level.in_flight, level.questions, level.flat[0].requests, *whole, level.whole, *steady, level.steady, full]
    row(*(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells))
    print(
        f"          client's CPU a request: {cpu[0]:.1f} ms bare, {cpu[1]:.1f} ms graph; "
        f"tokens a second: ratio {level.tokens:.2f}",
        flush=True,
    )


def row(*cells: str) -> None:
    """Cells below their titles."""
    print("".join(cell.rjust(len(title) + 3) for cell, title in zip(cells, TITLES, strict=True)), flush=True)


def save_prompts(path: Path, bodies: Sequence[bytes], url: str, level: int) -> None:
    """The prompts as vLLM's own benchmark reads them, and its command; it sends no constraints on the replies."""
    with path.open("w", encoding="utf-8") as file:
        for body in bodies:
            request: dict[str, Any] = json.loads(body)
            prompt = "\n".join(str(message["content"]) for message in request["messages"])
            line = {"prompt": prompt, "output_tokens": request["max_tokens"]}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(
        f"\nvLLM's own benchmark on the same prompts:\n  vllm bench serve --backend openai-chat --base-url "
        f"{url.removesuffix('/v1')} --endpoint {CHAT} --dataset-name custom --dataset-path {path} --skip-chat-template "
        f"--custom-output-len -1 --num-prompts {len(bodies)} --max-concurrency {level}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running server; left out: a tiny one is started")
    parser.add_argument("--levels", default="32,64,128", help="requests in flight")
    parser.add_argument("--per-slot", type=int, default=4, help="questions for each request in flight")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--strategy", default="clara")
    parser.add_argument(
        "--reply-tokens", type=int, help="cap every reply; 48 for the tiny model, which never ends by itself"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--save-prompts", type=Path, metavar="FILE")
    parser.add_argument("--pretend", type=float, metavar="SECONDS", help="no model: a server whose replies take so long")
    options = parser.parse_args(arguments)
    if options.url:
        run(f"{options.url.rstrip('/').removesuffix('/v1')}/v1", options)
        return
    if options.pretend:
        with loopback.running(options.pretend) as root:
            run(f"{root}/v1", options)
        return
    options.reply_tokens = options.reply_tokens or 48
    with tiny_server.running() as url:
        run(url, options)


def capped_prompts(folder: Path, tokens: int) -> Path:
    """The shipped prompts with a cap on the length of every reply."""
    for source in PROMPTS.glob("*.md"):
        text = source.read_text(encoding="utf-8")
        cut = re.sub(r"(?m)^max_tokens: (\d+)", lambda found: f"max_tokens: {min(tokens, int(found[1]))}", text, count=1)
        (folder / source.name).write_text(cut, encoding="utf-8")
    return folder


def run(url: str, options: argparse.Namespace) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        wanted: dict[str, Any] = {"backbone": [url], "profile": "remote", "cache": False, "timeout": 600.0}
        if options.reply_tokens:
            wanted["prompts"] = capped_prompts(Path(folder), options.reply_tokens)
        report(url, load_settings(wanted), options)


def report(url: str, settings: Settings, options: argparse.Namespace) -> None:
    """Measure and print."""
    print(f"strategy {options.strategy}, {options.rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        asyncio.run(greet(settings))
    except BackboneError as error:
        raise SystemExit(str(error)) from None
    row(*TITLES)
    levels, alone, bodies = asyncio.run(measure(settings, options))
    best = max(statistics.median(run.rate for run in level.graph) for level in levels)
    print(f"one at a time: {alone.rate:.1f} requests/s; the graph at its best is {best / alone.rate:.1f} times that")
    for name, ratios in (("whole runs", [level.whole for level in levels]), ("steady", [level.steady for level in levels])):
        print(f"goal: ratio at least {GOAL:.2f} at every level, {name}: {'held' if min(ratios) >= GOAL else 'MISSED'}")
    if options.save_prompts:
        save_prompts(options.save_prompts, bodies, url, levels[-1].in_flight)
    if options.json:
        document = {
            "alone": asdict(alone),
            "levels": [asdict(level) | {"ratio": level.whole, "steady_ratio": level.steady} for level in levels],
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
