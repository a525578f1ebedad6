"""One real vLLM server on the CPU for the whole test session."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
STAMP = ROOT / ".venv-vllm" / "clara-engine.txt"
READY = 180.0
"""Seconds until the server must be up."""


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny random model."""
    if not STAMP.is_file():
        if os.environ.get("CLARA_NO_ENGINE") == "1":
            pytest.skip("CLARA_NO_ENGINE=1")
        pytest.fail("the engine's environment .venv-vllm is missing: run make test", pytrace=False)
    folder = tmp_path_factory.mktemp("engine") / "model"
    subprocess.run([str(PYTHON), str(Path(__file__).with_name("tiny_model.py")), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def vllm_server(tiny_model: Path) -> Iterator[str]:
    """The base address of a running server with a tiny random model named ``tiny``."""
    port = free_port()
    log = tiny_model.with_name("server.log")
    process = start(tiny_model, port, log)
    try:
        wait(process, f"http://127.0.0.1:{port}/health", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        stop(process)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(model: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    """The server in a session of its own, so that all its processes can be ended together."""
    command = [str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--enforce-eager"]
    command += ["--max-model-len", "4096", "--max-num-seqs", "64", "--enable-prompt-tokens-details"]
    command += ["--structured-outputs-config", '{"backend":"xgrammar","disable_any_whitespace":true}']
    engine = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    with log.open("wb") as file:
        return subprocess.Popen(
            command, env={**os.environ, **engine}, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


def wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until the server is healthy; fails with the end of its log."""
    end = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < end:
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
    pytest.fail(f"the vLLM server did not start within {READY:g} s:\n{tail}", pytrace=False)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server's whole process group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=15)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
