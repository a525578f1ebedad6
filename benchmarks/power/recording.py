"""Records what a program does to the files of a folder, with strace, as operations that a simulator can replay."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_CALLS = (
    "openat,open,creat,close,write,pwrite64,lseek,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,"
    "fsync,fdatasync,fchmod"
)
_LINE = re.compile(r"^(?P<pid>\d+)\s+(?P<call>\w+)\((?P<arguments>.*)\)\s+=\s+(?P<result>-?\d+)(?P<rest>.*)$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")
_UNFINISHED = re.compile(r"^(\d+)\s+(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+)\s+<\.\.\. \w+ resumed>(.*)$")
ACK = "acknowledged"
"""The file beside the folder in which the program says what it was told to be durable."""

Kind = Literal["write", "truncate", "create", "mkdir", "rename", "unlink", "sync", "ack"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change, or one promise, in the order in which the system took it."""

    kind: Kind
    path: str
    """Below the folder."""
    other: str = ""
    """The new name of a rename."""
    offset: int = 0
    data: bytes = b""


def record(script: Sequence[str], folder: Path, log: Path) -> list[Operation]:
    """Run ``python SCRIPT... FOLDER ACK`` and give its operations on the files below ``folder``.

    Raises:
        RuntimeError: the program or strace fails.
    """
    acknowledged = folder.parent / ACK
    command = ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={_CALLS}", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, *script, str(folder), str(acknowledged)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"the recorded program failed:\n{done.stderr[-2000:]}")
    return list(_Reader(str(folder), str(acknowledged)).operations(log))


class _Reader:
    """Follows descriptors and their positions through a log of strace; for one process with any threads."""

    def __init__(self, folder: str, acknowledged: str) -> None:
        self._folder = folder
        self._acknowledged = acknowledged
        self._position: dict[int, int] = {}
        self._appends: set[int] = set()
        self._size: dict[str, int] = {}

    def operations(self, log: Path) -> Iterator[Operation]:
        for line in _whole_lines(log):
            match = _LINE.match(line)
            if match is not None and int(match["result"]) >= 0:
                yield from self._read(match["call"], match["arguments"], int(match["result"]))

    def _read(self, call: str, arguments: str, result: int) -> Iterator[Operation]:
        names = [_unescaped(text).decode(errors="replace") for text in _STRING.findall(arguments)]
        if call in ("openat", "open", "creat"):
            yield from self._opened(names[0], arguments, result)
        elif call in ("rename", "renameat", "renameat2"):
            if self._inside(names[0]):
                self._size[names[1]] = self._size.pop(names[0], 0)
                yield Operation("rename", self._below(names[0]), self._below(names[1]))
        elif call in ("unlink", "unlinkat") and self._inside(names[0]):
            self._size.pop(names[0], None)
            yield Operation("unlink", self._below(names[0]))
        elif call in ("mkdir", "mkdirat") and self._inside(names[0]):
            yield Operation("mkdir", self._below(names[0]))
        else:
            yield from self._on_descriptor(call, arguments, result)

    def _opened(self, path: str, arguments: str, descriptor: int) -> Iterator[Operation]:
        if not self._inside(path) and path != self._acknowledged:
            return
        self._position[descriptor] = 0
        self._appends.discard(descriptor)
        if "O_APPEND" in arguments:
            self._appends.add(descriptor)
        if "O_CREAT" in arguments and path not in self._size:
            self._size[path] = 0
            if self._inside(path):
                yield Operation("create", self._below(path))
        if "O_TRUNC" in arguments and self._size.get(path):
            self._size[path] = 0
            yield Operation("truncate", self._below(path))

    def _on_descriptor(self, call: str, arguments: str, result: int) -> Iterator[Operation]:
        match = _DESCRIPTOR.match(arguments)
        if match is None:
            return
        descriptor = int(match[1])
        path = _unescaped(match[2]).decode(errors="replace")
        if path == self._acknowledged and call == "write":
            yield Operation("ack", "", data=_written(arguments)[:result])
        if not self._inside(path):
            return
        if call in ("fsync", "fdatasync"):
            yield Operation("sync", self._below(path))
        elif call == "lseek":
            self._position[descriptor] = result
        elif call == "ftruncate":
            size = int(arguments.rsplit(",", 1)[1])
            self._size[path] = size
            yield Operation("truncate", self._below(path), offset=size)
        elif call in ("write", "pwrite64"):
            data = _written(arguments)[:result]
            at = self._position.get(descriptor, 0)
            if call == "pwrite64":
                at = int(arguments.rsplit(",", 1)[1])
            elif descriptor in self._appends:
                at = self._size.get(path, 0)
            if call == "write":
                self._position[descriptor] = at + len(data)
            self._size[path] = max(self._size.get(path, 0), at + len(data))
            yield Operation("write", self._below(path), offset=at, data=data)

    def _inside(self, path: str) -> bool:
        return path == self._folder or path.startswith(f"{self._folder}/")

    def _below(self, path: str) -> str:
        return path[len(self._folder) + 1 :]


def _whole_lines(log: Path) -> Iterator[str]:
    """The lines of the log, those of a call that another thread interrupted put together again, where they ended."""
    begun: dict[str, str] = {}
    with log.open(encoding="ascii", errors="replace") as file:
        for line in file:
            unfinished = _UNFINISHED.match(line.rstrip("\n"))
            resumed = _RESUMED.match(line.rstrip("\n"))
            if unfinished is not None:
                begun[unfinished[1]] = unfinished[2]
            elif resumed is not None and resumed[1] in begun:
                yield f"{resumed[1]} {begun.pop(resumed[1])}{resumed[2]}"
            else:
                yield line.rstrip("\n")


def _written(arguments: str) -> bytes:
    texts = _STRING.findall(arguments)
    return _unescaped(texts[0]) if texts else b""


def _unescaped(text: str) -> bytes:
    if "\\x" not in text:
        return text.encode()
    return bytes.fromhex(text.replace("\\x", ""))
