"""No command of the embedded profile speaks to anybody, however hostile the environment.

Each command runs in a fresh process under two watchers: a Python audit hook, put in through ``sitecustomize``, and, where
they are installed, ``strace`` (which also sees native libraries) in a network namespace that leads nowhere.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_TRACING_V2": "true",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_API_KEY": "x",
    "LANGSMITH_ENDPOINT": "http://192.0.2.1",
    "ANONYMIZED_TELEMETRY": "True",
}
"""192.0.2.0/24 is set aside for documentation: nothing answers there."""

HOOK = """
import os, sys
_LOG = os.open(os.environ["NETWORK_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_WATCHED = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
            "socket.gethostbyaddr", "socket.getnameinfo"}

def _watch(event, arguments):
    if event in _WATCHED:
        place = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.sendmsg") else arguments[0]
        os.write(_LOG, f"{event}\\t{place!r}\\n".encode())

sys.addaudithook(_watch)
os.write(_LOG, b"watching\\tNone\\n")
"""
_SYSCALL = re.compile(
    r'(?:connect|sendto)\(.*sa_family=AF_INET6?, sin6?_port=htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"'
)


@dataclass(frozen=True)
class Watched:
    """A finished process and what it tried to reach."""

    code: int
    output: str
    outside: tuple[str, ...]
    """Everything that was no local address, and every name that was looked up."""


def works(command: Sequence[str]) -> bool:
    """True if the tool is installed and allowed here."""
    try:
        return subprocess.run([*command, "true"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@cache
def jail() -> tuple[str, ...]:
    """A network namespace without a way out, where the kernel gives one."""
    return next((prefix for prefix in (("unshare", "-rn"), ("unshare", "-n")) if works(prefix)), ())


@cache
def tracer() -> tuple[str, ...]:
    """``strace``, where it may trace."""
    return ("strace", "-f", "-qq", "-e", "trace=connect,sendto") if works(("strace", "-qq", "-e", "trace=none")) else ()


def watched(command: Sequence[str], folder: Path, **variables: str) -> Watched:
    """Run a command under both watchers."""
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    log, calls = folder / "audit.log", folder / "strace.log"
    log.write_text("", encoding="utf-8")
    calls.write_text("", encoding="utf-8")
    trace = (*tracer(), "-o", str(calls)) if tracer() else ()
    environ = {**os.environ, **HOSTILE, **variables, "NETWORK_LOG": str(log), "HOME": str(folder)}
    environ["PYTHONPATH"] = f"{hooks}{os.pathsep}{ROOT}"
    done = subprocess.run(
        [*jail(), *trace, *command], env=environ, cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    seen = log.read_text(encoding="utf-8").splitlines()
    outside = [line for line in seen if not line.startswith("watching") and not _local_event(line)]
    outside += [line for line in calls.read_text(errors="replace").splitlines() if not _local_call(line)]
    assert "watching\tNone" in seen or command[0] != sys.executable
    return Watched(done.returncode, done.stdout + done.stderr, tuple(outside))


def _local_event(line: str) -> bool:
    event, place = line.split("\t", 1)
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return not place.startswith("(") or _is_local(place[1:].split(",")[0].strip("'"))
    return place in ("None", "'localhost'", "'127.0.0.1'", "'::1'")


def _local_call(line: str) -> bool:
    found = _SYSCALL.search(line)
    return found is None or (_is_local(found[2]) and found[1] != "53")


def _is_local(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def clara(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "clara", *arguments]


# --- the watchers see --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket().connect_ex(('192.0.2.1', 80))",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect_ex(('192.0.2.1', 53))",
        "import socket; socket.socket(socket.AF_INET6).connect_ex(('2001:db8::1', 443))",
        "import socket\ntry: socket.getaddrinfo('clara.invalid', 80)\nexcept OSError: pass",
        "import urllib.request\ntry: urllib.request.urlopen('http://192.0.2.1', timeout=0.1)\nexcept OSError: pass",
    ],
)
def test_a_process_that_tries_to_connect_is_caught(code: str, tmp_path: Path) -> None:
    if not jail():
        code = code.replace("socket.socket(", "socket.setdefaulttimeout(0.1); socket.socket(", 1)
    assert watched(python(code), tmp_path).outside


def test_what_is_local_is_not_an_alarm(tmp_path: Path) -> None:
    code = "import socket; socket.socket().connect_ex(('127.0.0.1', 9)); socket.socket(socket.AF_UNIX).connect_ex('/no')"
    assert watched(python(code), tmp_path).outside == ()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_native_program_that_sends_is_caught_by_strace(tmp_path: Path) -> None:
    if not tracer():
        pytest.skip("strace is not installed or not allowed")
    assert watched(["bash", "-c", "echo x > /dev/udp/192.0.2.1/53"], tmp_path).outside


def test_langgraph_left_alone_would_report_the_question(tmp_path: Path) -> None:
    """Why the silence is needed: the same environment makes an ordinary graph call out."""
    code = (
        "import os, sys\n"
        "sys.addaudithook(lambda event, _: os._exit(0) if event == 'socket.connect' else None)  # once is enough\n"
        "from langgraph.graph import START, StateGraph\n"
        "graph = StateGraph(dict)\n"
        "graph.add_node('step', lambda state: {})\n"
        "graph.add_edge(START, 'step')\n"
        "graph.compile().invoke({})\n"
        "from langchain_core.tracers.langchain import wait_for_all_tracers\n"
        "wait_for_all_tracers()\n"
    )
    assert any("192.0.2.1" in line for line in watched(python(code), tmp_path).outside)


# --- CLARA is silent ---------------------------------------------------------------------------------------------------


def test_kb_build_speaks_to_nobody(tmp_path: Path) -> None:
    done = watched(clara("kb", "build"), tmp_path, CLARA_HOME=str(tmp_path / "home"))
    assert done.code == 0, done.output
    assert done.outside == ()
    assert (tmp_path / "home" / "kb" / "ophthalmology" / "record.sqlite").is_file()


@pytest.mark.parametrize("strategy", ["direct", "clara"])
def test_ask_speaks_to_nobody(strategy: str, built_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(built_home, tmp_path / "home")
    question = "¿Qué músculo abduce el ojo? a) Recto medial b) Recto lateral"
    done = watched(clara("ask", question, "--json", "--strategy", strategy), tmp_path, CLARA_HOME=str(home))
    assert done.code == 0, done.output
    assert '"language": "es"' in done.output
    assert done.outside == ()


def test_bench_speaks_to_nobody(built_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(built_home, tmp_path / "home")
    arguments = "bench run sample --limit 1 --languages english --strategy clara".split()
    done = watched(clara(*arguments), tmp_path, CLARA_HOME=str(home))
    assert done.code == 0, done.output
    assert done.outside == ()


def test_the_python_api_with_parts_of_ones_own_speaks_to_nobody(tmp_path: Path) -> None:
    """No Chroma client is opened and no command line runs, so only the agent itself can keep LangGraph silent."""
    code = (
        "import asyncio\n"
        "from langsmith.utils import tracing_is_enabled\n"
        "tracing_is_enabled()  # what a program that traces its own chains has done before\n"
        "from tests.agent.fakes import Script, ask\n"
        "assert asyncio.run(ask(Script())).label == 'B'\n"
        "from langchain_core.tracers.langchain import wait_for_all_tracers\n"
        "wait_for_all_tracers()\n"
    )
    done = watched(python(code), tmp_path)
    assert done.code == 0, done.output
    assert done.outside == ()
