"""A server that refuses a parameter without a word: which one it is, is found out by leaving out one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from clara.tasks.model import ANSWER_CHOICE
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import GOOD, INPUTS, FakeServer, completion, serving


class Choosy(FakeServer):
    """Refuses requests that hold something, without a word of why."""

    def __init__(self, *refused: str, status: int = 400) -> None:
        super().__init__("plain", length=None)
        self.refused = set(refused)
        self.status = status
        self.asked = 0

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked += 1
        held = set(body) | {message["role"] for message in body["messages"]}
        if self.refused & held:
            return web.Response(status=self.status, text="Bad Request")
        return await super().chat(request)

    def probe(self, body: dict[str, Any]) -> web.Response:
        return completion("zebra")


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (["seed"], 400),
        (["temperature"], 422),
        (["max_tokens"], 400),
        (["max_tokens", "max_completion_tokens"], 400),
        (["system"], 400),
        (["response_format", "structured_outputs"], 501),
        (["seed", "temperature", "system"], 400),
    ],
)
async def test_what_is_refused_without_a_word_is_found(refused: list[str], status: int, connect: Connect) -> None:
    async with serving(Choosy(*refused, status=status)) as server:
        server.replies = [GOOD]
        backbone = connect(server.url)
        first = await backbone.perform(ANSWER_CHOICE, INPUTS)
        assert isinstance(server, Choosy)
        before = server.asked
        second = await backbone.perform(ANSWER_CHOICE, INPUTS)
        assert server.asked == before + 1
    assert first.output is not None
    assert second.output is not None
    assert not any("left out" in note for note in first.notes)


async def test_a_server_that_refuses_everything_is_asked_a_few_times_and_no_more(connect: Connect) -> None:
    async with serving(Choosy("messages", "user")) as server:
        with pytest.raises(Exception, match="does not accept the request"):
            await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
        assert isinstance(server, Choosy)
        assert server.asked < 20
