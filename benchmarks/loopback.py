"""A model server that always gives the same reply at once, for measuring clients. Run as a child: ``loopback.py PORT_FILE``.

It speaks just enough of the protocol for CLARA: models, health, version, tokenize and chat completions, and shows at
``/last`` the last completion that it was asked for, so that other clients can send the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

VERDICT = '{"reason":"The passage says so.","grounded":true,"contradiction":false,"agrees":true,"answers_question":true}'
REPLY = json.dumps(
    {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": "fixed",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": VERDICT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930},
    }
).encode()
MODELS = {"object": "list", "data": [{"id": "fixed", "object": "model", "max_model_len": 32768}]}
KEPT = web.AppKey("kept", dict[str, bytes])


async def complete(request: web.Request) -> web.Response:
    """The fixed reply."""
    request.app[KEPT]["last"] = await request.read()
    return web.Response(body=REPLY, content_type="application/json")


async def last(request: web.Request) -> web.Response:
    """The last body that came."""
    return web.Response(body=request.app[KEPT]["last"])


def application() -> web.Application:
    """All routes."""
    app = web.Application(client_max_size=2**26)
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
def running() -> Iterator[str]:
    """The server in a child process; its base address without ``/v1``."""
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        child = subprocess.Popen([sys.executable, __file__, str(port)])
        try:
            while not port.exists():
                if child.poll() is not None:
                    raise SystemExit(f"the loopback server ended with status {child.returncode}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port.read_text()}"
        finally:
            child.terminate()
            child.wait()


async def serve(port: Path) -> None:
    """Listen on a free port and write its number to ``port``."""
    runner = web.AppRunner(application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    number = runner.addresses[0][1]
    draft = port.with_suffix(".tmp")
    draft.write_text(str(number))
    draft.rename(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
