"""A power loss at any moment loses nothing that was promised: the simulator of ``benchmarks/power``, in small."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from benchmarks.power.recording import Operation
from benchmarks.power.run import problems, recorded
from benchmarks.power.states import lay_out, state_after
from benchmarks.power.workloads import WORKLOADS

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
@pytest.mark.parametrize("name", WORKLOADS)
def test_nothing_that_was_promised_is_lost(name: str, tmp_path: Path) -> None:
    operations = recorded(name, tmp_path / "recorded")
    assert len(operations) > 50
    for model in ("strict", "ordered"):
        assert not problems(WORKLOADS[name], operations, model, 12, 1, tmp_path / model)


@needs_strace
def test_simulator_sees_a_folder_that_was_not_synced(tmp_path: Path) -> None:
    operations = recorded("journal", tmp_path / "recorded")
    files = {operation.path for operation in operations if operation.kind == "write"}
    forgetful = [operation for operation in operations if operation.kind != "sync" or operation.path in files]
    assert len(forgetful) < len(operations)
    assert problems(WORKLOADS["journal"], forgetful, "strict", 20, 1, tmp_path / "strict")


def test_states_of_a_file_that_is_synced_and_one_that_is_not(tmp_path: Path) -> None:
    operations = [
        Operation("create", "a"),
        Operation("write", "a", data=b"one"),
        Operation("sync", "a"),
        Operation("sync", ""),
        Operation("create", "b"),
        Operation("write", "b", data=b"two"),
        Operation("rename", "b", "c"),
    ]
    seen = set()
    for seed in range(200):
        state = state_after(operations, len(operations), "strict", random.Random(seed))
        assert state["a"] == b"one"
        seen.add((state.get("b"), state.get("c")))
    assert seen == {(None, None), (b"", None), (b"two", None), (None, b""), (None, b"two")}
    lay_out({"folder": None, "folder/x": b"1", "lost/y": b"2"}, tmp_path / "disk")
    assert sorted(path.name for path in (tmp_path / "disk").rglob("*")) == ["folder", "x"]
