"""A real service from outside: its own interface, its limits, its health, its end."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.language.questions import parse_question
from clara.safety import urgent_notice
from clara.service.guards.keys import new_key
from tests.service.conftest import ENGLISH, Running, home_with, started

BATCH = ["What is a cataract?", {"question": "Which is it?", "options": {"A": "x"}}, {"question": "¿Qué es el glaucoma?"}]


def events_of(text: str) -> list[tuple[str, object]]:
    return [(name, json.loads(data)) for name, data in re.findall(r"^event: (\w+)\ndata: (.*)$", text, re.MULTILINE)]


def test_a_question_gets_the_json_of_the_command_line(embedded: Running) -> None:
    body = {"question": "Which layer of the cornea is thickest?", "options": {"a": "Stroma", "B": "Epithelium"}}
    reply = embedded.post("/v1/ask", body | {"strategy": "rag"})
    answer = reply.json()
    assert reply.status_code == 200
    assert answer["options"] == {"A": "Stroma", "B": "Epithelium"}
    assert answer["label"] in ("A", "B")
    assert [step["step"] for step in answer["trace"]] == ["detect", "retrieve", "answer", "localize"] or answer["trace"]


def test_the_events_of_a_question_end_with_the_answer_and_begin_with_what_is_urgent(embedded: Running) -> None:
    question = "Since this morning a curtain covers half of my view, with flashes of light"
    reply = embedded.post("/v1/ask", {"question": question, "strategy": "rag", "stream": True})
    events = events_of(reply.text)
    names = [name for name, _ in events]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert names[0] == "notice"
    assert names[-1] == "answer"
    assert names.count("step_started") == names.count("step_finished") > 2
    assert urgent_notice(parse_question(question)) in str(events[-1][1])


def test_a_batch_keeps_the_order_and_gives_an_error_in_its_place(embedded: Running) -> None:
    answers = embedded.post("/v1/ask/batch", {"questions": BATCH, "strategy": "rag"}).json()["answers"]
    assert answers[0]["question"] == "What is a cataract?"
    assert "at least two options" in answers[1]["error"]["message"]
    assert answers[2]["language"] == "es"
    streamed = events_of(embedded.post("/v1/ask/batch", {"questions": BATCH, "strategy": "rag", "stream": True}).text)
    assert streamed[-1] == ("done", {"answers": 3})
    assert sorted(event["index"] for name, event in streamed if name == "answer" and isinstance(event, dict)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"question": "   "}, 400, "the question is empty"),
        ({"question": ENGLISH, "language": "klingon"}, 400, "unknown language"),
        ({"question": ENGLISH, "strategy": "best"}, 400, "unknown strategy"),
        ({"question": ENGLISH, "without": ["answr"]}, 400, "did you mean answer?"),
        ({"question": "¿Qué es?" * 2000}, 413, "characters"),
        ({"question": "Что такое катаракта и как её лечат?"}, 400, "covers"),
        ({"text": ENGLISH}, 422, "question"),
        ({"question": ENGLISH, "colour": "red"}, 422, "colour"),
        ({"question": ["a", "b"]}, 422, "question"),
        ([], 422, ""),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(embedded: Running, body: object, status: int, words: str) -> None:
    reply = embedded.post("/v1/ask", body)
    error = reply.json()["error"]
    assert reply.status_code == status
    assert words in error["message"]
    assert error["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", {"content-type": "application/json"}),
        (b"\xff\xfe{}", {"content-type": "application/json"}),
        (b"[" * 100_000, {"content-type": "application/json"}),
        (b'{"question": "\\ud800 half"}', {"content-type": "application/json"}),
        (b'{"question": "What is a cataract?"}', {"content-type": "text/plain"}),
        (b'{"question": 1e999}', {"content-type": "application/json"}),
        (b"", {}),
    ],
)
def test_bytes_that_are_no_question_are_refused_without_a_traceback(
    embedded: Running, content: bytes, headers: dict[str, str]
) -> None:
    reply = httpx.post(f"{embedded.url}/v1/ask", content=content, headers=headers, timeout=30)
    assert reply.status_code in (400, 415, 422)
    assert "error" in reply.json()
    assert "Traceback" not in reply.text


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\nContent-Type: application/json\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_broken_requests_get_a_client_error_and_the_connection_ends(embedded: Running, sent: bytes) -> None:
    port = httpx.URL(embedded.url).port
    assert port
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        head = connection.recv(65536)
    assert re.match(rb"HTTP/1\.1 (400|404|413|421|431) ", head), head[:80]
    assert embedded.get("/health").status_code == 200


def test_a_web_page_cannot_reach_it(embedded: Running) -> None:
    rebound = embedded.get("/v1/models", headers={"Host": "evil.example:8010"})
    assert rebound.status_code == 421
    foreign = embedded.get("/v1/models", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


def test_unknown_addresses_and_methods(embedded: Running) -> None:
    assert embedded.get("/v1/nothing").json()["error"]["code"] == "not_found"
    assert embedded.get("/v1/ask").status_code == 405
    assert embedded.get("/v1/models/gpt-5").status_code == 404


def test_figures_are_counted(embedded: Running) -> None:
    before = embedded.metric("clara_questions_total")
    embedded.post("/v1/ask", {"question": "What is a cataract?", "strategy": "rag"})
    assert embedded.metric("clara_questions_total") == before + 1
    page = embedded.get("/metrics").text
    for name in ("clara_step_seconds_bucket", "clara_tokens_total", "clara_cache_hits_total", "clara_abstentions_total"):
        assert name in page
    assert embedded.metric("clara_in_flight") == 0


def test_the_page_of_the_interface_loads_nothing_from_elsewhere(embedded: Running) -> None:
    page = embedded.get("/docs")
    assert "/v1/chat/completions" in page.text
    assert "stream_options" in page.text
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|<script|@import""", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "/v1/ask" in embedded.get("/openapi.json").json()["paths"]


