"""A forked process that inherits a Clara object starts over and ends by itself, whatever its parent was doing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.fake_model import FakeModel, serving

PREAMBLE = """
import multiprocessing, os, sys, threading, time
from clara import Clara, Settings
from clara.errors import UsageError
from clara.testing import FixedRetriever

def ended(child):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "hangs"

clara = Clara(Settings(strategy="rag"))
clara.ask("What is a cataract?")
"""
ENDS_WITHOUT_ASKING = """
child = os.fork()
if child == 0:
    sys.exit(5)
print(ended(child))
"""
ASKS_AND_ENDS = """
child = os.fork()
if child == 0:
    sys.exit(5 if clara.ask("What is the lens?").answer else 6)
print(ended(child))
"""
ENDS_AT_THE_LAST_LINE = """
child = os.fork()
if child == 0:
    clara.ask("What is the lens?")
    clara.close()
    os.environ["DONE"] = "1"
if not os.environ.get("DONE"):
    print(ended(child) or 5)
"""
FORKED_TWICE = """
child = os.fork()
if child == 0:
    clara.ask("What is the lens?")
    grandchild = os.fork()
    if grandchild == 0:
        sys.exit(5 if clara.ask("What is the iris?").answer else 6)
    sys.exit(ended(grandchild))
print(ended(child))
"""
PARENT_AT_WORK = """
threads = [threading.Thread(target=clara.ask, args=("What is glaucoma?",)) for _ in range(3)]
for thread in threads:
    thread.start()
child = os.fork()
if child == 0:
    sys.exit(5 if clara.ask("What is the lens?").answer else 6)
for thread in threads:
    thread.join()
print(ended(child))
"""
STREAM_OF_THE_PARENT = """
events = clara.stream("What is glaucoma?")
next(events)
child = os.fork()
if child == 0:
    try:
        next(events)
    except UsageError:
        sys.exit(5 if clara.ask("What is the lens?").answer else 6)
    sys.exit(7)
list(events)
print(ended(child))
"""
LEAVES_THE_STREAM = """
events = clara.stream("What is glaucoma?")
next(events)
child = os.fork()
if child == 0:
    sys.exit(5)
list(events)
print(ended(child))
"""
MULTIPROCESSING = """
def work(texts):
    for text in texts:
        assert clara.ask(text).answer
    sys.exit(5)

process = multiprocessing.get_context("fork").Process(target=work, args=(["What is the lens?", "What is the iris?"],))
process.start()
process.join(60)
print(process.exitcode if process.exitcode is not None else "hangs")
process.kill()
"""
POOL = """
def work(text):
    return clara.ask(text).answer

with multiprocessing.get_context("fork").Pool(2) as pool:
    answers = pool.map(work, ["What is the lens?", "What is the iris?", "What is glaucoma?"])
    pool.close()
    pool.join()
print(5 if all(answers) else 6)
"""
SCRIPTS = {
    "ends without asking": ENDS_WITHOUT_ASKING,
    "asks and ends": ASKS_AND_ENDS,
    "closes and ends at the last line": ENDS_AT_THE_LAST_LINE,
    "forks again": FORKED_TWICE,
    "forked while threads ask": PARENT_AT_WORK,
    "holds a stream of its parent": STREAM_OF_THE_PARENT,
    "leaves a stream of its parent": LEAVES_THE_STREAM,
    "multiprocessing": MULTIPROCESSING,
    "pool": POOL,
}


def outcome(script: str, home: Path, **more: str) -> tuple[str, str]:
    """What a script printed, and what it and its children wrote to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + script],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env=os.environ | {"CLARA_HOME": str(home)} | more,
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_forked_process_asks_afresh_and_ends(built_home: Path, script: str) -> None:
    assert outcome(script, built_home) == ("5", "")


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with serving() as server:
        yield server


@pytest.mark.parametrize("script", [ASKS_AND_ENDS, MULTIPROCESSING], ids=["sys.exit", "multiprocessing"])
def test_connections_to_a_model_server_are_not_shared(built_home: Path, model: FakeModel, script: str) -> None:
    settings = {"CLARA_BACKBONE": model.url, "CLARA_CACHE": "false"}
    printed, complaints = outcome(script, built_home, **settings)
    assert printed == "5"
    assert "Traceback" not in complaints
    questions = {question for _task, question in model.asked}
    assert {"What is a cataract?", "What is the lens?"} <= questions
