"""The SDK that chat clients are built on, against a real process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from clara.agent.strategies import STRATEGIES
from clara.language.messages import say
from clara.language.questions import parse_question
from clara.safety import urgent_notice
from tests.backbone.fake_server import FakeServer
from tests.service.conftest import ENGLISH, Running, home_with, started

BLEACH = "My colleague splashed bleach into his eye a minute ago, what should he do?"
NOTICE = urgent_notice(parse_question(BLEACH))


@pytest.fixture(scope="module")
def client(embedded: Running) -> OpenAI:
    return OpenAI(base_url=f"{embedded.url}/v1", api_key="unused", max_retries=0)


def test_each_strategy_is_a_model(client: OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names[0] == "clara"
    assert "clara-translate-rag" in names
    assert len(names) == len(STRATEGIES)
    assert client.models.retrieve("clara-direct").id == "clara-direct"


def test_an_answer_has_its_sources_in_markdown_and_for_programs(client: OpenAI) -> None:
    question = "¿Qué capa de la córnea es la más gruesa?"
    reply = client.chat.completions.create(model="clara", messages=[{"role": "user", "content": question}])
    content = reply.choices[0].message.content or ""
    facts = reply.model_extra["clara"] if reply.model_extra else {}
    assert reply.choices[0].finish_reason == "stop"
    assert f"### {say('sources', 'es')}" in content
    assert say("not_a_device", "es") in content
    assert facts["language"] == "es"
    for citation in facts["citations"]:
        assert f"`{citation['id']}`" in content
    assert facts["citations"]


def test_a_stream_brings_what_is_urgent_before_anything_else(client: OpenAI) -> None:
    messages = [{"role": "user", "content": BLEACH}]
    stream = client.chat.completions.create(
        model="clara",
        messages=messages,  # type: ignore[arg-type]
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    said = [delta.content for delta in deltas if delta.content]
    steps = [position for position, delta in enumerate(deltas) if "reasoning_content" in (delta.model_extra or {})]
    assert said[0] == f"**{NOTICE}**\n\n"
    assert deltas.index(next(delta for delta in deltas if delta.content)) < steps[0]
    assert "".join(said).count(NOTICE) == 1
    assert chunks[-1].usage is not None
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


def test_a_stream_says_the_same_as_the_reply_in_one_piece(client: OpenAI) -> None:
    messages = [{"role": "user", "content": "Quelle couche de la cornée est la plus épaisse ?"}]
    whole = client.chat.completions.create(model="clara-rag", messages=messages)  # type: ignore[arg-type]
    stream = client.chat.completions.create(model="clara-rag", messages=messages, stream=True)  # type: ignore[arg-type]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert said.strip() == (whole.choices[0].message.content or "").strip()


def test_a_follow_up_is_understood_from_the_messages(client: OpenAI) -> None:
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "What is keratoconus?"},
        {"role": "assistant", "content": "Keratoconus is a thinning of the cornea."},
        {"role": "user", "content": [{"type": "text", "text": "How is it treated?"}]},
    ]
    reply = client.chat.completions.create(model="clara", messages=messages)  # type: ignore[arg-type]
    facts = reply.model_extra["clara"] if reply.model_extra else {}
    assert "keratoconus" in facts["question"].lower()


def test_what_cannot_be_understood_is_asked_back(client: OpenAI) -> None:
    reply = client.chat.completions.create(model="clara", messages=[{"role": "user", "content": "?!"}])
    assert reply.choices[0].message.content == say("clarify_empty", "en")
    assert reply.model_extra and reply.model_extra["clara"]["clarification"]


def test_a_language_that_is_not_recognised_is_asked_about_without_a_command_of_the_chat(client: OpenAI) -> None:
    reply = client.chat.completions.create(model="clara", messages=[{"role": "user", "content": "ꆈꌠꉙ ꀊꂿ ꃀꃅ ꄉꇁ"}])
    assert reply.choices[0].message.content == say("clarify_language_plain", "en")


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-5'"):
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": ENGLISH}])


@pytest.mark.parametrize("more", [{"n": 2}, {"response_format": {"type": "json_object"}}])
def test_what_would_change_the_meaning_of_a_reply_is_refused(client: OpenAI, more: dict[str, object]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="clara", messages=[{"role": "user", "content": ENGLISH}], **more)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}],
        [{"role": "assistant", "content": "I speak last."}],
        [],
    ],
)
def test_messages_that_cannot_be_read_are_refused(embedded: Running, messages: list[object]) -> None:
    reply = embedded.post("/v1/chat/completions", {"model": "clara", "messages": messages})
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]["message"]
    assert "half a character" not in reply.text


async def test_many_at_once_with_the_asynchronous_client(embedded: Running) -> None:
    async with AsyncOpenAI(base_url=f"{embedded.url}/v1", api_key="unused", max_retries=0) as client:
        questions = ["What is a cataract?", "¿Qué es el glaucoma?", "Qu'est-ce que la rétine ?", "O que é a uveíte?"]

        async def ask(question: str) -> str:
            reply = await client.chat.completions.create(model="clara-rag", messages=[{"role": "user", "content": question}])
            return reply.model_extra["clara"]["question"] if reply.model_extra else ""

        assert await asyncio.gather(*(ask(question) for question in questions)) == questions


async def test_a_model_server_is_asked_and_learns_the_id_of_the_request(
    built_home: Path, tmp_path: Path, model_server: FakeServer
) -> None:
    home = home_with(built_home, tmp_path / "home")
    with started(home, "--backbone", model_server.url, "--no-cache") as running:
        await asyncio.to_thread(running.wait_ready)
        async with AsyncOpenAI(base_url=f"{running.url}/v1", api_key="unused", max_retries=0) as client:
            await _check_request_id(client, model_server)
            await _check_follow_up(client)
            await _check_client_leaves(client, running, model_server)
            await _check_outage(client, running, model_server)


async def _check_request_id(client: AsyncOpenAI, model_server: FakeServer) -> None:
    reply = await client.chat.completions.create(
        model="clara-direct",
        messages=[{"role": "user", "content": ENGLISH}],
        extra_headers={"X-Request-Id": "ward-7.1"},
    )
    assert reply.id == "chatcmpl-ward-7.1"
    assert "The trochlear nerve." in (reply.choices[0].message.content or "")
    assert reply.usage is not None
    assert reply.usage.prompt_tokens > 0
    assert model_server.headers[-1]["X-Request-ID"] == "ward-7.1"


async def _check_follow_up(client: AsyncOpenAI) -> None:
    reply = await client.chat.completions.create(
        model="clara-direct",
        messages=[
            {"role": "user", "content": "What is acute angle closure?"},
            {"role": "assistant", "content": "A sudden rise of the pressure in the eye."},
            {"role": "user", "content": "And how is it treated in children?"},
        ],
    )
    assert reply.model_extra
    assert reply.model_extra["clara"]["question"] == "How is acute angle closure treated in children?"


async def _check_client_leaves(client: AsyncOpenAI, running: Running, model_server: FakeServer) -> None:
    """The request to the model server ends with the client's, streamed or not."""
    model_server.engine_alive = False
    for streamed in (True, False):
        before = model_server.cancelled
        asking = asyncio.create_task(_ask(client, streamed=streamed))
        async with asyncio.timeout(20):
            while await asyncio.to_thread(running.metric, "clara_in_flight") != 1:
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            while model_server.cancelled == before or await asyncio.to_thread(running.metric, "clara_in_flight"):
                await asyncio.sleep(0.1)
    assert await asyncio.to_thread(running.metric, "clara_stopped_total") == 2
    model_server.engine_alive = True


async def _ask(client: AsyncOpenAI, *, streamed: bool) -> None:
    messages = [{"role": "user", "content": f"{ENGLISH} {streamed}"}]
    if streamed:
        async for _ in await client.chat.completions.create(model="clara-direct", messages=messages, stream=True):  # type: ignore[call-overload]
            pass
    else:
        await client.chat.completions.create(model="clara-direct", messages=messages)  # type: ignore[arg-type]


async def _check_outage(client: AsyncOpenAI, running: Running, model_server: FakeServer) -> None:
    """A model server that refuses is 502 or 503 without its address; what is urgent is said all the same."""
    model_server.replies = [404]
    with pytest.raises(openai.InternalServerError) as failure:
        await client.chat.completions.create(model="clara-direct", messages=[{"role": "user", "content": f"{ENGLISH} 404"}])
    assert failure.value.status_code == 502
    assert "127.0.0.1" not in failure.value.response.text
    reply = await client.chat.completions.create(model="clara-direct", messages=[{"role": "user", "content": BLEACH}])
    content = reply.choices[0].message.content or ""
    assert content.startswith(f"**{NOTICE}**")
    assert model_server.url not in reply.model_dump_json()
    assert ENGLISH not in running.text
    assert "bleach" not in running.text
