"""A model server without a model, for measuring clients. Run as a child: ``loopback.py PORT_FILE [SECONDS]``.

It gives the same reply at once or, with a number of seconds, after about that time (half to one and a half of it, the same
for the same request) the simplest reply that fits the request's schema, to any number of requests at once: a server that
takes none of the client's processor. It speaks just enough of the protocol for CLARA: models, health, version, tokenize and
chat completions, and shows at ``/last`` the last completion that it was asked for, so that other clients can send the same
bytes.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

VERDICT = '{"reason":"The passage says so.","grounded":true,"contradiction":false,"agrees":true,"answers_question":true}'
MODELS = {"object": "list", "data": [{"id": "fixed", "object": "model", "max_model_len": 32768}]}
KEPT = web.AppKey("kept", dict[str, bytes])
SECONDS = web.AppKey("seconds", float)


def reply(text: str) -> bytes:
    """A chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930}
    whole = {"id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": "fixed"}
    return json.dumps(whole | {"choices": [choice], "usage": usage}).encode()


FIXED = reply(VERDICT)


async def complete(request: web.Request) -> web.StreamResponse:
    """The fixed reply, or a fitting one in its time; in pieces where the request asks for a stream."""
    body = request.app[KEPT]["last"] = await request.read()
    found = FIXED
    if seconds := request.app[SECONDS]:
        await asyncio.sleep(random.Random(body).uniform(0.5, 1.5) * seconds)
        asked = json.loads(body)
        if asked.get("stream"):
            return await streamed(request, fitting(asked))
        found = reply(fitting(asked))
    return web.Response(body=found, content_type="application/json")


async def streamed(request: web.Request, text: str) -> web.StreamResponse:
    """The reply in four pieces, as server-sent events."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    step = max(1, len(text) // 4)
    pieces: list[dict[str, Any]] = []
    for start in range(0, len(text), step):
        pieces.append({"choices": [{"index": 0, "delta": {"content": text[start : start + step]}}]})
    pieces.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    pieces.append({"choices": [], "usage": {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930}})
    for piece in pieces:
        await response.write(f"data: {json.dumps(piece)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response


def fitting(request: dict[str, Any]) -> str:
    """A reply of the form that the request asks for."""
    form = request.get("structured_outputs") or {}
    if "choice" in form:
        return str(form["choice"][0])
    if "regex" in form:
        return str(form["regex"]).strip("[]()")[0]
    schema = form.get("json") or request.get("response_format", {}).get("json_schema", {}).get("schema")
    return json.dumps(value(schema)) if schema else "yes"


def value(schema: dict[str, Any]) -> Any:
    """The simplest value that fits a schema of CLARA's tasks."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return value(schema["anyOf"][0])
    kinds: dict[str, Any] = {"boolean": True, "integer": 1, "number": 0.5, "string": "the lens", "null": None}
    if schema.get("type") == "object":
        return {name: value(inner) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [value(schema["items"])] * schema.get("minItems", 0)
    return kinds[schema["type"]]


async def last(request: web.Request) -> web.Response:
    """The last body that came."""
    return web.Response(body=request.app[KEPT]["last"])


def application(seconds: float) -> web.Application:
    """All routes."""
    app = web.Application(client_max_size=2**26)
    app[SECONDS] = seconds
    app[KEPT] = {"last": b""}
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/last", last)
    app.router.add_get("/v1/models", lambda _request: _json(MODELS))
    app.router.add_get("/version", lambda _request: _json({"version": "0.32.0"}))
    app.router.add_get("/health", lambda _request: _json({}))
    app.router.add_post("/tokenize", lambda _request: _json({"count": 900, "max_model_len": 32768}))
    return app


async def _json(value: object) -> web.Response:
    return web.json_response(value)


@contextmanager
def running(seconds: float = 0.0) -> Generator[str]:
    """The server in a child process; its base address without ``/v1``."""
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        child = subprocess.Popen([sys.executable, __file__, str(port), str(seconds)])
        try:
            while not port.exists():
                if child.poll() is not None:
                    raise SystemExit(f"the loopback server ended with status {child.returncode}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port.read_text()}"
        finally:
            child.terminate()
            child.wait()


async def serve(port: Path, seconds: float) -> None:
    """Listen on a free port and write its number to ``port``."""
    runner = web.AppRunner(application(seconds), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    number = runner.addresses[0][1]
    draft = port.with_suffix(".tmp")
    draft.write_text(str(number))
    draft.rename(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0))
