"""The root command: lazy, quick, and one sentence for an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara import api, assembly
from clara.cli.app import COMMANDS, app
from clara.errors import BackboneUnreachable

HEAVY = ("chromadb", "langgraph", "torch", "sentence_transformers", "httpx", "numpy")
run = CliRunner()


def clara(*args: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CLARA_HOME": str(home), **more}
    return subprocess.run(
        [sys.executable, "-m", "clara", *args], capture_output=True, text=True, env=environ, input="", check=False
    )


def test_help_names_all_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, atexit; from clara.__main__ import main; "
        f"atexit.register(lambda: print('HEAVY', [n for n in {HEAVY!r} if n in sys.modules])); "
        "sys.argv = ['clara', '--help']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "HEAVY []" in done.stdout
    assert all(name in done.stdout for name in COMMANDS)


def test_version() -> None:
    result = run.invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("clara ")


@pytest.mark.parametrize(
    "args", [["nope"], ["ask", "--bogus"], ["kb", "search", "x", "-k", "0"], ["kb", "build", "--kb", "b"]]
)
def test_wrong_usage_exits_2(args: list[str]) -> None:
    result = run.invoke(app, args)
    assert result.exit_code == 2
    assert not result.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["ask", ""], "the question is empty"),
        (["ask", "-"], "the question is empty"),
        (["ask", "What is glaucoma?", "-l", "klingon"], "unknown language 'klingon'"),
        (["ask", "What is glaucoma?", "--strategy", "best"], "unknown strategy"),
        (["ask", "What is glaucoma?", "--without", "answr"], "did you mean answer?"),
        (["ask", "What?", "--option", "Cornea"], "write it as A=TEXT"),
        (["ask", "What?", "--option", "A=x", "--option", "a=y"], "option A is given twice"),
        (["ask", "What?", "--backbone", "server"], "must start with http"),
        (["kb", "search", " "], "the query is empty"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(args: list[str], words: str) -> None:
    result = run.invoke(app, args)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert not result.stdout


@pytest.mark.parametrize(
    ("args", "command"),
    [
        (["ask", "What is glaucoma?", "--kb", "clinic"], "clara kb add --kb clinic PATH"),
        (["kb", "search", "glaucoma", "--kb", "clinic"], "clara kb add --kb clinic PATH"),
        (["kb", "stats"], "clara kb build"),
    ],
)
def test_no_knowledge_base_says_how_to_build_it(args: list[str], command: str) -> None:
    result = run.invoke(app, [*args, "--json"])
    assert result.exit_code == 1
    assert f"run: {command}" in result.stderr
    assert not result.stdout


def test_the_knowledge_base_that_ships_builds_itself_at_first_use_and_says_so_once(tmp_path: Path) -> None:
    first, second = (clara("ask", "What is glaucoma?", "--json", home=tmp_path) for _ in range(2))
    assert first.returncode == second.returncode == 0, first.stderr
    assert json.loads(first.stdout)["citations"]
    assert first.stderr.count("first use: building the knowledge base 'ophthalmology'") == 1
    assert not second.stderr


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run.invoke(app, ["kb", "build"], env={"CLARA_HOME": str(tmp_path / "file")})
    assert result.exit_code == 1
    assert "cannot write the data folder" in result.stderr


def test_an_unreachable_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_settings: object) -> None:
        raise BackboneUnreachable("no server answers at http://127.0.0.1:9/v1")

    monkeypatch.setattr(assembly, "build_backbone", refuse)
    result = run.invoke(app, ["ask", "What is glaucoma?", "--backbone", "http://127.0.0.1:9/v1"])
    assert result.exit_code == 1
    assert result.stderr == "error: no server answers at http://127.0.0.1:9/v1\n"
    result = run.invoke(app, ["doctor", "--backbone", "http://u:secret@127.0.0.1:9/v1", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["backbones"][0]["reachable"] is False
    assert "secret" not in result.stdout


def test_debug_shows_the_traceback_before_the_sentence() -> None:
    result = run.invoke(app, ["ask", "", "--debug"])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith("error: ")


def test_control_c_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "make_question", interrupted)
    assert run.invoke(app, ["ask", "What?"]).exit_code == 130


def test_the_module_runs_and_its_errors_go_to_standard_error(tmp_path: Path) -> None:
    done = clara("ask", "--json", home=tmp_path)
    assert done.returncode == 2
    assert not done.stdout
    assert done.stderr == "error: the question is empty: give the text to answer\n"


def test_a_reader_that_goes_away_is_no_error(built_home: Path) -> None:
    command = f"{sys.executable} -m clara kb search glaucoma -k 100 | true"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "CLARA_HOME": str(built_home)},
        check=False,
    )
    assert not done.stderr
