"""``clara doctor`` believes nothing that an earlier process found out; the server is a fake on the loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clara.backbone.openai.backbone import OpenAIBackbone
from clara.cli.doctor import reach
from clara.config import Settings
from tests.backbone.fake_server import FakeServer, serving


async def test_the_doctor_finds_out_anew_and_remembers_it(isolated: Path) -> None:
    async with serving(FakeServer("vllm")) as server, serving(FakeServer("vllm")) as other:

        def settings(*urls: str) -> Settings:
            return Settings(profile="remote", backbone=urls, home=isolated)

        async def known(*urls: str) -> tuple[bool, str, int]:
            backbone = OpenAIBackbone.from_settings(settings(*urls))
            can = await backbone.capabilities()
            await backbone.aclose()
            return can.thinks, can.choice, can.logprobs

        for urls in ((server.url,), (server.url, other.url)):
            assert await known(*urls) == (False, "yes", 20)
        for one in (server, other):
            one.thinks, one.kind = True, "plain"
        entry = await asyncio.to_thread(reach, settings(server.url), server.url)
        asked = server.probes
        assert (entry["capabilities"]["thinks"], entry["capabilities"]["choice"]) == (True, "ignored")
        assert await known(server.url) == (True, "ignored", 0)
        assert server.probes == asked
        assert await known(server.url, other.url) == (True, "ignored", 0)
