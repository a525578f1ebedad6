"""What a disk may hold after the power failed: the states that a file system allows.

``strict`` is POSIX to the letter: what is not synced may be there or not, each name and each block by itself, and a
name is durable only when its folder was synced. ``ordered`` is how ext4 (``data=ordered``) and its kin behave: names change
in the order in which they were changed, and a sync of anything makes all earlier changes of names durable.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from benchmarks.power.recording import Operation

Model = Literal["strict", "ordered"]
_BLOCK = 512


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list[Operation])


@dataclass(frozen=True, slots=True)
class _Renaming:
    """A change of names: ``old`` goes, ``new`` comes to be the file, or the folder where the file is None."""

    folder: str
    old: str = ""
    new: str = ""
    file: _File | None = None


@dataclass(slots=True)
class _Disk:
    model: Model
    live: dict[str, _File | None] = field(default_factory=dict[str, "_File | None"])
    """What the program sees."""
    names: dict[str, _File | None] = field(default_factory=dict[str, "_File | None"])
    """What is durable."""
    pending: list[_Renaming] = field(default_factory=list[_Renaming])

    def take(self, operation: Operation) -> None:
        path = operation.path
        folder = _folder_of(path)
        if operation.kind in ("write", "truncate"):
            file = self.live.get(path)
            if file is not None:
                file.pending.append(operation)
        elif operation.kind == "create":
            self.live[path] = file = _File()
            self.pending.append(_Renaming(folder, new=path, file=file))
        elif operation.kind == "mkdir":
            self.live[path] = None
            self.pending.append(_Renaming(folder, new=path))
        elif operation.kind == "unlink":
            self.live.pop(path, None)
            self.pending.append(_Renaming(folder, old=path))
        elif operation.kind == "rename":
            file = self.live.pop(path, None)
            self.live[operation.other] = file
            self.pending.append(_Renaming(folder, old=path, new=operation.other, file=file))
        elif operation.kind == "sync":
            self._sync(path)

    def _sync(self, path: str) -> None:
        file = self.live.get(path)
        if file is not None:
            for operation in file.pending:
                _apply(file.durable, operation)
            file.pending.clear()
        remaining: list[_Renaming] = []
        for change in self.pending:
            if self.model == "ordered" or (file is None and change.folder == path):
                _rename(self.names, change)
            else:
                remaining.append(change)
        self.pending = remaining

    def crash(self, chance: random.Random) -> dict[str, bytes | None]:
        """One state that the disk may be in; None for a folder."""
        names = dict(self.names)
        if self.model == "ordered":
            survivors = self.pending[: chance.randint(0, len(self.pending))]
        else:
            share = chance.random()
            survivors = [change for change in self.pending if chance.random() < share]
        for change in survivors:
            _rename(names, change)
        state: dict[str, bytes | None] = {}
        for path, file in names.items():
            state[path] = None if file is None else _torn(file, chance)
        return state


def state_after(operations: Sequence[Operation], end: int, model: Model, chance: random.Random) -> dict[str, bytes | None]:
    """A state after the first ``end`` operations."""
    disk = _Disk(model)
    for operation in operations[:end]:
        disk.take(operation)
    return disk.crash(chance)


def lay_out(state: dict[str, bytes | None], folder: Path) -> None:
    """Write a state to disk; what lies in a folder whose name was lost is lost with it."""
    folder.mkdir(parents=True)
    for path in sorted(state):
        content = state[path]
        place = folder / path
        if not place.parent.is_dir():
            continue
        if content is None:
            place.mkdir(exist_ok=True)
        else:
            place.write_bytes(content)


def _torn(file: _File, chance: random.Random) -> bytes:
    """The content with some blocks of what was not synced."""
    content = bytearray(file.durable)
    share = chance.choice((0.0, 0.5, 0.9, 1.0))
    for operation in file.pending:
        if operation.kind == "truncate":
            if chance.random() < share:
                _apply(content, operation)
            continue
        for at in range(0, len(operation.data), _BLOCK):
            if chance.random() < share:
                block = operation.data[at : at + _BLOCK]
                _apply(content, Operation("write", "", offset=operation.offset + at, data=block))
    return bytes(content)


def _apply(content: bytearray, operation: Operation) -> None:
    if operation.kind == "truncate":
        del content[operation.offset :]
        content.extend(bytes(operation.offset - len(content)))
        return
    end = operation.offset + len(operation.data)
    content.extend(bytes(max(0, end - len(content))))
    content[operation.offset : end] = operation.data


def _rename(names: dict[str, _File | None], change: _Renaming) -> None:
    names.pop(change.old, None)
    if change.new:
        names[change.new] = change.file


def _folder_of(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
