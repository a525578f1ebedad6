"""Kills a replay at random moments until it is through, and checks what the journal holds after each."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clara.bench.replay.journal import read_run
from tests.bench.replay.instant import replay_sample

CONTEXT = multiprocessing.get_context("forkserver")
"""Processes that start at once, because their parent has imported CLARA, and that share nothing with this one."""
CONTEXT.set_forkserver_preload(["tests.bench.replay.instant"])


@dataclass
class Kills:
    """What happened."""

    kills: int = 0
    held: list[int] = field(default_factory=list)
    """Records in the journal after each kill."""
    torn: int = 0
    """Kills that left half a line."""


ENDING = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV)
"""Signals that people, shells, schedulers and faults end a process with."""


def kill_and_resume(
    folder: Path,
    kills: int,
    *,
    seed: int = 0,
    longest: float = 0.3,
    signals: Sequence[signal.Signals] = (signal.SIGKILL,),
    **what: Any,
) -> Kills:
    """End a replay by a signal ``kills`` times, each up to ``longest`` seconds after it begins to open its journal.

    Then it may end by itself.

    Raises:
        AssertionError: a record that was in the journal is gone or changed after a kill, or the replay fails.
    """
    chance = random.Random(seed)
    story = Kills()
    before: list[dict[str, Any]] = []
    while True:
        opening = CONTEXT.Event()
        process = CONTEXT.Process(target=replay_sample, args=(folder,), kwargs={**what, "opening": opening})
        process.start()
        if story.kills < kills:
            opening.wait(60)
            time.sleep(chance.uniform(0.0, longest))
            os.kill(process.pid or 0, chance.choice(signals))
        process.join(120)
        now = records(folder)
        assert now[: len(before)] == before
        before = now
        if story.kills == kills:
            assert process.exitcode == 0
            return story
        by_signal = process.exitcode in [-number for number in signals]
        interrupted = process.exitcode == 1 and signal.SIGINT in signals
        assert by_signal or interrupted, f"the replay ended with {process.exitcode} after {story.kills} kills"
        story.kills += 1
        story.held.append(len(now))
        story.torn += torn(folder)


def records(folder: Path) -> list[dict[str, Any]]:
    """The records of a run that may have been killed before it wrote its manifest."""
    return read_run(folder)[1] if (folder / "manifest.json").exists() else []


def torn(folder: Path) -> bool:
    """True if the journal ends in the middle of a line."""
    journal = folder / "journal.jsonl"
    raw = journal.read_bytes() if journal.exists() else b""
    return bool(raw) and not raw.endswith(b"\n")


def comparable(records: list[dict[str, Any]]) -> dict[tuple[str, int, str, str], dict[str, Any]]:
    """Records by item without their times; fails if an item stands twice."""
    found = {(r["strategy"], r["repeat"], r["language"], r["id"]): _timeless(r) for r in records}
    assert len(found) == len(records)
    return found


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(part) for key, part in value.items() if key != "seconds"}
    return [_timeless(part) for part in value] if isinstance(value, list) else value
