"""Cuts the power at random moments of recorded work and checks that nothing that was promised is lost.

The file operations of four workloads (journal of a replay, record of a knowledge base, reply cache, conversations) are
recorded with strace once; then states that the disk may be in after a power loss are made from them, under two models of a
file system, and opened by CLARA again.

    python -m benchmarks.power.run [--states 150] [--seed 0] [--only journal,chat]
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.power.recording import Operation, record
from benchmarks.power.states import Model, lay_out, state_after
from benchmarks.power.workloads import WORKLOADS, Workload


def recorded(name: str, work: Path) -> list[Operation]:
    """The operations of a workload."""
    folder = work / "disk"
    folder.mkdir(parents=True)
    return record(["-m", "benchmarks.power.workloads", name], folder, work / "strace.log")


def problems(
    workload: Workload, operations: Sequence[Operation], model: Model, states: int, seed: int, work: Path
) -> Counter[str]:
    """What does not hold, and in how many states."""
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    for number in range(states):
        end = chance.randint(1, len(operations))
        promised = {int(operation.data) for operation in operations[:end] if operation.kind == "ack"}
        folder = work / f"{model}-{number}"
        lay_out(state_after(operations, end, model, chance), folder)
        try:
            workload.check(folder, promised)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what this looks for
            counts[f"{type(error).__name__}: {error}".replace(str(folder), "")] += 1
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--states", type=int, default=150, help="states a workload and model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    options = parser.parse_args(arguments)
    total = failed = 0
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            operations = recorded(name, Path(folder) / "recorded")
            promises = sum(operation.kind == "ack" for operation in operations)
            for model in get_args(Model):
                work = Path(folder) / model
                counts = problems(WORKLOADS[name], operations, model, options.states, options.seed, work)
                total, failed = total + options.states, failed + counts.total()
                print(f"{name:<8} {model:<8} {len(operations):>5} operations, {promises:>3} promises, "
                      f"{options.states} states, {counts.total()} problems", flush=True)  # fmt: skip
                for problem, number in counts.most_common(5):
                    print(f"         {number} times: {problem}")
    print(f"{total} states, {failed} with problems")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