def test_no_word_of_a_question_is_logged(embedded: Running) -> None:
    embedded.post("/v1/ask", {"question": "What is a xanthelasma qqqzzz?", "strategy": "rag"})
    embedded.post("/v1/ask", {"question": "What is qqqzzz?", "language": "qqqzzz"})
    embedded.get("/qqqzzz?text=qqqzzz")
    time.sleep(0.3)
    assert "request" in embedded.text
    assert "qqqzzz" not in embedded.text


def test_keys_limits_audit_and_json_logs(built_home: Path, tmp_path: Path) -> None:
    keys, audit = tmp_path / "keys", tmp_path / "audit.jsonl"
    key = new_key(keys, "ward-7")
    arguments = ["--keys", str(keys), "--audit", str(audit), "--rate", "3", "--max-body", "2000", "--log-format", "json"]
    with started(home_with(built_home, tmp_path / "home"), *arguments, "--cors", "https://ward.example") as running:
        running.wait_ready()
        headers = {"Authorization": f"Bearer {key}"}
        assert running.get("/health").status_code == 200
        for refused in (running.get("/v1/models"), running.get("/metrics"), running.post("/v1/ask", {"question": "?"})):
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        assert running.get("/v1/models", headers={"Authorization": "Bearer clara-wrong"}).status_code == 401
        assert running.get("/v1/models", headers=headers | {"Host": "clara.ward.example"}).status_code == 200
        large = running.post("/v1/ask", {"question": "x" * 3000}, headers=headers)
        assert large.status_code == 413
        bodies = [{"question": "What is a cataract?", "strategy": "rag"}] * 4
        replies = [running.post("/v1/ask", body, headers=headers) for body in bodies]
        assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
        assert int(replies[-1].headers["retry-after"]) > 0
        asked = {"Origin": "https://ward.example", "Access-Control-Request-Method": "POST"}
        preflight = httpx.options(f"{running.url}/v1/ask", headers=asked)
        assert preflight.headers["access-control-allow-origin"] == "https://ward.example"
    lines = [json.loads(line) for line in audit.read_text("utf-8").splitlines()]
    assert [line["caller"] for line in lines] == ["ward-7"] * 3
    assert lines[0]["request_id"] == replies[0].headers["x-request-id"]
    assert lines[0]["sources"] == [citation["id"] for citation in replies[0].json()["citations"]]
    assert "cataract?" not in audit.read_text("utf-8")
    logged = [json.loads(line) for line in running.log if line.startswith("{")]
    assert any(line.get("caller") == "ward-7" and line.get("status") == 429 for line in logged)
    assert key not in running.text


def test_beyond_its_places_it_says_when_to_come_again_and_sigterm_lets_questions_end(
    built_home: Path, tmp_path: Path
) -> None:
    with started(home_with(built_home, tmp_path / "home"), "--max-at-once", "1") as running:
        running.wait_ready()
        replies: list[httpx.Response] = []

        def ask() -> None:
            replies.append(running.post("/v1/ask", {"question": ENGLISH}))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(reply.status_code for reply in replies)
        assert statuses[0] == 200
        assert statuses[-1] == 503
        busy = next(reply for reply in replies if reply.status_code == 503)
        assert busy.headers["retry-after"] == "1"
        replies.clear()
        many = {"questions": [ENGLISH] * 20}
        last = threading.Thread(target=lambda: replies.append(running.post("/v1/ask/batch", many)))
        last.start()
        until = time.monotonic() + 30
        while not running.metric("clara_in_flight"):
            assert time.monotonic() < until
            time.sleep(0.005)
        running.process.send_signal(signal.SIGTERM)
        last.join(30)
        assert replies[0].status_code == 200
        assert running.process.wait(20) in (0, -signal.SIGTERM)


def test_other_addresses_need_keys() -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0"])
    assert result.exit_code == 2
    assert "clara serve --new-key NAME" in result.stderr


def test_a_preset_is_a_matter_of_vllm() -> None:
    result = CliRunner().invoke(app, ["serve", "--preset", "qwen3-8b"])
    assert result.exit_code == 2
    assert "clara vllm is what starts vLLM" in result.stderr


def test_a_key_is_made_from_the_command_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--new-key", "ward", "--keys", str(tmp_path / "keys")])
    assert result.exit_code == 0
    assert result.stdout.startswith("clara-")
    assert result.stdout.strip() not in (tmp_path / "keys").read_text("utf-8")


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "cannot listen on 127.0.0.1" in result.stderr
