"""The server as a child: ready, ended, dead, and never an orphan. The server is a stand-in, the processes are real."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from clara.errors import ServingError
from clara.serving import keeper, server
from clara.serving.command import Command
from clara.serving.server import Server, check_port, log_file

PRETEND = str(Path(__file__).with_name("pretend.py"))
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adoption of orphans is Linux's")


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def start(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    monkeypatch.setattr(server, "GRACE", 1.0)
    started: list[Server] = []

    def begin(*words: str, key: str | None = None) -> Server:
        command = Command((sys.executable, PRETEND, str(port), *words), {}, SecretStr(key) if key else None)
        started.append(Server(command, f"http://127.0.0.1:{port}", tmp_path / "logs" / "vllm.log"))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def until(condition: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def family(root: int) -> set[int]:
    return {root, *keeper.descendants(root)}


def alive(pids: set[int]) -> set[int]:
    left: set[int] = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            left.add(pid)
    return left


def ready(one: Server) -> set[int]:
    """The processes of a server that has become healthy: keeper, server and engine."""
    assert until(one.healthy)
    processes = family(one.pid)
    assert len(processes) == 3
    return processes


@pytest.mark.parametrize("words", [(), ("stubborn",), ("orphan",)], ids=["obedient", "stubborn", "orphaning"])
def test_stop_leaves_no_process(start: Callable[..., Server], words: tuple[str, ...]) -> None:
    one = start(*words)
    processes = ready(one)
    one.stop()
    assert alive(processes) == set()
    assert not one.healthy()


def test_server_that_is_killed_takes_its_engine_along(start: Callable[..., Server]) -> None:
    one = start()
    processes = ready(one)
    child = next(pid for pid in keeper.descendants(one.pid) if os.getpgid(pid) == pid and "pretend" in command_of(pid))
    os.kill(child, signal.SIGKILL)
    assert until(lambda: one.exit_status is not None)
    assert one.exit_status == 128 + signal.SIGKILL
    assert alive(processes) == set()


def test_killed_keeper_ends_the_server(start: Callable[..., Server]) -> None:
    one = start()
    processes = ready(one)
    os.kill(one.pid, signal.SIGKILL)
    assert until(lambda: not alive(processes))


def test_killed_parent_leaves_no_process(port: int, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from clara.serving.server import Server; "
        "from clara.serving.command import Command; "
        f"s = Server(Command((sys.executable, {PRETEND!r}, '{port}', 'stubborn')), 'http://127.0.0.1:{port}', "
        f"Path({str(tmp_path / 'log')!r})); print(s.pid, flush=True); time.sleep(60)"
    )
    program = program.replace("; s = Server", "; import clara.serving.server as m; m.GRACE = 1.0; s = Server")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert until(lambda: len(keeper.descendants(pid)) == 2)
        processes = family(pid)
        parent.kill()
    assert until(lambda: not alive(processes))


def test_death_before_it_is_ready_says_why_and_what_to_do(start: Callable[..., Server]) -> None:
    one = start("fail")
    assert until(lambda: one.exit_status is not None)
    message = str(one.failure())
    assert "status 1" in message
    assert "OSError: gated repo" in message
    assert "HF_TOKEN" in message
    assert str(one.log) in message


def test_death_afterwards_is_noticed(start: Callable[..., Server]) -> None:
    one = start("later")
    assert until(lambda: one.exit_status == 3)


def test_program_that_is_missing_ends_with_a_reason(start: Callable[..., Server], tmp_path: Path) -> None:
    one = Server(Command((str(tmp_path / "vllm"), "serve")), "http://127.0.0.1:9", tmp_path / "log")
    assert until(lambda: one.exit_status is not None)
    assert "No such file" in str(one.failure())


def test_log_is_the_users_alone_and_holds_no_key(start: Callable[..., Server]) -> None:
    one = start(key="sk-very-secret")
    commands = " ".join(map(command_of, ready(one)))
    shown = "\n".join(one.lines())
    one.stop()
    text = one.log.read_text()
    assert stat.S_IMODE(one.log.stat().st_mode) == 0o600
    assert stat.S_IMODE(one.log.parent.stat().st_mode) == 0o700
    assert "the key is ***" in text
    assert "warning: the key is ***" in shown
    assert "sk-very-secret" not in text + shown + commands


def test_phase_and_lines_are_those_that_matter(start: Callable[..., Server]) -> None:
    one = start()
    ready(one)
    assert until(lambda: one.tidy.phase == "opening the port")
    lines = one.lines()
    assert "Application startup complete." in lines
    assert not any(re.match("engine", line) for line in lines)


def test_taken_port_is_an_error_before_anything_starts(port: int) -> None:
    check_port("127.0.0.1", port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(ServingError, match=f"127.0.0.1 port {port}.*--port"):
            check_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "nosuch.invalid"])
def test_foreign_address_is_an_error_that_another_port_does_not_mend(host: str) -> None:
    with pytest.raises(ServingError, match=f"{re.escape(host)} .*--host") as error:
        check_port(host, 8000)
    assert "--port" not in str(error.value)


def test_old_logs_are_removed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for number in range(15):
        (tmp_path / "logs" / f"vllm-2026-{number:02}.log").touch()
    (tmp_path / "logs" / "mine.log").touch()
    assert log_file(tmp_path).parent == tmp_path / "logs"
    left = sorted(path.name for path in (tmp_path / "logs").glob("vllm-*"))
    assert (len(left), left[0]) == (server.KEPT_LOGS - 1, "vllm-2026-06.log")
    assert (tmp_path / "logs" / "mine.log").exists()


def test_unwritable_log_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServingError, match="cannot write the log"):
        Server(Command(("true",)), "http://127.0.0.1:9", tmp_path / "file" / "log")


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
