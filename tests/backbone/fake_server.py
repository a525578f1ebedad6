"""A model server on the loopback that stands in for the network boundary: real HTTP, scripted replies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from clara.tasks.model import AnswerIn
from clara.types import Option, Passage

KEY = "sk-very-secret"
DEAD = "http://127.0.0.1:9/v1"
OPTIONS = (Option("A", "iris"), Option("B", "ciliary body"))
PASSAGES = tuple(Passage(f"p#{n}", f"title {n}", f"text {n}") for n in range(3))
INPUTS = AnswerIn(language="en", original_stem="q", original_options=OPTIONS, stem="q", options=OPTIONS, passages=PASSAGES)
GOOD = json.dumps({"reasoning": "r", "citations": [1], "label": "B", "confidence": 0.9})

Reply = str | int | web.StreamResponse | Callable[[dict[str, Any]], Any]
"""A text, a status, a response, or what computes one of them from the request's body."""


class FakeServer:
    """Answers the client's probes as the kind of server that it plays, and chat completions from a list of replies.

    ``portable`` knows ``response_format`` only; ``vllm`` knows all that vLLM does; ``plain`` takes everything and keeps to
    nothing; ``strict`` refuses every constraint.
    """

    def __init__(self, kind: str = "portable", model: str = "m", length: int | None = 4096) -> None:
        self.kind, self.model, self.length = kind, model, length
        self.replies: list[Reply] = [GOOD]
        """Used in order; the last one repeats."""
        self.bodies: list[dict[str, Any]] = []
        """The chat completions asked for, without probes and calls for a sign of life."""
        self.probes = 0
        self.signs = 0
        self.tokenized = 0
        self.headers: list[dict[str, str]] = []
        self.metrics: str | Callable[[], str] = ""
        self.stalled_streams = 0
        """So many streams begin and send nothing."""
        self.engine_alive = True
        self.health = 200
        self.most_logprobs = 20
        self.thinks = False
        self.cancelled = 0
        self.build: dict[str, Any] = {}
        """What the entry of ``/v1/models`` says besides name and length."""
        self.url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.headers.append(dict(request.headers))
        message = body["messages"][-1]["content"]
        if not self.engine_alive:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if message == ".":
            self.signs += 1
            return completion("x", "length")
        if "zebra" in message:
            self.probes += 1
            return self.probe(body)
        self.bodies.append(body)
        if body.get("stream") and self.stalled_streams:
            self.stalled_streams -= 1
            silent = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await silent.prepare(request)
            await asyncio.sleep(60)
        reply: Any = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            reply = reply(body)
        if asyncio.iscoroutine(reply):
            reply = await reply
        if isinstance(reply, int):
            return web.Response(status=reply, text=f"no {KEY}")
        return completion(reply) if isinstance(reply, str) else reply

    def probe(self, body: dict[str, Any]) -> web.Response:
        known = {"portable": {"response_format"}, "plain": set(), "strict": set()}.get(self.kind)
        constraint = {"response_format", "structured_outputs"} & set(body)
        quiet = (body.get("chat_template_kwargs") or {}).get("enable_thinking") is False
        if self.kind in ("portable", "strict") and (constraint - (known or set()) or "logprobs" in body):
            return web.Response(status=400)
        if body.get("top_logprobs", 0) > self.most_logprobs:
            return web.Response(status=400)
        if self.thinks and not quiet:
            return completion("<think>hm</think>zebra")
        if known is not None and not constraint & known:
            return completion("zebra")
        form = body.get("structured_outputs", {})
        text = "QX" if {"choice", "regex"} & set(form) else '{"word": "QX"}' if constraint else "zebra"
        return completion(text, logprobs=[token("zebra", -0.1)] if body.get("logprobs") else None)

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": self.model, "max_model_len": self.length, **self.build}]})

    async def tokenize(self, request: web.Request) -> web.Response:
        self.tokenized += 1
        body = await request.json()
        return web.json_response({"count": sum(len(message["content"]) for message in body["messages"])})

    async def tell_metrics(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.metrics() if callable(self.metrics) else self.metrics)

    async def tell_health(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.health)

    async def version(self, _request: web.Request) -> web.Response:
        return web.json_response({"version": "0.32.0"})

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.chat)
        app.router.add_get("/v1/models", self.models)
        if self.kind == "vllm":
            app.router.add_post("/tokenize", self.tokenize)
            app.router.add_get("/version", self.version)
            app.router.add_get("/health", self.tell_health)
        if self.kind == "vllm" or self.metrics:
            app.router.add_get("/metrics", self.tell_metrics)
        return app


@asynccontextmanager
async def serving(fake: FakeServer, port: int = 0) -> AsyncIterator[FakeServer]:
    """The server, listening; its address is in ``url``."""
    server = TestServer(fake.app(), port=port or None)
    await server.start_server(shutdown_timeout=0.02)
    fake.url = str(server.make_url("/v1"))
    try:
        yield fake
    finally:
        await server.close()


def completion(text: str | None, finish: str = "stop", *, logprobs: Any = None, **message: Any) -> web.Response:
    """A chat completion."""
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    choice: dict[str, Any] = {"message": {"content": text, **message}, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = {"content": logprobs}
    return web.json_response({"choices": [choice], "usage": usage})


def token(text: str, logprob: float, **others: float) -> dict[str, Any]:
    """A token with its alternatives."""
    top = [{"token": text, "logprob": logprob}, *({"token": t, "logprob": p} for t, p in others.items())]
    return {"token": text, "logprob": logprob, "top_logprobs": top}


def stream(*pieces: str, finish: str | None = "stop", done: bool = True) -> web.Response:
    """A streamed chat completion as a server with ``include_usage`` sends it."""
    events: list[dict[str, Any]] = [{"choices": [{"delta": {"role": "assistant"}, "finish_reason": None}]}]
    events += [{"choices": [{"delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    if finish:
        events.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    events.append({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + ("data: [DONE]\n\n" if done else "")
    return web.Response(text=text, content_type="text/event-stream")
