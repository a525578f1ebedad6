"""Stands in for vLLM in the tests of supervision: an HTTP server with an "engine" in a session of its own.

``pretend.py PORT WORD...``; the words choose what it does: ``stubborn`` makes both ignore SIGTERM, ``fail`` ends the server
with a traceback before it is ready, ``later`` some time after, ``orphan`` leaves the engine alone when SIGTERM comes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

ENGINE = "import signal,sys,time\nif 'stubborn' in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
words = sys.argv[2:]


class Health(BaseHTTPRequestHandler):
    """200 for everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Silent."""


def say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, *words], start_new_session=True)

    def end(*_args: object) -> None:
        if "orphan" not in words:
            engine.terminate()
        os._exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in words else end)
    say(f"engine {engine.pid}")
    say("(APIServer pid=1) INFO 11-23 13:25:45 [cpu_model_runner.py:68] Starting to load model x...")
    say(f"(APIServer pid=1) WARNING 11-23 13:25:45 [x.py:1] the key is {os.environ.get('VLLM_API_KEY', 'unset')}")
    if "fail" in words:
        raise SystemExit("Traceback (most recent call last):\nOSError: gated repo: ask for access")
    if "later" in words:
        threading.Timer(0.5, os._exit, (3,)).start()
    time.sleep(0.2)
    say("(APIServer pid=1) INFO:     Application startup complete.")
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()


if __name__ == "__main__":
    main()
