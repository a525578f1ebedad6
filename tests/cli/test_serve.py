"""``clara serve`` from its flags to the service's options; the service itself is started elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.config import Settings
from clara.service.options import ServiceOptions

run = CliRunner()
Started = list[tuple[Settings, ServiceOptions]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What would have been served."""
    calls: Started = []

    def serve(settings: Settings, options: ServiceOptions, *, started: Callable[[str], None]) -> None:
        calls.append((settings, options))
        started("http://127.0.0.1:8010")

    monkeypatch.setattr("clara.service.run.serve", serve)
    return calls


def test_without_flags_the_defaults_hold_and_the_address_is_named(started: Started) -> None:
    result = run.invoke(app, ["serve"])
    assert result.exit_code == 0, result.stderr
    assert started[0][1] == ServiceOptions()
    assert "listening on http://127.0.0.1:8010" in result.stderr
    assert not result.stdout


def test_each_flag_becomes_its_option(started: Started, tmp_path: Path) -> None:
    flags = {
        "--host": "::1",
        "--port": "0",
        "--workers": "2",
        "--max-body": "100",
        "--max-question": "200",
        "--max-batch": "3",
        "--max-at-once": "4",
        "--rate": "0",
        "--max-seconds": "1.5",
        "--grace": "0",
        "--audit": str(tmp_path / "audit.jsonl"),
        "--log-level": "warning",
        "--log-format": "json",
    }
    words = [word for flag in flags.items() for word in flag]
    result = run.invoke(app, ["serve", *words, "--cors", "https://a.example", "--cors", "https://b.example", "--log-text"])
    assert result.exit_code == 0, result.stderr
    assert started[0][1] == ServiceOptions(
        host="::1",
        port=0,
        workers=2,
        origins=("https://a.example", "https://b.example"),
        max_body=100,
        max_question=200,
        max_batch=3,
        max_concurrent=4,
        rate=0,
        question_timeout=1.5,
        grace=0,
        audit=tmp_path / "audit.jsonl",
        log_level="warning",
        log_format="json",
        log_text=True,
    )


def test_the_level_and_the_format_are_plain_words_for_the_log(started: Started) -> None:
    run.invoke(app, ["serve", "--log-level", "debug", "--log-format", "text"])
    options = started[0][1]
    assert json.loads(options.model_dump_json())["log_level"] == "debug"
    assert (type(options.log_level), type(options.log_format)) == (str, str)


def test_a_variable_stands_for_a_flag_and_the_flag_wins(started: Started) -> None:
    variables = {"CLARA_SERVE_PORT": "9000", "CLARA_SERVE_RATE": "5"}
    assert run.invoke(app, ["serve", "--rate", "7"], env=variables).exit_code == 0
    assert (started[0][1].port, started[0][1].rate) == (9000, 7)


def test_the_settings_of_the_answers_come_from_the_shared_options(started: Started) -> None:
    args = ["serve", "--backbone", "http://a.example/v1", "--model", "m", "--kb", "mine", "--no-cache", "--quiet"]
    result = run.invoke(app, args)
    assert result.exit_code == 0, result.stderr
    settings = started[0][0]
    assert (settings.backbone, settings.model, settings.kb) == (("http://a.example/v1",), "m", ("mine",))
    assert settings.cache is False
    assert not result.stderr


def test_an_address_that_others_reach_needs_keys(started: Started, tmp_path: Path) -> None:
    refused = run.invoke(app, ["serve", "--host", "0.0.0.0"])
    assert refused.exit_code == 2
    assert "--new-key NAME" in refused.stderr
    assert not started
    assert run.invoke(app, ["serve", "--host", "0.0.0.0", "--keys", str(tmp_path / "keys")]).exit_code == 0


@pytest.mark.parametrize(
    "args", [["--port", "65536"], ["--workers", "0"], ["--rate", "-1"], ["--log-level", "loud"], ["--max-body", "0"]]
)
def test_a_number_or_word_out_of_range_is_wrong_usage(started: Started, args: list[str]) -> None:
    result = run.invoke(app, ["serve", *args])
    assert result.exit_code == 2
    assert args[0] in result.stderr
    assert not started


def test_a_key_is_printed_once_and_only_its_hash_is_kept(started: Started, isolated: Path) -> None:
    made = run.invoke(app, ["serve", "--new-key", "ward-3"])
    assert made.exit_code == 0, made.stderr
    key, file = made.stdout.strip(), isolated / "service_keys"
    assert len(key) > 20
    assert "ward-3 is shown once" in made.stderr
    assert "ward-3" in file.read_text(encoding="utf-8")
    assert key not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    assert not started


def test_keys_can_be_kept_in_a_file_of_ones_own(tmp_path: Path, isolated: Path) -> None:
    file = tmp_path / "own-keys"
    keys = [run.invoke(app, ["serve", "--keys", str(file), "--new-key", name]).stdout.strip() for name in ("a", "b")]
    assert keys[0] != keys[1]
    assert len(file.read_text(encoding="utf-8").splitlines()) >= 2
    assert not (isolated / "service_keys").exists()


def test_a_preset_belongs_to_the_other_command(started: Started) -> None:
    result = run.invoke(app, ["serve", "--preset", "qwen3-8b"])
    assert result.exit_code == 2
    assert "clara vllm" in result.stderr
    assert not started
