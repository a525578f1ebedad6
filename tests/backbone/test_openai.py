"""The OpenAI-compatible backbone against a real HTTP server on the loopback, which stands in for the network boundary."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from clara.backbone.http import read_retry_after
from clara.backbone.openai import OpenAIBackbone
from clara.backbone.structured import answer_so_far, visible
from clara.config import Settings
from clara.errors import BackboneOverloaded, BackboneRefused, BackboneUnreachable, ContextOverflow
from clara.tasks import ANSWER_CHOICE, ANSWER_TEXT, TRANSLATE, AnswerIn, TranslateIn
from clara.types import Option, Passage

OPTIONS = (Option("A", "iris"), Option("B", "ciliary body"))
PASSAGES = tuple(Passage(f"p#{n}", f"title {n}", f"text {n}") for n in range(3))
INPUTS = AnswerIn(language="en", original_stem="q", original_options=OPTIONS, stem="q", options=OPTIONS, passages=PASSAGES)
GOOD = json.dumps({"reasoning": "r", "citations": [1], "label": "B", "confidence": 0.9})
KEY = "sk-very-secret"
DEAD = "http://127.0.0.1:9/v1"


class Server:
    """Answers chat completions from a list of replies; the last one repeats."""

    def __init__(self) -> None:
        self.replies: list[Any] = [GOOD]
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            reply = reply(self.bodies[-1])
        if isinstance(reply, int):
            return web.Response(status=reply, text=f"no {KEY}")
        return completion(reply) if isinstance(reply, str) else reply

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "m", "max_model_len": 4096}]})


def completion(text: str | None, finish: str = "stop") -> web.Response:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    choice = {"message": {"content": text}, "finish_reason": finish}
    return web.json_response({"choices": [choice], "usage": usage})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    fake = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.chat)
    app.router.add_get("/v1/models", fake.models)
    test_server = TestServer(app)
    await test_server.start_server()
    fake.url = str(test_server.make_url("/v1"))
    yield fake
    await test_server.close()


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., OpenAIBackbone]]:
    made: list[OpenAIBackbone] = []

    def make(*urls: str, **changes: Any) -> OpenAIBackbone:
        values = {"profile": "remote", "backbone": urls, "api_key": SecretStr(KEY), "retries": 2, **changes}
        made.append(OpenAIBackbone.from_settings(Settings(**values)))
        return made[-1]

    yield make
    for backbone in made:
        await backbone.aclose()


async def test_structured_request(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS, seed=7)
    assert result.output is not None
    assert result.output.label == "B"
    usage = result.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_prompt_tokens) == (1, 10, 5, 4)
    body = server.bodies[0]
    assert (body["model"], body["seed"], body["max_tokens"]) == ("m", 7, 700)
    shape = body["response_format"]["json_schema"]
    assert shape["strict"] is True
    assert shape["schema"]["properties"]["label"]["enum"] == ["A", "B"]
    assert shape["schema"]["properties"]["citations"]["maxItems"] == 3
    assert shape["schema"]["additionalProperties"] is False
    assert server.keys == [f"Bearer {KEY}"]


async def test_translation_schema_has_exactly_the_letters(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [
        json.dumps({"stem": "s", "options": {"A": "x"}}),
        json.dumps({"stem": "s", "options": {"A": "x", "B": "y"}}),
    ]
    result = await connect(server.url).perform(TRANSLATE, TranslateIn(language="es", stem="q", options=OPTIONS))
    options = server.bodies[0]["response_format"]["json_schema"]["schema"]["properties"]["options"]
    assert options["required"] == ["A", "B"]
    assert options["additionalProperties"] is False
    assert result.output is not None
    assert result.usage.calls == 2


async def test_repair_then_unparsed(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = ["no idea"]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert (result.output, result.failure, result.raw) == (None, "unparsed", "no idea")
    assert len(server.bodies) == 2
    assert "no complete JSON object" in server.bodies[1]["messages"][-1]["content"]


async def test_cut_off_reply_is_never_parsed(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [lambda _body: completion(GOOD, "length")]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.failure == "unparsed"


@pytest.mark.parametrize("text", ["", None, "<think>hm</think>"])
async def test_empty_reply(text: str | None, server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [lambda _body: completion(text)]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).failure == "no_response"


async def test_thinking_and_fence_are_stripped(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [f'<think>{{"label": "A"}}</think>\n```json\n{GOOD}\n```']
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.output is not None
    assert result.output.label == "B"


async def test_429_then_500_then_success(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [lambda _body: web.Response(status=429, headers={"Retry-After": "0"}), 500, GOOD]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None
    assert len(server.bodies) == 3


async def test_500_to_the_end(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [500]
    with pytest.raises(BackboneOverloaded) as caught:
        await connect(server.url, retries=1).perform(ANSWER_CHOICE, INPUTS)
    assert (caught.value.status, len(server.bodies)) == (500, 2)


@pytest.mark.parametrize(("status", "mend"), [(401, "CLARA_API_KEY"), (403, "CLARA_API_KEY"), (404, "--model")])
async def test_refusals(status: int, mend: str, server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [status]
    with pytest.raises(BackboneRefused, match=mend) as caught:
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert KEY not in str(caught.value)
    assert len(server.bodies) == 1


async def test_connection_refused(connect: Callable[..., OpenAIBackbone]) -> None:
    with pytest.raises(BackboneUnreachable, match=f"cannot reach the model server at {DEAD}; .*vllm serve") as caught:
        await connect(DEAD, retries=0).perform(ANSWER_CHOICE, INPUTS)
    assert KEY not in str(caught.value)


async def test_passages_are_dropped_until_it_fits(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [lambda body: completion(GOOD) if "text 1" not in str(body["messages"]) else web.Response(status=400)]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.output is not None
    assert result.notes == ("left out 2 of 3 passages: the prompt did not fit",)
    assert "text 0" in str(server.bodies[-1]["messages"])


async def test_overflow_even_with_no_passage(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [400]
    with pytest.raises(ContextOverflow):
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)


async def test_server_without_response_format(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    server.replies = [lambda body: web.Response(status=400) if "response_format" in body else completion(GOOD)]
    backbone = connect(server.url)
    assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None
    assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None
    assert ["response_format" in body for body in server.bodies] == [True, False, False]


async def test_one_of_two_replicas_is_dead(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    backbone = connect(DEAD, server.url)
    for _ in range(3):
        assert (await backbone.perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_unknown_model_lists_what_there_is(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    with pytest.raises(BackboneRefused, match="no model 'x'; it has: m"):
        await connect(server.url, model="x").info()


async def test_address_without_v1(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    info = await connect(server.url.removesuffix("/v1")).info()
    assert (info.model, info.context_length, info.server) == ("m", 4096, "")


async def test_streaming_emits_the_answer(server: Server, connect: Callable[..., OpenAIBackbone]) -> None:
    pieces = ['{"answer": "The cil', 'iary body.", "citat', 'ions": [], "confidence": null}']
    events = [{"choices": [{"delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    events.append({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    server.replies = [lambda _body: web.Response(text=text, content_type="text/event-stream")]
    told: list[str] = []
    inputs = INPUTS.model_copy(update={"options": (), "original_options": ()})
    result = await connect(server.url).perform(ANSWER_TEXT, inputs, on_token=told.append)
    assert told == ["The cil", "iary body."]
    assert result.output is not None
    assert result.usage.prompt_tokens == 3


@pytest.mark.parametrize(
    ("value", "seconds"), [("3", 3), ("1e9", 60), ("nan", None), ("-1", None), ("soon", None), (None, None)]
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value) == seconds
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_partial_texts() -> None:
    assert answer_so_far('{"answer": "a \\"b\\" \\') == 'a "b" '
    assert visible("thoughts</think> x") == "x"
    assert visible("x <think>never closed") == "x"
