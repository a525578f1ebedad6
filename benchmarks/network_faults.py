"""Faults of a network and of a model server, one after the other, under a replay: nothing may change an answer silently.

A pretended model server gives every request the same reply as before, and spoils a quarter of the replies with one fault:
bodies that are cut, reset or endless, wrong lengths and encodings, garbage under status 200, refusals, redirects, control
characters, numbers beyond measure. Thirty English and thirty Hindi items of the sample are replayed for each. Every item
must end as it does without a fault, or as a failed item; the run must end, in bounded memory; nobody but the server is
asked.

    python -m benchmarks.network_faults [--only NAME,...] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import resource
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.loopback import MODELS, fitting, reply
from clara.agent.strategies import get_strategy
from clara.assembly import build_agent
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.replay.journal import Journal, read_run
from clara.bench.replay.runner import local, replay
from clara.config import Settings
from clara.knowledge.shipped import ensure_shipped

SHARE = 0.25
"""Part of the replies that is spoilt."""
TIMEOUT = 3.0
LIMIT = 170.0
"""Seconds after which a run counts as unfinished."""
KEEP, CLOSE, RESET = "keep", "close", "reset"
Play = list[bytes | float | str]
"""What the server does: bytes are written, numbers are seconds of waiting, the last word says how it ends."""


def head(status: str, length: int | None, *lines: str, kind: str = "application/json", version: str = "1.1") -> bytes:
    """The head of a reply."""
    fields = [f"HTTP/{version} {status}", f"Content-Type: {kind}", *lines]
    if length is not None:
        fields.append(f"Content-Length: {length}")
    return ("\r\n".join(fields) + "\r\n\r\n").encode()


def whole(body: bytes, status: str = "200 OK", *lines: str, kind: str = "application/json") -> Play:
    """A reply that HTTP takes for a good one."""
    return [head(status, len(body), *lines, kind=kind) + body, KEEP]


def chunked(*chunks: bytes) -> Play:
    """A body in chunks as they are given, whatever they are."""
    return [head("200 OK", None, "Transfer-Encoding: chunked") + b"".join(chunks), CLOSE]


def packed(body: bytes) -> Play:
    """A body under ``Content-Encoding: gzip``, whether it is packed or not."""
    return whole(body, "200 OK", "Content-Encoding: gzip")


def content(good: bytes, change: Callable[[str], Any]) -> Play:
    """A good reply whose text is changed."""
    parsed = json.loads(good)
    message = parsed["choices"][0]["message"]
    message["content"] = change(message["content"])
    return whole(json.dumps(parsed).encode())


def usage(good: bytes, value: bytes) -> Play:
    """A good reply with another number of tokens."""
    return whole(good.replace(b'"prompt_tokens": 900', b'"prompt_tokens": ' + value))


def endless(piece: bytes, times: int = 4000) -> Play:
    """The same bytes again and again."""
    play: Play = [head("200 OK", None, "Connection: close")]
    play.extend(piece for _ in range(times))
    play.append(CLOSE)
    return play


def dripped(good: bytes, pause: float) -> Play:
    """A good reply, sixteen bytes at a time."""
    raw = head("200 OK", len(good)) + good
    play: Play = []
    for start in range(0, len(raw), 16):
        play += [raw[start : start + 16], pause]
    play.append(KEEP)
    return play


FAULTS: dict[str, Callable[[bytes], Play]] = {
    "late by 0.8 s": lambda good: [0.8, *whole(good)],
    "dripping": lambda good: dripped(good, 0.01),
    "closes late": lambda good: [head("200 OK", None, "Connection: close") + good, 1.0, CLOSE],
    "reset in the body": lambda good: [(head("200 OK", len(good)) + good)[:-40], RESET],
    "reset at once": lambda _good: [RESET],
    "closed at once": lambda _good: [CLOSE],
    "silent": lambda _good: [TIMEOUT * 3, CLOSE],
    "cut by 20 bytes": lambda good: [head("200 OK", len(good)) + good[:-20], CLOSE],
    "cut in the head": lambda good: [head("200 OK", len(good))[:30], CLOSE],
    "chunk of no number": lambda good: chunked(b"ZZ\r\n" + good + b"\r\n0\r\n\r\n"),
    "chunk beyond measure": lambda good: chunked(b"FFFFFFFFFFFFFFFFF\r\n" + good),
    "chunk below nothing": lambda good: chunked(b"-5\r\n" + good + b"\r\n0\r\n\r\n"),
    "last chunk missing": lambda good: chunked(b"%x\r\n" % len(good) + good + b"\r\n"),
    "chunks with extensions": lambda good: chunked(b"%x;a=b\r\n" % len(good) + good + b"\r\n0\r\nTrailer: x\r\n\r\n"),
    "HTTP/1.0": lambda good: [head("200 OK", None, version="1.0") + good, CLOSE],
    "HTTP/1.0, half": lambda good: [head("200 OK", None, version="1.0") + good[: len(good) // 2], CLOSE],
    "no head": lambda good: [good, CLOSE],
    "length too long": lambda good: [head("200 OK", len(good) + 500) + good, TIMEOUT * 3, CLOSE],
    "length too short": lambda good: [head("200 OK", len(good) - 30) + good, KEEP],
    "length 0": lambda good: [head("200 OK", 0) + good, KEEP],
    "length below 0": lambda good: [head("200 OK", -5) + good, CLOSE],
    "two lengths": lambda good: [head("200 OK", len(good), f"Content-Length: {len(good) - 9}") + good, CLOSE],
    "length and chunks": lambda good: [
        head("200 OK", len(good), "Transfer-Encoding: chunked") + b"%x\r\n" % len(good) + good + b"\r\n0\r\n\r\n",
        CLOSE,
    ],
    "gzip": lambda good: packed(gzip.compress(good)),
    "gzip, broken": lambda good: packed(gzip.compress(good)[:-9] + b"xxxxxxxxx"),
    "gzip, claimed": packed,
    "gzip of 100 MB": lambda _good: packed(gzip.compress(b" " * 100_000_000, 9)),
    "gzip, half": lambda good: packed(gzip.compress(good)[: len(good) // 4]),
    "deflate": lambda good: whole(zlib.compress(good), "200 OK", "Content-Encoding: deflate"),
    "unknown encoding": lambda good: whole(good, "200 OK", "Content-Encoding: zstd-x"),
    "20 MB": lambda good: whole(good[:-1] + b" " * 20_000_000 + b"}"),
    "endless": lambda _good: endless(b" " * 65536),
    "endless, JSON": lambda _good: endless(b'{"choices": [' + b'{"a": 1},' * 5000),
    "endless head": lambda _good: [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, CLOSE],
    "header of 1 MB": lambda good: whole(good, "200 OK", "X-Big: " + "z" * 1_000_000),
    "header without colon": lambda good: [b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n" + good, CLOSE],
    "100 Continue, fifty": lambda good: [b"HTTP/1.1 100 Continue\r\n\r\n" * 50, *whole(good)],
    "nested reply": lambda _good: whole(b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "nested text": lambda good: content(good, lambda _text: '{"a":' * 50_000 + "1" + "}" * 50_000),
    "300,000 braces": lambda good: content(good, lambda _text: "{" * 300_000),
    "tokens NaN": lambda good: usage(good, b"NaN"),
    "tokens Infinity": lambda good: usage(good, b"Infinity"),
    "tokens of 300 digits": lambda good: usage(good, b"1" + b"0" * 300),
    "tokens below 0": lambda good: usage(good, b"-50"),
    "tokens as text": lambda good: usage(good, b'"many"'),
    "key twice": lambda good: whole(good.replace(b'"choices"', b'"choices": [], "choices"', 1)),
    "invalid UTF-8 in a key": lambda good: whole(good.replace(b'"role"', b'"\xff\xfe": "\xc3\x28", "role"', 1)),
    "invalid UTF-8 in the text": lambda good: whole(good.replace(b"the lens", b"the l\xe9ns")),
    "half a surrogate": lambda good: content(good, lambda text: text.replace("lens", "le\ud83dns")),
    "NUL in the text": lambda good: content(good, lambda text: text.replace("lens", "le\\u0000ns")),
    "byte order mark": lambda good: whole(b"\xef\xbb\xbf" + good),
    "UTF-16": lambda good: whole(good.decode().encode("utf-16"), kind="application/json; charset=utf-16"),
    "307 to itself": lambda _good: whole(b"", "307 Temporary Redirect", "Location: /v1/elsewhere"),
    "302 to another server": lambda _good: whole(b"", "302 Found", "Location: http://127.0.0.1:9/v1/chat/completions"),
    "301 to a file": lambda _good: whole(b"", "301 Moved Permanently", "Location: file:///etc/passwd"),
    "cookies": lambda good: whole(good, "200 OK", "Set-Cookie: a=b; Path=/", "Set-Cookie: c=" + "d" * 5000),
    "204": lambda _good: [head("204 No Content", None), KEEP],
    "200, empty": lambda _good: whole(b""),
    "HTML": lambda _good: whole(b"<html><h1>502 Bad Gateway</h1></html>", kind="text/html"),
    "an array": lambda _good: whole(b"[]"),
    "null": lambda _good: whole(b"null"),
    "choices null": lambda _good: whole(b'{"choices": null}'),
    "choices text": lambda _good: whole(b'{"choices": "abc"}'),
    "no choices": lambda _good: whole(b'{"choices": []}'),
    "text null": lambda good: content(good, lambda _text: None),
    "text in parts": lambda good: content(good, lambda text: [{"type": "text", "text": text}]),
    "text empty": lambda good: content(good, lambda _text: ""),
    "cut off by length": lambda good: whole(good.replace(b'"stop"', b'"length"')),
    "an error under 200": lambda _good: whole(b'{"error": {"message": "overloaded"}}'),
    "last brace missing": lambda good: whole(good[:-1]),
    "in a fence": lambda good: content(good, lambda text: f"Sure!\n```json\n{text}\n```\nDone."),
    "as events": lambda good: whole(b"data: " + good + b"\n\ndata: [DONE]\n\n", kind="text/event-stream"),
    "status of letters": lambda _good: [b"HTTP/1.1 abc OK\r\n\r\n", CLOSE],
    "101": lambda _good: [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", CLOSE],
    "stale connection": lambda good: [*whole(good)[:-1], 0.005, RESET],
    "closes after the reply": lambda good: [*whole(good)[:-1], CLOSE],
    "429": lambda _good: whole(b"{}", "429 Too Many Requests", "Retry-After: 1"),
    "429 for years": lambda _good: whole(b"{}", "429 Too Many Requests", "Retry-After: 999999999"),
    "429, Retry-After of letters": lambda _good: whole(b"{}", "429 Too Many Requests", "Retry-After: soon"),
    "500 with 5 MB": lambda _good: whole(b"x" * 5_000_000, "500 Internal Server Error"),
    **{
        f"status {status}": lambda _good, status=status: whole(b"{}", f"{status} Some Words")
        for status in (400, 401, 403, 404, 408, 418, 500, 501, 503, 599, 999)
    },
}


class Server:
    """The pretended model server. Requests are read by hand, so that replies may be as broken as they like."""

    def __init__(self) -> None:
        self.fault: Callable[[bytes], Play] | None = None
        self.chance = random.Random(1)
        self.spoilt = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                top = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = next((int(line[15:]) for line in top.splitlines() if line.lower().startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                if await self._play(self._script(top.split()[1], body), writer) != KEEP:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _script(self, path: str, body: bytes) -> Play:
        if path.endswith("/models"):
            return whole(json.dumps(MODELS).encode())
        if not path.endswith("/chat/completions"):
            return whole(b"{}", "404 Not Found")
        good = reply(said(body))
        if self.fault is not None and self.chance.random() < SHARE:
            self.spoilt += 1
            return self.fault(good)
        return whole(good)

    @staticmethod
    async def _play(script: Play, writer: asyncio.StreamWriter) -> str:
        for part in script:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            elif isinstance(part, float):
                await asyncio.sleep(part)
            elif part == RESET:
                writer.transport.abort()
        return str(script[-1])


def said(body: bytes) -> str:
    """A fitting reply that depends on the prompt alone: another prompt gets another letter."""
    asked = json.loads(body)
    text = fitting(asked)
    schema = asked.get("response_format", {}).get("json_schema", {}).get("schema", {})
    letters = schema.get("properties", {}).get("label", {}).get("enum")
    if not letters:
        return text
    chosen = letters[zlib.crc32(json.dumps(asked["messages"]).encode()) % len(letters)]
    return json.dumps(json.loads(text) | {"label": chosen})


@asynccontextmanager
async def listening(server: Server) -> AsyncGenerator[str]:
    """The server on a free port; its base address."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**24)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"


