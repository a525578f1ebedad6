"""The chat in a real terminal against a model server that streams, breaks off and sends control sequences."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clara.knowledge.corpus.documents import Document
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.index.store import KnowledgeBase
from tests.terminal.conftest import Start
from tests.terminal.driver import Terminal
from tests.terminal.fake_model import EVIL, WORDS, FakeModel

pytestmark = pytest.mark.terminal

IMPATIENT = {"CLARA_RETRIES": "0", "CLARA_OUTAGE": "0", "CLARA_TIMEOUT": "20"}
RAG = ("--strategy", "rag")
FAST_ANSWER = "The stroma is the thickest layer. [1]"


def saved(terminal: Terminal, folder: Path) -> list[dict[str, str]]:
    """The turns as ``/save`` writes them."""
    path = folder / f"saved-{time.monotonic_ns()}.json"
    terminal.say(f"/save {path}")
    turns: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["turns"]
    return turns


def test_ctrl_c_stops_the_answer_and_the_request_and_keeps_the_chat(
    start: Start, fake_model: FakeModel, tmp_path: Path
) -> None:
    terminal = start("chat", "--backbone", fake_model.url, *RAG)
    terminal.prompted()
    terminal.say("Which layer of the cornea is thickest?")
    terminal.wait(FAST_ANSWER)
    broken = len(fake_model.broken)
    terminal.send("Tell me a slow thing about the cornea please\r")
    terminal.wait("word12")
    terminal.wait("Ctrl-C stops")
    terminal.send("\x03")
    terminal.wait("Stopped. Ask another question, or /retry.")
    terminal.prompted()
    assert "word12" not in terminal.text()
    end = time.monotonic() + 10
    while len(fake_model.broken) == broken and time.monotonic() < end:
        terminal.pump(0.05)
    assert len(fake_model.broken) == broken + 1
    assert [turn["asked"] for turn in saved(terminal, tmp_path)] == ["Which layer of the cornea is thickest?"]
    terminal.say("Which layer of the cornea is thickest after all?")
    terminal.wait(FAST_ANSWER, count=2)
    assert len(saved(terminal, tmp_path)) == 2
    assert terminal.leave() == 0
    assert terminal.steering() == []


def test_a_resize_in_the_middle_of_an_answer_leaves_the_answer_whole(start: Start, fake_model: FakeModel) -> None:
    terminal = start("chat", "--backbone", fake_model.url, *RAG)
    terminal.prompted()
    terminal.send("Tell me a slow thing about the cornea please\r")
    terminal.wait("word10")
    terminal.resize(40, 140)
    terminal.wait("word30")
    terminal.resize(20, 60)
    terminal.wait("/source 1 shows", seconds=60)
    terminal.prompted()
    after = terminal.text()[terminal.text().rindex("word1 ") :]
    assert " ".join(after.split()).startswith(f"{WORDS} [1]")
    assert all(len(line) <= 60 for line in after.split("\n"))
    assert terminal.leave() == 0


def test_a_server_that_dies_in_the_middle_of_an_answer_is_told_and_retried(start: Start, fake_model: FakeModel) -> None:
    terminal = start("chat", "--backbone", fake_model.url, *RAG, environ=IMPATIENT)
    terminal.prompted()
    terminal.say("Which layer of the cornea is thickest?")
    terminal.wait(FAST_ANSWER)
    terminal.say("Will the cornea server die here now?")
    terminal.wait("The model server cannot be used. Your conversation is kept; /retry asks again.")
    assert "Traceback" not in terminal.text()
    terminal.say("/history")
    terminal.wait("1. Which layer of the cornea is thickest?")
    asked = len(fake_model.asked)
    terminal.say("/retry")
    assert any("die here" in said for _, said in fake_model.asked[asked:])
    terminal.say("Which layer of the cornea is thickest after all?")
    terminal.wait(FAST_ANSWER, count=2)
    assert terminal.leave() == 0


def test_no_control_sequence_of_a_model_a_server_a_passage_or_a_name_reaches_the_terminal(
    start: Start, fake_model: FakeModel, home: Path, embedder: StaticEmbedder
) -> None:
    base = KnowledgeBase(home / "kb" / "evil", embedder, create=True)
    base.add([Document("evil", f"Zorblax {EVIL}", f"Zorblax is {EVIL} a thing of the cornea.", source=f"s {EVIL}")])
    base.postings()
    base.close()
    terminal = start("chat", "--backbone", fake_model.url, "--kb", "evil", *RAG, environ=IMPATIENT)
    terminal.prompted()
    terminal.say("What evil does the cornea Zorblax know?")
    terminal.wait("link red back gone end")
    terminal.say("/source 1")
    terminal.wait("a thing of the cornea")
    terminal.say("/sources")
    terminal.say("/kb zorblax")
    terminal.say("/trace")
    terminal.say("Why does the cornea server refuse this Zorblax?")
    terminal.wait("The model server cannot be used.")
    terminal.paste(f"/save /nowhere/{EVIL}.md")
    terminal.send("\r")
    terminal.prompted()
    terminal.paste(f"What does {EVIL} mean for the cornea?")
    terminal.send("\r")
    terminal.prompted()
    terminal.say("/history")
    assert terminal.leave() == 0
    assert terminal.steering() == []
    assert b"\x1b]" not in terminal.raw
    assert b"\x1b[2J" not in terminal.raw
    listed = start("chat", "--list", "--search", "zorblax")
    listed.wait("What evil does the cornea")
    listed.pump(1)
    assert listed.steering() == []


def test_pasted_lines_are_one_question_and_strange_scripts_pass(start: Start, fake_model: FakeModel, tmp_path: Path) -> None:
    terminal = start("chat", "--backbone", fake_model.url, "--language", "en", *RAG)
    terminal.prompted()
    pasted = "\n".join(f"line {number} of a note about the cornea" for number in range(1, 201))
    terminal.paste(pasted)
    terminal.pump(0.5)
    terminal.send("\r")
    terminal.wait(FAST_ANSWER)
    terminal.prompted()
    strange = "ما هي القرنية؟ a\u200bb x\u202ey क्षि e\u0301 👁\ufe0f של"
    terminal.paste(strange)
    terminal.send("\r")
    terminal.wait(FAST_ANSWER, count=2)
    terminal.prompted()
    first, second = saved(terminal, tmp_path)
    assert first["asked"] == pasted
    assert second["asked"] == "ما هي القرنية؟ ab xy क्षि e\u0301 👁\ufe0f של"
    assert terminal.leave() == 0
    assert terminal.steering() == []


def test_several_lines_history_search_and_completion(
    start: Start, fake_model: FakeModel, home: Path, tmp_path: Path
) -> None:
    terminal = start("chat", "--backbone", fake_model.url, *RAG)
    terminal.prompted()
    terminal.send("Which layer of the cornea\x1b\ris thickest?\r")
    terminal.wait(FAST_ANSWER)
    terminal.prompted()
    terminal.send("\x12thick\r")  # Ctrl-R finds it, Enter takes it
    terminal.pump(0.3)
    terminal.send("\r")
    terminal.wait(FAST_ANSWER, count=2)
    terminal.prompted()
    asked = [turn["asked"] for turn in saved(terminal, tmp_path)]
    assert asked == ["Which layer of the cornea\nis thickest?"] * 2
    for keys in ("/strat", "\t", " dir", "\t", "\r"):  # the menu comes a moment after the typing
        terminal.send(keys)
        terminal.pump(0.4)
    terminal.wait("Questions are now answered with the strategy direct.")
    terminal.prompted()
    assert terminal.leave() == 0
    history = home / "chat_history"
    assert "is thickest?" in history.read_text(encoding="utf-8")
    assert history.stat().st_mode & 0o777 == 0o600


def test_a_kill_in_the_middle_of_an_answer_loses_no_earlier_turn(start: Start, fake_model: FakeModel, home: Path) -> None:
    terminal = start("chat", "--backbone", fake_model.url, *RAG)
    terminal.prompted()
    terminal.say("Which layer of the cornea is thickest?")
    terminal.wait(FAST_ANSWER)
    terminal.send("Tell me a slow thing about the cornea please\r")
    terminal.wait("word10")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home / "conversations").iterdir()}
    assert "conversations.sqlite" in modes
    assert set(modes.values()) == {0o600}
    os.kill(terminal.child.pid, signal.SIGKILL)
    listed = run(home, "chat", "--list", "--json")
    (found,) = json.loads(listed.stdout)["conversations"]
    assert (found["title"], found["turns"]) == ("Which layer of the cornea is thickest?", 1)
    again = start("chat", "--backbone", fake_model.url, "--resume", found["id"], *RAG)
    again.prompted()
    again.say("/history")
    again.wait("1. Which layer of the cornea is thickest?")
    assert again.leave() == 0
    assert run(home, "chat", "--delete", found["id"]).returncode == 0
    assert json.loads(run(home, "chat", "--list", "--json").stdout)["conversations"] == []
    assert all(b"thickest" not in path.read_bytes() for path in (home / "conversations").iterdir())


def test_a_private_chat_leaves_nothing_and_no_color_is_heeded(start: Start, fake_model: FakeModel, home: Path) -> None:
    before = {path.name for path in home.iterdir()}
    terminal = start("chat", "--private", "--backbone", fake_model.url, *RAG, environ={"NO_COLOR": "1"})
    terminal.prompted()
    terminal.say("Which layer of the cornea is thickest?")
    terminal.wait(FAST_ANSWER)
    assert terminal.leave() == 0
    assert {path.name for path in home.iterdir()} <= before | {"cache"}
    colours = [
        code
        for code in terminal.raw.split(b"\x1b[")[1:]
        if b"m" in code[:12] and code.split(b"m")[0].startswith((b"3", b"4", b"9"))
    ]
    assert colours == []


def test_piped_questions_are_answered_without_any_escape(home: Path) -> None:
    piped = run(home, "chat", "--private", text="What is keratoconus?\n/kb cornea\nWhich is a lens?\na) Cataract\nb) Iris\n")
    assert piped.returncode == 0, piped.stderr
    assert "\x1b" not in piped.stdout
    assert piped.stdout.count("› ") == 3
    assert "[1] " in piped.stdout


def run(home: Path, *args: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """``clara`` without a terminal."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CLARA_")}
    env |= {"CLARA_HOME": str(home), "LC_ALL": "en_US.UTF-8"}
    command = [sys.executable, "-m", "clara", *args]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=env, timeout=60, check=False)
