"""``clara chat`` without a terminal: pipes, lists, exports, wrong usage; and what it must not import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app

run = CliRunner()


@pytest.fixture
def home(built_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own that shares the built knowledge base."""
    home = tmp_path / "chat-home"
    home.mkdir()
    (home / "kb").symlink_to(built_home / "kb")
    monkeypatch.setenv("CLARA_HOME", str(home))
    return home


def test_the_prompt_waits_for_nothing_heavy() -> None:
    code = (
        "import sys, clara.cli.chat.entry, clara.cli.chat.loop, clara.cli.chat.input_line, clara.cli.chat.handlers;"
        "print([name for name in ('langgraph', 'langchain_core', 'chromadb', 'numpy', 'httpx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_conversation_over_a_pipe_is_kept_listed_searched_exported_and_deleted(home: Path, tmp_path: Path) -> None:
    piped = run.invoke(app, ["chat"], input="What is keratoconus?\nHow is it treated?\n/strategy rag\n")
    assert piped.exit_code == 0, piped.output
    assert "› How is it treated?\nUnderstood as: How is it treated? (keratoconus)" in piped.stdout
    assert "Questions are now answered with the strategy rag." in piped.stdout
    assert "\x1b" not in piped.stdout
    listed = json.loads(run.invoke(app, ["chat", "--list", "--json"]).stdout)
    (entry,) = listed["conversations"]
    assert (entry["title"], entry["turns"]) == ("What is keratoconus?", 2)
    assert entry["id"] in run.invoke(app, ["chat", "--list", "--search", "KERATOCONUS"]).stdout
    assert "No conversations." in run.invoke(app, ["chat", "--list", "--search", "zebra"]).stdout
    path = tmp_path / "talk.md"
    assert run.invoke(app, ["chat", "--resume", entry["id"][:4], "--export", str(path)]).exit_code == 0
    assert path.read_text(encoding="utf-8").count("## ") == 2 + path.read_text(encoding="utf-8").count("### ")
    assert run.invoke(app, ["chat", "--delete", entry["id"]]).exit_code == 0
    assert json.loads(run.invoke(app, ["chat", "--list", "--json"]).stdout) == {"conversations": []}
    assert {item.name for item in home.iterdir()} >= {"kb", "conversations"}


@pytest.mark.usefixtures("home")
def test_an_error_is_reported_the_chat_goes_on_and_the_exit_code_says_so() -> None:
    result = run.invoke(app, ["chat", "--private"], input="/source 9\n/nonsense\nWhat is keratoconus?\n/quit\nnever asked\n")
    assert result.exit_code == 2
    assert "Nothing has been answered yet." in result.stdout
    assert "There is no command /nonsense" in result.stdout
    assert "[1] Keratoconus" in result.stdout
    assert "never asked" not in result.stdout


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["~nosuchuser/x.md", "a\0b.md"])
def test_a_name_that_no_file_can_have_is_reported_and_the_chat_goes_on(name: str) -> None:
    result = run.invoke(app, ["chat", "--private"], input=f"What is keratoconus?\n/save {name}\n/history\n")
    assert result.exit_code == 1, result.output
    assert "Cannot write" in result.stdout
    assert result.stdout.count("What is keratoconus?") == 2


@pytest.mark.usefixtures("home")
def test_a_conversation_to_resume_that_is_not_there_ends_the_chat_at_once() -> None:
    result = run.invoke(app, ["chat", "--resume", "zzz"], input="What is keratoconus?\n")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no conversation 'zzz'; clara chat --list shows them\n"
    assert "keratoconus" not in result.stdout


@pytest.mark.usefixtures("home")
def test_the_interface_speaks_the_language_of_the_locale_or_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "Rien n'a encore été demandé." in run.invoke(app, ["chat", "--private"], input="/undo\n").stdout
    monkeypatch.setenv("CLARA_INTERFACE_LANGUAGE", "zh")
    assert "还没有提出问题。" in run.invoke(app, ["chat", "--private"], input="/undo\n").stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--search", "x"], "--list"),
        (["--json"], "--list"),
        (["--export", "x.md"], "--resume ID"),
        (["--resume", "zzz", "--export", "x.md"], "no conversation 'zzz'"),
        (["--delete", "zzz"], "no conversation 'zzz'"),
        (["--strategy", "magic"], "unknown strategy"),
        (["--language", "klingon"], "unknown language"),
    ],
)
def test_wrong_usage_is_one_sentence(args: list[str], words: str) -> None:
    result = run.invoke(app, ["chat", *args])
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith("error: ")


def test_input_that_is_no_text_is_refused() -> None:
    result = run.invoke(app, ["chat"], input=b"\xff\xfe\xff")
    assert result.exit_code == 1
    assert "not UTF-8" in result.stderr
