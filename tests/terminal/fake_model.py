"""A fake model server at the network boundary: it speaks the OpenAI protocol on the loopback and streams at will.

What it does depends on words in the question: ``slow`` streams a word every 50 ms, ``die`` breaks off in the middle,
``evil`` streams control sequences one character a chunk, ``refuse`` answers with an error full of them.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

EVIL = (
    "\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ "
    "\x9b31mred \u202eback\u202c \x1b[2J\x1b[Hgone \u200bend"
)
"""OSC 52, OSC 8, an 8-bit CSI, a direction override, erase and home, a zero-width space."""
WORDS = " ".join(f"word{number}" for number in range(1, 121))

_ASKED = re.compile(r"<(question|turn)[^>]*>\n(.*?)\n</", re.DOTALL)
_REPLIES: dict[str, dict[str, Any]] = {
    "terms": {"terms": ["cornea"]},
    "verify": {"reason": "", "grounded": True, "contradiction": False, "agrees": True, "answers_question": True},
    "rewrite": {"query": "cornea stroma"},
    "assess": {"problem": "", "adequate": True},
    "answer_choice": {"reasoning": "Because [1].", "citations": [1], "label": "B", "confidence": 0.9},
    "grade": {"relevant": [1, 2], "sufficient": True},
}


class FakeModel(ThreadingHTTPServer):
    """The server, and what it saw."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.first_token: list[float] = []
        """Wall-clock time at which each streamed answer began."""
        self.broken: list[float] = []
        """Wall-clock time at which a client hung up before the end."""
        self.asked: list[tuple[str, str]] = []
        """Task name and question of every request."""

    @property
    def url(self) -> str:
        """Base address for ``--backbone``."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error here."""


@contextmanager
def serving() -> Iterator[FakeModel]:
    """A running server."""
    server = FakeModel()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        """The list of models."""
        if self.path.endswith("/models"):
            self._json(200, {"object": "list", "data": [{"id": "fake-model", "max_model_len": 8192}]})
        else:
            self._json(404, {"error": {"message": "not here"}})

    def do_POST(self) -> None:
        """One chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        task = body.get("response_format", {}).get("json_schema", {}).get("name", "")
        found = _ASKED.search(body["messages"][-1]["content"])
        said = found[2] if found else ""
        server = cast(FakeModel, self.server)
        server.asked.append((task, said))
        if "refuse" in said:
            self._json(403, {"error": {"message": f"no {EVIL}"}})
        elif task == "answer_text" and body.get("stream"):
            self._stream(said, server)
        else:
            reply = {"question": said, "clarification": ""} if task == "condense" else {"answer": said}
            content = json.dumps(_REPLIES.get(task, reply))
            choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            self._json(200, {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 5}})

    def _stream(self, said: str, server: FakeModel) -> None:
        told = set(re.findall(r"\w+", said))
        evil = "evil" in told
        words = EVIL if evil else WORDS if "slow" in told else "The **stroma** is the thickest layer."
        text = json.dumps({"answer": f"{words} [1]", "citations": [1], "confidence": 0.9})
        head, rest = text[: len('{"answer": "')], text[len('{"answer": "') :]
        pieces = list(rest) if evil else [piece + " " for piece in rest.split(" ")]
        pause = 0.05 if told & {"slow", "die"} else 0.002
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self._chunk(head)
            server.first_token.append(time.time())
            for number, piece in enumerate(pieces):
                if "die" in told and number == 4:
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                self._chunk(piece)
                time.sleep(pause)
            self._chunk("", "stop")
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            server.broken.append(time.time())
        self.close_connection = True

    def _chunk(self, text: str, finish: str | None = None) -> None:
        event = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _json(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
