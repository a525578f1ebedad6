"""The API key, and credentials in an address, are sent to the server and stand nowhere else."""

from __future__ import annotations

import base64
import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from clara.config import Settings, load_settings
from clara.errors import BackboneError, SettingsError
from clara.tasks.model import ANSWER_CHOICE
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import DEAD, GOOD, INPUTS, KEY, FakeServer

PASSWORD = "Pa55-word"


async def test_no_secret_in_errors_notes_logs_and_files(
    server: FakeServer, connect: Connect, isolated: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = server.url.replace("http://", f"http://user:{PASSWORD}@")
    said: list[str] = []
    replies: list[Any] = [GOOD, "no idea", 500, 429, 400, 401, 404, lambda _body: web.Response(text=KEY)]
    for number, reply in enumerate(replies):
        server.replies = [reply]
        backbone = connect(url, retries=0, cache=True, seed=number)
        try:
            said.append(repr(await backbone.perform(ANSWER_CHOICE, INPUTS)))
        except BackboneError as error:
            said.append(repr((error, error.url, vars(error))))
        said.append(repr(await backbone.info()))
        await backbone.aclose()
    assert any("refused" in text for text in said)
    assert any("output=ChoiceOut" in text for text in said)
    written = b"".join(path.read_bytes() for path in isolated.rglob("*") if path.is_file())
    assert b"reasoning" in written
    for secret in (KEY, PASSWORD, base64.b64encode(f"user:{PASSWORD}".encode()).decode()):
        assert secret not in "\n".join(said)
        assert secret not in caplog.text
        assert secret.encode() not in written


async def test_credentials_in_an_address_are_sent_to_that_server(server: FakeServer, connect: Connect) -> None:
    url = server.url.replace("http://", "http://user:p%40ss@")
    await connect(url).perform(ANSWER_CHOICE, INPUTS)
    expected = base64.b64encode(b"user:p@ss").decode()
    assert {headers["Authorization"] for headers in server.headers} == {f"Basic {expected}"}


async def test_a_proxy_is_asked_only_where_the_settings_name_one(
    server: FakeServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", DEAD)
    monkeypatch.setenv("ALL_PROXY", DEAD)
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None
    proxy = SecretStr(server.url.replace("http://", f"http://user:{PASSWORD}@").removesuffix("/v1"))
    through = connect("http://model.invalid/v1", proxy=proxy)
    assert (await through.perform(ANSWER_CHOICE, INPUTS)).output is not None
    assert "Proxy-Authorization" in server.headers[-1]
    assert PASSWORD not in repr(Settings(proxy=proxy).public())


def test_a_wrong_proxy_is_told_without_its_password() -> None:
    with pytest.raises(SettingsError, match="no address") as caught:
        load_settings({"proxy": f"user:{PASSWORD}@host"})
    assert PASSWORD not in str(caught.value)
