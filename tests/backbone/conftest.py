"""A fake server and clients for it, closed at the end of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from clara.backbone.openai.backbone import OpenAIBackbone
from clara.backbone.servers.servers import ModelServers
from clara.config import Settings
from clara.tasks.prompts import PromptLibrary
from tests.backbone.fake_server import KEY, FakeServer, serving

Connect = Callable[..., OpenAIBackbone]


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with serving(FakeServer()) as fake:
        yield fake


@pytest.fixture
async def vllm() -> AsyncIterator[FakeServer]:
    """A fake that knows what vLLM knows."""
    async with serving(FakeServer("vllm")) as fake:
        yield fake


@pytest.fixture(scope="session")
def prompts() -> PromptLibrary:
    """The shipped prompts, read once."""
    return PromptLibrary()


@pytest.fixture
async def connect(isolated: Path, prompts: PromptLibrary) -> AsyncIterator[Connect]:
    """Makes backbones for addresses; the cache is off unless asked for."""
    made: list[OpenAIBackbone] = []

    def make(*urls: str, **changes: Any) -> OpenAIBackbone:
        values: dict[str, Any] = {"profile": "remote", "backbone": urls, "api_key": SecretStr(KEY), "retries": 2}
        values |= {"cache": False, "home": isolated, "outage": 5.0, **changes}
        settings = Settings(**values)
        made.append(OpenAIBackbone(ModelServers(settings), prompts, settings))
        return made[-1]

    yield make
    for backbone in made:
        await backbone.aclose()