async def replayed(home: Path, data: Dataset, server: Server) -> dict[tuple[str, str], str]:
    """Item and language to the letter or the failure."""
    async with listening(server) as url:
        settings = Settings.plain(
            home=home, profile="remote", backbone=(url,), cache=False, timeout=TIMEOUT, outage=TIMEOUT, concurrency=32
        )
        agent = build_agent(settings)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run"
            with Journal(path, {"version": 0}) as journal:
                await replay(local(agent), data, [get_strategy("translate_rag")], journal, concurrency=32)
            _manifest, records = read_run(path, paths=False)
        await agent.aclose()
    ends: dict[tuple[str, str], str] = {}
    for record in records:
        failed = record["outcome"] in ("no_response", "unparsed")
        end = f"failed: {record['outcome']}" if failed else str(record["label"])
        ends[str(record["id"]), str(record["language"])] = end
    return ends


async def campaign(home: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """The replay without a fault, then with each."""
    data = load_dataset("sample").select(["english", "hindi"], 30)
    sound = await replayed(home, data, Server())
    rows: list[dict[str, Any]] = []
    for name in names:
        server = Server()
        server.fault = FAULTS[name]
        began = time.monotonic()
        try:
            ends = await asyncio.wait_for(replayed(home, data, server), LIMIT)
            problem = ""
        except TimeoutError:
            ends, problem = {}, "unfinished"
        except Exception as error:  # noqa: BLE001 - a crash is a result here
            ends, problem = {}, f"{type(error).__name__}: {error}"
        outcomes = Counter(_compared(sound[key], ends.get(key)) for key in sound)
        row = {"fault": name, "seconds": round(time.monotonic() - began, 1), "spoilt": server.spoilt, **outcomes}
        if problem:
            row["problem"] = problem[:200]
        rows.append(row)
        print(json.dumps(row), flush=True)
    return rows


def _compared(sound: str, end: str | None) -> str:
    if end is None:
        return "missing"
    if end == sound:
        return "same"
    return "failed" if end.startswith("failed") else "CHANGED"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAMES", help="these faults, separated by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as well")
    options = parser.parse_args(arguments)
    names = options.only.split(",") if options.only else list(FAULTS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        ensure_shipped(Settings.plain(home=home))
        rows = asyncio.run(campaign(home, names))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    totals: Counter[str] = Counter()
    for row in rows:
        for outcome in ("same", "failed", "CHANGED", "missing"):
            totals[outcome] += row.get(outcome, 0)
    slowest = max(rows, key=lambda row: row["seconds"])
    print(f"{len(rows)} faults, {sum(totals.values())} items: {dict(totals)}; peak memory {peak:.0f} MB, server included; "
        f"slowest: {slowest['fault']}, {slowest['seconds']} s")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "peak_mb": peak}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
