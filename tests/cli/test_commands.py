"""The commands on the knowledge base that ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app

run = CliRunner()
HINDI = "मोतियाबिंद का मुख्य लक्षण क्या है?"


@pytest.fixture
def home(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLARA_HOME", str(built_home))
    return built_home


@pytest.mark.usefixtures("home")
class TestAsk:
    def test_json_is_one_document_with_the_shape_of_the_contract(self) -> None:
        result = run.invoke(app, ["ask", HINDI, "--json"])
        assert result.exit_code == 0, result.stderr
        value = json.loads(result.stdout)
        assert value["language"] == "hi"
        assert {"question", "label", "answer", "citations", "verdict", "rounds", "usage", "trace"} <= set(value)
        assert value["usage"]["calls"] == 0
        assert not result.stderr

    def test_the_panel_is_in_the_askers_language(self) -> None:
        result = run.invoke(app, ["ask", HINDI, "--trace"])
        assert result.exit_code == 0, result.stderr
        for words in ("प्रश्न · हिन्दी (hi)", "खोज के परिणाम", "[1]", "retrieve"):
            assert words in result.stdout

    def test_text_from_standard_input_and_from_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "question.txt"
        path.write_text("\ufeffWhat is a cataract?", encoding="utf-8")
        for args, piped in (
            (["ask", "-"], "What is a cataract?"),
            (["ask"], "What is a cataract?"),
            (["ask", "--file", str(path)], ""),
        ):
            result = run.invoke(app, [*args, "--json"], input=piped)
            assert result.exit_code == 0, result.stderr
            assert json.loads(result.stdout)["question"] == "What is a cataract?"

    def test_options_from_flags(self) -> None:
        args = [
            "ask",
            "Which part focuses light?",
            "--option",
            "a=Lens",
            "--option",
            "B=Eyelid",
            "--strategy",
            "rag",
            "--json",
        ]
        value = json.loads(run.invoke(app, args).stdout)
        assert value["options"] == {"A": "Lens", "B": "Eyelid"}
        assert value["label"] in ("A", "B")

    def test_a_step_left_out_is_not_in_the_trace(self) -> None:
        value = json.loads(run.invoke(app, ["ask", HINDI, "--without", "grade", "--json"]).stdout)
        assert "grade" not in [step["step"] for step in value["trace"]]

    def test_a_language_that_is_not_covered(self) -> None:
        result = run.invoke(app, ["ask", "Was ist der graue Star und wie wird er behandelt?", "-l", "de"])
        assert result.exit_code == 2
        assert "not German" in result.stderr


@pytest.mark.parametrize(("content", "words"), [(None, "cannot read"), (b"\xff\xfe\xff", "is not UTF-8 text")])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "question.txt"
    if content is not None:
        path.write_bytes(content)
    result = run.invoke(app, ["ask", "--file", str(path)])
    assert result.exit_code == 1
    assert words in result.stderr


def test_text_and_file_together_are_refused(tmp_path: Path) -> None:
    assert run.invoke(app, ["ask", "What?", "--file", str(tmp_path)]).exit_code == 2


@pytest.mark.usefixtures("home")
def test_search_has_the_shape_of_the_contract() -> None:
    result = run.invoke(app, ["kb", "search", "白内障手术", "-k", "3", "--language", "chinese", "--json"])
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert value["query"] == "白内障手术"
    assert len(value["passages"]) == 3
    assert set(value["passages"][0]) == {"id", "title", "source", "kind", "score", "text"}
    assert any("cataract" in passage["title"].lower() for passage in value["passages"])


@pytest.mark.usefixtures("home")
def test_stats() -> None:
    value = json.loads(run.invoke(app, ["kb", "stats", "--json"]).stdout)
    assert value["knowledge_bases"][0]["name"] == "ophthalmology"
    assert value["knowledge_bases"][0]["passages"] > 100
    assert "ophthalmology" in run.invoke(app, ["kb", "stats"]).stdout


def test_build_is_idempotent_and_rebuild_starts_again() -> None:
    first = json.loads(run.invoke(app, ["kb", "build", "--json"]).stdout)
    assert first["added"] == first["stats"]["documents"] > 0
    again = json.loads(run.invoke(app, ["kb", "build", "--json"]).stdout)
    assert (again["added"], again["unchanged"]) == (0, first["added"])
    assert again["stats"] == first["stats"]
    rebuilt = run.invoke(app, ["kb", "build", "--rebuild", "--json"])
    assert rebuilt.exit_code == 0, rebuilt.stderr
    assert json.loads(rebuilt.stdout)["stats"] == first["stats"]
    assert json.loads(run.invoke(app, ["kb", "search", "glaucoma", "--json"]).stdout)["passages"]


def test_doctor_before_anything_is_built() -> None:
    result = run.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert value["network"] == []
    assert value["backbones"] == []
    assert value["telemetry"] == "off"
    assert value["settings"]["home"]["from"] == "CLARA_HOME"
    assert value["knowledge_bases"][0]["built"] is False
    assert value["installed"]["python"]


@pytest.mark.usefixtures("home")
def test_doctor_shows_the_embedder_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_API_KEY", "top-secret")
    result = run.invoke(app, ["doctor"])
    assert result.exit_code == 0, result.stderr
    assert "none: nothing leaves this machine" in result.stdout
    assert "dimensions" in result.stdout
    assert "top-secret" not in result.stdout
