"""``clara mcp`` hands the settings on, and says which package it lacks."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.config import Settings

run = CliRunner()


def test_the_settings_of_the_flags_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mcp")
    received: list[object] = []

    class Server:
        def run(self, transport: str) -> None:
            received.append(transport)

    def create_server(settings: Settings) -> Server:
        received.append((settings.kb, settings.cache))
        return Server()

    monkeypatch.setattr("clara.service.mcp.create_server", create_server)
    result = run.invoke(app, ["mcp", "--kb", "mine", "--no-cache"])
    assert result.exit_code == 0, result.stderr
    assert received == [(("mine",), False), "stdio"]
    assert not result.stdout, "standard output belongs to the protocol"


def test_without_its_package_the_way_to_install_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = run.invoke(app, ["mcp"])
    assert result.exit_code == 2
    assert "pip install 'clara-agent[mcp]'" in result.stderr
