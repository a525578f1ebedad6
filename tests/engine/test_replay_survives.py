"""A replay outlives its server: killed and started again, or killed while another one stands by. The servers are real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clara.bench.replay.journal import JOURNAL, read_run
from clara.resources import PROMPTS
from clara.serving.keeper import descendants
from tests.engine.conftest import READY, free_port, start, stop, wait

pytestmark = [pytest.mark.engine, pytest.mark.slow]

LIMIT = 4
"""Questions, each in all seven languages."""
ITEMS = LIMIT * 7
REPLY = 32
"""Tokens of a reply: random weights seldom end one by themselves."""


class Mortal:
    """A server of this module's own, to be killed."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.launch()

    def launch(self) -> None:
        """Start it, again and again on the same port."""
        self._process = start(self._model, self.port, self.log)
        wait(self._process, f"http://127.0.0.1:{self.port}/health", self.log)

    @property
    def log(self) -> Path:
        return self._model.with_name(f"mortal-{self.port}.log")

    def kill(self) -> None:
        """As a crash does it: server, engine and workers at once, without a word."""
        for pid in (*descendants(self._process.pid), self._process.pid):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        stop(self._process)


@pytest.fixture(scope="module")
def mortal(tiny_model: Path) -> Iterator[Mortal]:
    server = Mortal(tiny_model)
    yield server
    server.end()


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``clara bench run`` into ``tmp_path / "run"``."""
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    for source in PROMPTS.glob("*.md"):
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
        short = [f"max_tokens: {REPLY}\n" if line.startswith("max_tokens:") else line for line in lines]
        (prompts / source.name).write_text("".join(short), encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def begin(*urls: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "clara", "bench", "run", "sample", "--limit", str(LIMIT), "--strategy", "direct"]
        command += ["--out", str(tmp_path / "run"), "--quiet"]
        for url in urls:
            command += ["--backbone", url]
        limits = {"CLARA_CACHE": "false", "CLARA_CONCURRENCY": "8", "CLARA_PROMPTS": str(prompts)}
        environment = {**os.environ, "CLARA_HOME": str(tmp_path / "home"), **limits}
        started.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def answered(run: Path) -> int:
    """Lines in the journal so far."""
    journal = run / JOURNAL
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def until_some_are_answered(run: Path, process: subprocess.Popen[str]) -> int:
    end = time.monotonic() + READY
    while answered(run) < ITEMS // 9 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    done = answered(run)
    assert process.poll() is None, "the replay ended before the server could be killed"
    assert 0 < done < ITEMS
    return done


def every_item_once(run: Path, process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The records of a finished run: each item is there, none twice, and each got a reply."""
    output, _ = process.communicate(timeout=READY * 2)
    assert process.returncode == 0, output
    records = read_run(run)[1]
    keys = [(record["language"], record["id"]) for record in records]
    assert len(keys) == ITEMS
    assert len(set(keys)) == ITEMS
    assert [record["error"] for record in records if record["error"]] == []
    return records


def test_server_killed_and_started_again_loses_and_repeats_nothing(
    mortal: Mortal, replay: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = replay(mortal.url)
    done = until_some_are_answered(tmp_path / "run", process)
    mortal.kill()
    mortal.launch()
    records = every_item_once(tmp_path / "run", process)
    assert len(records) > done


def test_one_of_two_replicas_dies_and_the_other_answers_everything(
    mortal: Mortal, vllm_server: str, replay: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = replay(mortal.url, vllm_server)
    until_some_are_answered(tmp_path / "run", process)
    mortal.kill()
    every_item_once(tmp_path / "run", process)
