"""``clara init``: it writes the settings once, keeps what it did not ask about, and never a secret."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.cli.init import offer_setup, toml
from clara.cli.local_servers import LocalServer
from clara.config import load_settings
from clara.errors import SettingsError
from tests.terminal.fake_model import serving

run = CliRunner()


@pytest.fixture
def path(isolated: Path) -> Path:
    return isolated / "config.toml"


def test_flags_alone_write_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_API_KEY", "top-secret")
    args = ["init", "--yes", "--no-test", "--backbone", "http://127.0.0.1:8000/v1", "--model", "m", "--language", "hindi"]
    result = run.invoke(app, args)
    assert result.exit_code == 0, result.output
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert values == {
        "profile": "remote",
        "backbone": ["http://127.0.0.1:8000/v1"],
        "model": "m",
        "interface_language": "hi",
    }
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_settings().model == "m"
    assert "top-secret" not in path.read_text(encoding="utf-8")


def test_it_never_asks_twice_unless_forced(path: Path) -> None:
    assert run.invoke(app, ["init", "--yes", "--no-test"]).exit_code == 0
    before = path.read_text(encoding="utf-8")
    again = run.invoke(app, ["init"])
    assert again.exit_code == 0
    assert "is set up" in again.output
    assert path.read_text(encoding="utf-8") == before


def test_force_keeps_what_it_does_not_ask_about(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(
        'profile = "remote"\nbackbone = ["http://a/v1"]\nrounds = 2\nkind_weights = { drug = 0.5 }\n', encoding="utf-8"
    )
    assert run.invoke(app, ["init", "--yes", "--no-test", "--force", "--profile", "embedded"]).exit_code == 0
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert values == {"profile": "embedded", "rounds": 2, "kind_weights": {"drug": 0.5}}


def test_the_questions_have_defaults_and_ask_again_after_nonsense(path: Path) -> None:
    result = run.invoke(app, ["init", "--no-test"], input="no\nmagic\nremote\n\n\nfr\n")
    assert result.exit_code == 0, result.output
    assert "Choose one of: embedded, vllm, remote" in result.output
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert values["backbone"] == ["http://127.0.0.1:8000/v1"]
    assert values["interface_language"] == "fr"


def test_answers_that_do_not_fit_are_refused_and_nothing_is_written(path: Path) -> None:
    result = run.invoke(app, ["init", "--yes", "--no-test", "--backbone", "nonsense"])
    assert result.exit_code == 2
    assert "is no address" in result.output
    assert not path.exists()


def test_a_first_question_that_nobody_answers_says_why(built_home: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    (path.parent / "kb").symlink_to(built_home / "kb")
    result = run.invoke(app, ["init", "--yes", "--backbone", "http://127.0.0.1:9/v1"], env={"CLARA_RETRIES": "0"})
    assert result.exit_code == 0
    assert "It does not work yet" in result.output


def test_the_setup_ends_with_a_real_question_and_its_answer(built_home: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    (path.parent / "kb").symlink_to(built_home / "kb")
    result = run.invoke(app, ["init", "--yes"])
    assert result.exit_code == 0, result.output
    assert "First question: How is a corneal abrasion treated?" in result.output
    assert "search only, no language model" in result.output
    assert "[1] Corneal abrasion" in result.output
    assert "It works" in result.output


def _servers(monkeypatch: pytest.MonkeyPatch, *servers: LocalServer) -> None:
    async def find() -> list[LocalServer]:
        return list(servers)

    monkeypatch.setattr("clara.cli.init.find_servers", find)


OLLAMA = LocalServer("Ollama", "http://127.0.0.1:11434/v1", ("qwen3:8b", "gemma3:4b"))
LLAMA = LocalServer("llama.cpp", "http://127.0.0.1:8080/v1", ("model.gguf",))


@pytest.mark.parametrize(
    ("typed", "backbone", "model"),
    [
        ("\n\n\n\n", OLLAMA.url, "qwen3:8b"),
        ("\ny\ngemma3:4b\n\n", OLLAMA.url, "gemma3:4b"),
        ("\ny\nnonsense\nGEMMA3:4b\n\n", OLLAMA.url, "gemma3:4b"),
        ("\nn\n\n\n", LLAMA.url, None),
        ("\nn\nn\nembedded\n\n", None, None),
    ],
)
def test_a_server_of_this_machine_is_offered_with_its_models(
    typed: str, backbone: str | None, model: str | None, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _servers(monkeypatch, OLLAMA, LLAMA)
    result = run.invoke(app, ["init", "--no-test"], input=typed)
    assert result.exit_code == 0, result.output
    assert "Ollama at http://127.0.0.1:11434/v1: qwen3:8b, gemma3:4b" in result.output
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert values.get("backbone") == ([backbone] if backbone else None)
    assert values.get("model") == model


@pytest.mark.parametrize("args", [["--yes"], ["--profile", "embedded"], ["--backbone", OLLAMA.url]])
def test_nothing_is_looked_for_without_consent(args: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("it looked")

    monkeypatch.setattr("clara.cli.init.find_servers", refuse)
    assert run.invoke(app, ["init", "--no-test", *args], input="\n\n\n").exit_code == 0


def test_where_no_server_answers_it_says_so_and_asks_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _servers(monkeypatch)
    result = run.invoke(app, ["init", "--no-test"], input="\n\n\n")
    assert "No model server answers on this machine." in result.output
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {"profile": "embedded"}


def test_after_the_setup_a_flag_still_reaches_its_server(built_home: Path, path: Path) -> None:
    path.parent.mkdir(parents=True)
    (path.parent / "kb").symlink_to(built_home / "kb")
    assert run.invoke(app, ["init", "--yes", "--no-test"]).exit_code == 0
    with serving() as server:
        for where in (["--backbone", server.url], []):
            calls = len(server.asked)
            environ = {} if where else {"CLARA_BACKBONE": server.url}
            result = run.invoke(app, ["ask", "What is uveitis?", "--strategy", "direct", "--no-cache", *where], env=environ)
            assert result.exit_code == 0, result.output
            assert f"fake-model at {server.url} answers" in result.output
            assert len(server.asked) > calls


def test_the_chat_offers_the_setup_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, **_more: object) -> str:
        asked.append(text)
        return ""

    monkeypatch.setattr("typer.prompt", prompt)
    settings = load_settings()
    assert offer_setup(settings) == (settings, "")
    assert offer_setup(settings) == (settings, "")
    assert len(asked) == 1


def test_a_question_typed_into_the_offer_is_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_args, **_more: "What is the uvea? ")
    settings = load_settings()
    assert offer_setup(settings) == (settings, "What is the uvea?")


@pytest.mark.parametrize("value", ['a "b" \\ \n é', True, 3, 0.5, ["x", "y"], {"a-b": 1.0}])
def test_values_read_back_as_they_were(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


def test_a_file_with_a_secret_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text('api_key = "x"\n', encoding="utf-8")
    result = run.invoke(app, ["init", "--yes", "--force", "--no-test"])
    assert result.exit_code == SettingsError.exit_code
    assert "CLARA_API_KEY" in result.output
