"""What ``clara ask`` takes in and what it refuses: text, files, options; pipes that close; servers that are away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.cli.ask import parse_options, read_text
from clara.errors import DataError, EmptyQuestion, UsageError
from tests.backbone.fake_server import DEAD

run = CliRunner()


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (["A=Lens"], {"A": "Lens"}),
        ([" b = Iris "], {"B": " Iris "}),
        (["A=x=y", "B=", "C=https://a.example/?q=1"], {"A": "x=y", "B": "", "C": "https://a.example/?q=1"}),
        ([], {}),
    ],
)
def test_the_first_equals_sign_parts_letter_and_text(given: list[str], options: dict[str, str]) -> None:
    assert parse_options(given) == options


@pytest.mark.parametrize(("given", "words"), [(["Lens"], "A=TEXT"), (["A=Lens", "a=Iris"], "option A is given twice")])
def test_an_option_that_cannot_be_read_is_named(given: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_options(given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["A=Lens"], "at least two options"),
        (["A=Lens", "B= "], "option B is empty"),
        (["1=Lens", "2=Iris"], "from A to Z"),
        (["AB=Lens", "C=Iris"], "from A to Z"),
    ],
)
def test_options_that_make_no_choice_are_wrong_usage(options: list[str], words: str) -> None:
    flags = [word for option in options for word in ("--option", option)]
    result = run.invoke(app, ["ask", "Which part focuses light?", *flags])
    assert result.exit_code == 2
    assert words in result.stderr
    assert not result.stdout


def test_a_file_may_begin_with_a_mark_and_hold_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "question.txt"
    path.write_text("\ufeffWhat is\na cataract?\n", encoding="utf-8")
    assert read_text(None, path) == "What is\na cataract?\n"


def test_a_folder_is_no_question(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_text(None, tmp_path)


def test_text_and_file_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not both"):
        read_text("What?", tmp_path / "question.txt")


def test_a_word_that_is_no_text_points_at_the_terminal() -> None:
    with pytest.raises(UsageError, match="encoding"):
        read_text("What is \udce9?", None)


def test_without_text_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(EmptyQuestion, match="--file"):
        read_text(None, None)


@pytest.mark.parametrize("piped", ["", "\n \t\n", "\ufeff"])
def test_a_pipe_that_holds_nothing_is_an_empty_question(piped: str) -> None:
    result = run.invoke(app, ["ask"], input=piped)
    assert result.exit_code == 2
    assert "the question is empty" in result.stderr


def test_a_pipe_of_bytes_that_are_no_text() -> None:
    result = run.invoke(app, ["ask", "-"], input=b"\xe9\xe8")
    assert result.exit_code == 1
    assert result.stderr == "error: standard input is not UTF-8 text\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--strategy", "magic"], "unknown strategy"),
        (["--without", "nonsense"], "nonsense"),
        (["--language", "klingon"], "unknown language"),
        (["--profile", "remote"], "backbone"),
    ],
)
def test_a_flag_that_names_nothing_is_refused_before_any_work(args: list[str], words: str) -> None:
    result = run.invoke(app, ["ask", "What is glaucoma?", *args])
    assert result.exit_code == 2
    assert words in result.stderr.lower()
    assert result.stderr.startswith("error: ")


def test_a_server_that_is_away_is_one_sentence_and_its_own_exit_code() -> None:
    result = run.invoke(app, ["ask", "What is glaucoma?", "--backbone", DEAD, "--model", "m", "--strategy", "direct"])
    assert result.exit_code not in (0, 2)
    assert "cannot reach the model server" in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout


def test_debug_adds_the_traceback_and_keeps_the_sentence() -> None:
    result = run.invoke(app, ["ask", "What is glaucoma?", "--strategy", "magic", "--debug"])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: unknown strategy")


def test_json_names_who_answered_and_hides_a_password(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARA_HOME", str(built_home))
    value = json.loads(run.invoke(app, ["ask", "What is a cataract?", "--json"]).stdout)
    assert value["answered_by"] == {"model": "none", "addresses": []}


def test_a_reader_that_goes_away_ends_the_command_without_a_complaint(built_home: Path) -> None:
    environ = {**os.environ, "CLARA_HOME": str(built_home)}
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "clara", "ask", "What is a cataract?"],
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
