"""Several processes behind one port."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.service.conftest import Running, home_with, started


def workers_of(running: Running) -> list[int]:
    """The serving processes below the first one; multiprocessing has a helper there too."""
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, command in commands.items() if b"spawn_main" in command]


def ask(running: Running, number: int) -> int:
    return running.post("/v1/ask", {"question": f"What is a cataract, case {number}?", "strategy": "rag"}).status_code


def test_workers_share_the_port_and_a_killed_one_is_replaced_and_none_outlives_the_first(
    built_home: Path, tmp_path: Path
) -> None:
    with started(home_with(built_home, tmp_path / "home"), "--workers", "2") as running:
        running.wait_ready(180)
        first = workers_of(running)
        assert len(first) == 2
        until = time.monotonic() + 120
        while running.text.count("clara.service.service ready") < 2 and time.monotonic() < until:
            time.sleep(0.5)
        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(lambda number: ask(running, number), range(16)))
        assert statuses == [200] * 16
        assert running.metric("clara_questions_total") == 16
        os.kill(first[0], signal.SIGKILL)
        until = time.monotonic() + 120
        while len(set(workers_of(running)) - {first[0]}) < 2 and time.monotonic() < until:
            time.sleep(0.3)
        second = workers_of(running)
        assert len(second) == 2
        assert first[0] not in second
        running.wait_ready(180)
        assert ask(running, 99) == 200
        assert running.metric("clara_in_flight") == 0
        running.process.kill()
        until = time.monotonic() + 90
        while any(Path(f"/proc/{pid}").exists() for pid in second) and time.monotonic() < until:
            time.sleep(0.3)
        assert not [pid for pid in second if Path(f"/proc/{pid}").exists()]
