"""A replay is killed at random moments and resumed, again and again; the journal must not show it.

SIGKILL ends it, or with ``--signals`` one of seven signals each time.

python -m benchmarks.kill_replay [--kills 100] [--seed 0] [--signals]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.bench.replay.instant import replay_sample
from tests.bench.replay.kills import ENDING, comparable, kill_and_resume, records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signals", action="store_true", help="seven signals, one of them at random each time")
    options = parser.parse_args()
    signals = ENDING if options.signals else ENDING[:1]
    what = {"questions": 72, "repeat": max(1, options.kills // 12), "delay": 0.02}
    with tempfile.TemporaryDirectory() as folder:
        killed, undisturbed = Path(folder) / "killed", Path(folder) / "undisturbed"
        begin = time.monotonic()
        story = kill_and_resume(killed, options.kills, seed=options.seed, longest=0.8, signals=signals, **what)
        seconds = time.monotonic() - begin
        replay_sample(undisturbed, **what | {"delay": 0.0})
        survived, expected = comparable(records(killed)), comparable(records(undisturbed))
    print(
        f"{story.kills} kills and resumes in {seconds:.0f} s; {story.torn} left half a line; records kept after each kill:"
    )
    print(" ".join(map(str, story.held)))
    print(f"{len(survived)} of {len(expected)} items in the journal, each once")
    if survived != expected:
        raise SystemExit("the journal differs from that of an undisturbed run")
    print("equal to the journal of an undisturbed run, times aside")


if __name__ == "__main__":
    main()
