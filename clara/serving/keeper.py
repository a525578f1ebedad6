"""A small process between CLARA and the model server that leaves no orphan behind, whatever dies first.

vLLM's engine and worker processes outlive an API server that is killed, and keep the GPUs' memory. So the server runs under
this process, which is told by the kernel when CLARA dies, and adopts every process that loses its parent:

    clara ──> keeper ──> vLLM's API server ──> engine ──> workers

* CLARA asks for the end (SIGTERM), or dies: the server gets SIGTERM and some seconds, then everything below gets SIGKILL.
* The server dies: everything below it gets SIGKILL, and the keeper ends with the server's exit status.
* The keeper is killed: the kernel sends the server SIGTERM, which it obeys in order.

Standard library only, so that it starts at once: ``python keeper.py PARENT_PID GRACE_SECONDS COMMAND...``. Adoption and the
kernel's messages need Linux; elsewhere the server's process group is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform == "linux"
_POLL = 0.05


class _Stop(Exception):
    """SIGTERM or SIGINT has come."""


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status, with nothing of it left alive."""
    parent, grace, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGHUP, _stop)
    server: subprocess.Popen[bytes] | None = None
    try:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel was asked to tell
            return 1
        libc = ctypes.CDLL(None) if _LINUX else None  # loaded here: after a fork it is too late
        server = subprocess.Popen(  # noqa: S603
            command,
            start_new_session=True,
            preexec_fn=(lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)) if libc else None,  # noqa: PLW1509
        )
        return _status(server.wait())
    except _Stop:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if server is None:
            return 0
        return _end(server, grace)
    finally:
        _kill_all(server)


def descendants(root: int) -> list[int]:
    """All living processes below ``root``, on Linux."""
    if not _LINUX:
        return []
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    below: list[int] = []
    level = {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        below += sorted(level)
    return below


def _end(server: subprocess.Popen[bytes], grace: float) -> int:
    """Ask the server to end; give it ``grace`` seconds."""
    server.terminate()
    try:
        return _status(server.wait(timeout=grace))
    except subprocess.TimeoutExpired:
        return 128 + signal.SIGKILL


def _kill_all(server: subprocess.Popen[bytes] | None) -> None:
    """Nothing below this process stays alive; a process that forks meanwhile is found in the next round."""
    if server is not None:
        _send(server.pid, signal.SIGKILL, group=True)
    while below := descendants(os.getpid()):
        for pid in below:
            _send(pid, signal.SIGKILL)
        _reap()
        time.sleep(_POLL)
    _reap()


def _send(pid: int, number: int, *, group: bool = False) -> None:
    try:
        if group:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _reap() -> None:
    """Take the exit status of those that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def _status(code: int) -> int:
    if code < 0:
        return 128 - code  # as a shell counts a signal
    return code


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stop


def _prctl(option: int, value: int) -> None:
    if _LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
