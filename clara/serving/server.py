"""A model server as a child process: started under a keeper, watched until it answers, ended with all its processes."""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from clara.errors import ServingError
from clara.files import open_new
from clara.serving import keeper
from clara.serving.command import Command
from clara.serving.log import Tidy

GRACE = 20.0
"""Seconds that the server has to end by itself."""
KEPT_LOGS = 10


class Server:
    """One run of the server.

    Args:
        command: what to start.
        url: where it will answer, without ``/v1``.
        log: file of the full log; made here, readable by the user alone.
        environ: the environment to start from; None means this process's.

    Raises:
        ServingError: the log cannot be written, or the program cannot be started.
    """

    def __init__(self, command: Command, url: str, log: Path, *, environ: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.log = log
        self.tidy = Tidy()
        self.began = time.monotonic()
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._secret = command.key.get_secret_value() if command.key else None
        if environ is None:
            environ = os.environ
        handle = _private_file(log)
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, str(keeper.__file__), str(os.getpid()), str(GRACE), *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=command.child(environ),
                start_new_session=True,  # Ctrl-C in the terminal reaches CLARA alone, which then ends the server in order
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            os.close(handle)
            raise ServingError(f"cannot start {command.argv[0]}: {error.strerror}") from None
        self._reader = threading.Thread(target=self._read, args=(handle,), name="server-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The keeper's process; everything of the server is below it."""
        return self._process.pid

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def healthy(self) -> bool:
        """True if the server answers that it is ready."""
        try:
            return httpx.get(f"{self.url}/health", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def lines(self) -> list[str]:
        """What the log has said since the last call, tidied."""
        lines: list[str] = []
        while True:
            try:
                lines.append(self._lines.get_nowait())
            except queue.Empty:
                return lines

    def failure(self) -> ServingError:
        """Why the server has ended by itself; to be raised."""
        self._reader.join(timeout=5)
        reason = " | ".join(self.tidy.ending(3)) or "it said nothing"
        if self.tidy.hint:
            reason += f"; {self.tidy.hint}"
        return ServingError(f"the server ended with status {self.exit_status}: {reason}; the full log is {self.log}")

    def stop(self) -> None:
        """End the server and all its processes; returns when none is left."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=GRACE + 10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(timeout=5)

    def _masked(self, line: str) -> str:
        if self._secret is None:
            return line
        return line.replace(self._secret, "***")

    def _read(self, handle: int) -> None:
        output = self._process.stdout
        with open(handle, "w", encoding="utf-8", errors="replace", buffering=1) as file:
            for raw in output or ():
                line = self._masked(raw)
                with contextlib.suppress(OSError):  # a full disk must not stop the reading, or the server would block
                    file.write(line.removesuffix("\n") + "\n")
                tidied = self.tidy.read(line)
                if tidied:
                    self._lines.put(tidied)


def log_file(home: Path) -> Path:
    """A new name in the folder of logs; the oldest logs there are removed."""
    folder = home / "logs"
    for old in sorted(folder.glob("vllm-*.log"))[: -KEPT_LOGS + 1]:
        old.unlink(missing_ok=True)
    return folder / f"vllm-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"


def check_port(host: str, port: int) -> None:
    """Make sure that nobody listens there: another server's answer must not pass for ours.

    Raises:
        ServingError: the port is taken, or the address is not one of this machine's.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServingError(f"cannot listen on {host} port {port}: {error.strerror or error}; {_way_on(error)}") from None


def _way_on(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "choose another with --port, or use the server that runs there with --backbone"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "choose a port from 1024 on with --port"
    return "name an address of this machine with --host"


def _private_file(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return open_new(path)
    except OSError as error:
        raise ServingError(f"cannot write the log {path}: {error.strerror}") from None
