"""Servers of this machine are found by what they answer, and nothing else is taken for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clara.cli.local_servers import PORTS, LocalServer, find_servers


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A server on a free port of the loopback that gives the same reply to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def models(*names: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode()


async def test_a_server_is_named_with_its_models_in_the_order_of_the_list() -> None:
    with answering(200, models("small", "large")) as first, answering(200, models("other")) as second:
        servers = await find_servers({"vLLM": first, "Ollama": second})
    assert servers == [
        LocalServer("vLLM", f"http://127.0.0.1:{first}/v1", ("small", "large")),
        LocalServer("Ollama", f"http://127.0.0.1:{second}/v1", ("other",)),
    ]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_server_that_asks_for_a_key_counts_without_models(status: int) -> None:
    with answering(status, b"{}") as port:
        assert await find_servers({"vLLM": port}) == [LocalServer("vLLM", f"http://127.0.0.1:{port}/v1", ())]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>a home page</html>"),
        (200, b"[]"),
        (200, b'{"data": null}'),
        (200, b'{"data": [1]}'),
        (200, b'{"models": []}'),
        (404, models("m")),
        (500, b""),
    ],
)
async def test_whatever_else_listens_there_is_left_out(status: int, body: bytes) -> None:
    with answering(status, body) as port:
        assert await find_servers({"llama.cpp": port}) == []


async def test_a_port_where_nobody_listens_is_no_server() -> None:
    with answering(200, models("m")) as port:
        pass
    assert await find_servers({"vLLM": port}) == []


def test_only_the_usual_ports_are_asked() -> None:
    assert PORTS["vLLM"] == 8000
    assert len(set(PORTS.values())) == len(PORTS)
