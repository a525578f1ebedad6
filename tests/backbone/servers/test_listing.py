"""Which of the listed models is meant, and where the list is."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from clara.backbone.servers.listing import listed_models, listed_name, some_of
from clara.backbone.servers.replicas import Replica
from clara.errors import BackboneRefused
from clara.tasks.model import ANSWER_CHOICE
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import INPUTS, FakeServer


@pytest.mark.parametrize(
    ("model", "listed", "name"),
    [
        ("qwen", ["phi", "qwen"], "qwen"),
        ("qwen", ["qwen:latest"], "qwen:latest"),
        ("qwen:latest", ["qwen"], "qwen"),
        ("meta/llama:free", ["meta/llama"], "meta/llama"),
        ("gemini-pro", ["models/gemini-pro"], "models/gemini-pro"),
        ("openai/gpt-x", ["anthropic/*", "openai/*"], "openai/*"),
        ("anything", ["*"], "*"),
        ("Qwen/Qwen3-8B", ["qwen/qwen3-8b"], "qwen/qwen3-8b"),
        ("qwen:7b", ["qwen:14b"], None),
        ("qwen", ["qwen2"], None),
        ("mistral/x", ["openai/*"], None),
    ],
)
def test_a_model_goes_by_several_names(model: str, listed: list[str], name: str | None) -> None:
    assert listed_name(model, listed) == name


@pytest.mark.parametrize(
    "found",
    [
        {"data": [{"id": "m"}]},
        {"models": [{"name": "m"}]},
        {"data": ["m"]},
        {"data": [{"model": "m"}, 3, None]},
    ],
)
def test_lists_of_any_form_are_read(found: dict[str, Any]) -> None:
    assert [model["id"] for model in listed_models(found)] == ["m"]


def test_of_many_names_the_nearest_are_shown() -> None:
    names = [f"vendor/model-{number}" for number in range(400)]
    shown = some_of(names, "vendor/model-3777")
    assert "400 others" in shown
    assert "vendor/model-377" in shown
    assert len(shown) < 300


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://h:1", "http://h:1/v1"),
        ("http://h:1/v1/", "http://h:1/v1"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1"),
        ("https://h/openai/v1/models", "https://h/openai/v1"),
        ("https://h/api/paas/v4", "https://h/api/paas/v4"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai"),
    ],
)
def test_addresses_are_taken_as_people_copy_them(address: str, base: str) -> None:
    replica = Replica(address)
    assert replica.shown == base
    assert replica.address("/v1/chat/completions") == f"{base}/chat/completions"


@pytest.mark.parametrize("base", ["/api/paas/v4", "/v1beta/openai", "/inference", "/openai/v1", ""])
@pytest.mark.parametrize("has_list", [True, False])
async def test_the_base_is_found_where_it_has_another_version_or_none(base: str, has_list: bool, connect: Connect) -> None:
    fake, app = FakeServer("plain"), web.Application()
    app.router.add_post(f"{base}/chat/completions", fake.chat)
    if has_list:
        app.router.add_get(f"{base}/models", fake.models)
    server = TestServer(app)
    await server.start_server()
    try:
        address = str(server.make_url(base or "/")).rstrip("/")
        result = await connect(address, model="m").perform(ANSWER_CHOICE, INPUTS)
    finally:
        await server.close()
    assert result.output is not None


async def test_a_page_at_the_address_is_no_model_server(connect: Connect) -> None:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", lambda _request: _page())
    server = TestServer(app)
    await server.start_server()
    try:
        with pytest.raises(BackboneRefused, match="does not speak the OpenAI protocol"):
            await connect(str(server.make_url("/v1")), retries=0).info()
    finally:
        await server.close()


async def _page() -> web.Response:
    return web.Response(text="<html>Please log in</html>", content_type="text/html")
