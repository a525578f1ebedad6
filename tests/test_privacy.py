from __future__ import annotations

import os

import pytest

from clara.privacy import child_environment, silence_telemetry


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests change in the environment is put back."""
    for name in (*child_environment(), "LANGSMITH_ENDPOINT", "LANGSMITH_RUNS_ENDPOINTS", "LANGCHAIN_ENDPOINT"):
        monkeypatch.setenv(name, "before")


def test_a_hostile_environment_is_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("ANONYMIZED_TELEMETRY", "True")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "https://collector.example")
    silence_telemetry()
    assert os.environ["LANGSMITH_TRACING"] == "false"
    assert os.environ["ANONYMIZED_TELEMETRY"] == "False"
    assert "LANGSMITH_ENDPOINT" not in os.environ
    assert "LANGSMITH_RUNS_ENDPOINTS" not in os.environ


def test_silencing_twice_changes_nothing() -> None:
    silence_telemetry()
    once = dict(os.environ)
    silence_telemetry()
    assert dict(os.environ) == once


def test_child_processes_get_the_same_switches_in_a_copy() -> None:
    environment = child_environment()
    assert environment["VLLM_NO_USAGE_STATS"] == "1"
    assert environment["DO_NOT_TRACK"] == "1"
    environment.clear()
    assert child_environment()
