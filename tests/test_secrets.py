"""The API key leaves the process as a header to the configured server, and in no other way.

The commands run against a server that is as careless as one can be: it repeats the key in bodies, headers, addresses and
reasons of its errors. Everything that CLARA wrote, on the terminal and below ``CLARA_HOME``, is searched for it afterwards.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from clara.config import load_settings

KEY = "sk-This/must+stay=secret"
FORMS = (KEY.encode(), quote(KEY, safe="").encode(), json.dumps(KEY)[1:-1].replace("/", "\\/").encode())
"""The key as it is, in an address, and with escaped slashes."""
pytestmark = pytest.mark.slow
REPLY = '{"reasoning":"","citations":[],"label":"B","confidence":0.5,"stem":"What is it?","options":{},"answer":"B"}'
STATUS = {"unauthorized": 401, "missing": 404, "bad": 400, "overloaded": 429, "broken": 500, "moved": 307}


class Careless(BaseHTTPRequestHandler):
    """Answers by the first part of the path: ``ok``, one of :data:`STATUS`, ``html``, ``torn`` or ``stream``."""

    protocol_version = "HTTP/1.1"
    seen: set[str]

    def do_GET(self) -> None:
        mode = self.path.split("/")[1]
        self.seen.add(self.headers.get("Authorization", ""))
        if self.path.endswith("/models") and mode not in ("unauthorized", "html"):
            self.send(200, json.dumps({"object": "list", "data": [{"id": "careless", "max_model_len": 8192}]}))
        elif mode == "ok" and self.path.endswith(("/health", "/version")):
            self.send(200, "{}")
        else:
            self.send(404, f"no {self.path}, {self.headers}")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.add(self.headers.get("Authorization", ""))
        mode, key = self.path.split("/")[1], self.headers.get("Authorization", "")
        if mode in STATUS:
            body = json.dumps({"error": {"message": f"I do not like {key}", "type": key, "code": key}, "detail": key})
            self.send(STATUS[mode], body, {"Retry-After": key, "X-Echo": key, "Location": f"/elsewhere?key={quote(key)}"})
        elif mode == "html":
            self.send(200, f"<html>{key}</html>")
        elif mode == "torn":
            self.send_response(200, key)
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(key.encode())
            self.close_connection = True
        elif mode == "stream":
            self.send(200, f"data: {key}\n\ndata: [DONE]\n\n", {"Content-Type": "text/event-stream"})
        else:
            usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
            choice = {"index": 0, "message": {"role": "assistant", "content": REPLY}, "finish_reason": "stop"}
            self.send(
                200, json.dumps({"id": key, "model": "careless", "choices": [choice], "usage": usage}), {"X-Echo": key}
            )

    def send(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response(status, f"because of {self.headers.get('Authorization', '')}")
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def careless() -> Iterator[str]:
    Careless.seen = set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


Result = subprocess.CompletedProcess[bytes]


def clara(*arguments: str, home: Path, text: str = "") -> Result:
    short = {"CLARA_RETRIES": "1", "CLARA_TIMEOUT": "3", "CLARA_OUTAGE": "0"}
    environment = {**os.environ, "CLARA_HOME": str(home), "CLARA_API_KEY": KEY, **short}
    command = [sys.executable, "-m", "clara", *arguments]
    return subprocess.run(command, capture_output=True, env=environment, input=text.encode(), timeout=100, check=False)


def leaks(home: Path, *results: Result) -> list[str]:
    """Where the key is found: names of files and streams."""
    found = {f"{name} of {' '.join(r.args[3:5])}": getattr(r, name) for r in results for name in ("stdout", "stderr")}
    found |= {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return [place for place, data in found.items() if any(form in data for form in FORMS)]


@pytest.mark.parametrize("mode", ["ok", *STATUS, "html", "torn", "stream"])
def test_key_is_in_no_answer_and_no_error(careless: str, mode: str, tmp_path: Path) -> None:
    Careless.seen.clear()
    question = ("Which is it?", "--option", "A=This", "--option", "B=That", "--strategy", "direct", "--trace", "--debug")
    result = clara("ask", *question, "--backbone", f"{careless}/{mode}/v1", home=tmp_path / "home")
    assert f"Bearer {KEY}" in Careless.seen
    assert result.stdout + result.stderr
    assert leaks(tmp_path / "home", result) == []


@pytest.mark.parametrize("mode", ["ok", "broken"])
def test_key_is_not_in_the_journal_and_the_report(careless: str, mode: str, tmp_path: Path) -> None:
    run = (
        "sample",
        "--strategy",
        "direct",
        "--limit",
        "1",
        "--languages",
        "english",
        "--html",
        str(tmp_path / "home" / "x.html"),
    )
    result = clara("bench", "run", *run, "--backbone", f"{careless}/{mode}/v1", home=tmp_path)
    assert any(path.name == "journal.jsonl" for path in tmp_path.rglob("*")), result.stderr.decode()
    assert leaks(tmp_path, result) == []


def test_key_is_not_in_the_chat_and_its_conversations(careless: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    Careless.seen.clear()
    result = clara("chat", "--strategy", "direct", "--backbone", f"{careless}/ok/v1", home=home, text="What is it?\n")
    assert f"Bearer {KEY}" in Careless.seen, result.stderr.decode()
    assert any(path.is_file() for path in home.rglob("*"))
    assert leaks(home, result) == []


def test_doctor_says_only_that_a_key_is_set(careless: str, tmp_path: Path) -> None:
    address = careless.replace("http://", f"http://user:{quote(KEY, safe='')}@")
    result = clara("doctor", "--backbone", f"{address}/ok/v1", "--json", home=tmp_path)
    assert json.loads(result.stdout)["settings"]["api_key"]["value"] == "set"
    assert leaks(tmp_path, result) == []


def test_key_in_the_settings_file_is_refused_without_repeating_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'api_key = "{KEY}"\n')
    result = clara("ask", "Which?", "--config", str(path), home=tmp_path / "home")
    assert result.returncode == 2
    assert leaks(tmp_path / "home", result) == []


def test_settings_do_not_show_the_key_when_printed_or_dumped() -> None:
    settings = load_settings({"backbone": ["http://127.0.0.1:1/v1"]}, environ={"CLARA_API_KEY": KEY})
    assert settings.api_key is not None
    shown = f"{settings!r} {settings} {settings.public()} {settings.model_dump_json()}"
    assert KEY not in shown
    assert KEY.encode() in pickle.dumps(settings)  # what a process sends to its workers does hold it: never write that
