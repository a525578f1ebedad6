"""Real processes of ``clara serve``: one without a model for all tests, and one on a pretended model server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from clara.privacy import child_environment
from tests.backbone.fake_server import FakeServer, serving

ENGLISH = "Which nerve moves the superior oblique muscle?"
"""Long enough that no model is asked whether it stands alone."""


@dataclass
class Running:
    """One service and what it has logged so far."""

    process: subprocess.Popen[str]
    url: str = ""
    log: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.log)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60, **more)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=60, **more)

    def metric(self, name: str) -> float:
        """The sum over all labels of one figure."""
        page = self.get("/metrics").text
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))

    def wait_ready(self, seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.get("/ready").status_code == 200:
                return
            assert self.process.poll() is None, self.text
            time.sleep(0.3)
        raise AssertionError(f"not ready:\n{self.text}")


@contextmanager
def started(home: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """``clara serve`` on a free port, ended at the end."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLARA_")}
    environ |= {"CLARA_HOME": str(home), **child_environment(), **environment}
    command = [sys.executable, "-m", "clara", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    running = Running(process)
    ready = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            running.log.append(line)
            address = re.match(r"listening on (\S+);", line)
            if address:
                running.url = address[1]
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert ready.wait(60), "it does not say where it listens"
        assert running.url, running.text
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def home_with(built_home: Path, folder: Path) -> Path:
    """A data folder of its own with the built knowledge base in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kb").symlink_to(built_home / "kb")
    return folder


@pytest.fixture(scope="session")
def embedded(built_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service without a model, shared by all tests."""
    home = home_with(built_home, tmp_path_factory.mktemp("service") / "home")
    with started(home, "--log-level", "debug") as running:
        running.wait_ready()
        yield running


@pytest.fixture
async def model_server() -> AsyncIterator[FakeServer]:
    """A pretended model server that answers free-text questions."""
    async with serving(FakeServer("portable")) as fake:
        fake.replies = [written]
        yield fake


def written(body: dict[str, Any]) -> str:
    """What the pretended model writes: a condensed question where a turn of a conversation is given, else an answer."""
    prompt = json.dumps(body["messages"])
    if "one turn of a conversation" in prompt:
        return json.dumps({"question": "How is acute angle closure treated in children?", "clarification": ""})
    return json.dumps({"answer": "The trochlear nerve.", "citations": [], "confidence": 0.9})
