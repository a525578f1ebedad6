"""What each strategy and each step is worth: accuracy per language, the gap between languages, and its change against
``rag``.

    .venv/bin/python benchmarks/ablation.py                    # sample benchmark, and the real development set where it is
    .venv/bin/python benchmarks/ablation.py --backbone http://127.0.0.1:8000/v1 --limit 20

Without ``--backbone`` the embedded profile answers, which uses no language model. The knowledge base must have been built
(``clara kb build``).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clara.agent.runner import Agent
from clara.agent.strategies import REQUIRED, STRATEGIES, Strategy
from clara.assembly import build_agent
from clara.bench import parity
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.figures.paired import Table, tables_of
from clara.bench.figures.results import metrics
from clara.bench.figures.runs import runs_of
from clara.bench.replay.journal import AnswerRecord
from clara.bench.replay.runner import Job, answer, jobs
from clara.config import Settings

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "multi_ophthalingua" / "questions_dev.csv"
BASELINE = "rag"


def variants() -> list[Strategy]:
    """Every strategy, then ``clara`` without each step that it can do without."""
    whole = STRATEGIES["clara"]
    return [*STRATEGIES.values(), *(whole.without(step) for step in sorted(whole.steps - REQUIRED))]


async def replay(agent: Agent, dataset: Dataset, strategies: Sequence[Strategy], at_once: int) -> list[AnswerRecord]:
    """Answer every item with every strategy; nothing is written."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Job) -> AnswerRecord:
        async with gate:
            return await answer(agent, job)

    return list(await asyncio.gather(*(one(job) for job in jobs(dataset, strategies, 1))))


def gap_change(table: Table, baseline: Table) -> tuple[float, float, float]:
    """Change of the max-min gap against the baseline in points, with its 95 % interval paired on the question."""
    names = list(table.columns)
    both = np.column_stack([*(table.columns[n] for n in names), *(baseline.columns[n] for n in names)])
    means = np.vstack([np.nanmean(both, axis=0), parity.resampled_means(both)])
    gaps = [np.max(part, axis=1) - np.min(part, axis=1) for part in (means[:, : len(names)], means[:, len(names) :])]
    change = 100 * (gaps[0] - gaps[1])
    low, high = parity.percentile_interval(change[1:])
    return float(change[0]), float(low), float(high)


def report(dataset: Dataset, records: list[AnswerRecord], seconds: float) -> None:
    """Print one data set's table."""
    runs = runs_of(records, manifest={"fingerprint": dataset.fingerprint})
    entries: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in metrics(runs)["runs"]}
    tables = {table.run.name: table for table in tables_of(runs)}
    languages = list(next(iter(tables.values())).columns)
    questions = len({record["id"] for record in records})
    print(f"\n{dataset.name}: {questions} questions, {len(languages)} languages, {len(entries)} strategies, {seconds:.0f} s")
    print(
        f"{'accuracy, %':<26}"
        + "".join(f"{name[:7]:>8}" for name in languages)
        + f"{'mean':>7}{'gap':>7}{'against rag [95 %]':>26}"
    )
    for name, entry in entries.items():
        cells = "".join(f"{entry['languages'][language]['accuracy']:8.1f}" for language in languages)
        change, low, high = gap_change(tables[name], tables[BASELINE])
        versus = "" if name == BASELINE else f"{change:+7.1f} [{low:+6.1f}, {high:+6.1f}]"
        chance = "  chance" if entry["near_chance"] else ""
        print(f"{name:<26}{cells}{entry['mean']:7.1f}{entry['max_min_gap']:7.1f}{versus:>26}{chance}")
    if any(entry["near_chance"] for entry in entries.values()):
        print("chance: not better than guessing over all languages; a small gap there is no fairness.")
    unanswered = sum(record["outcome"] in ("no_response", "unparsed") for record in records)
    if unanswered:
        print(
            f"{unanswered} answers without a usable reply; the first: {next(r['error'] for r in records if r.get('error'))}"
        )


async def run(arguments: argparse.Namespace) -> None:
    """Both data sets."""
    settings = Settings(backbone=(arguments.backbone,)) if arguments.backbone else Settings()
    agent = build_agent(settings)
    try:
        for source in (arguments.only,) if arguments.only else ("sample", REAL):
            if Path(source) == REAL and not REAL.is_file():
                print(f"\nMulti-OphthaLingua: skipped, {REAL} is not there")
                continue
            dataset = load_dataset(source).select(limit=arguments.limit)
            begin = time.perf_counter()
            records = await replay(agent, dataset, variants(), arguments.at_once)
            report(dataset, records, time.perf_counter() - begin)
    finally:
        await agent.aclose()


def main() -> int:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--backbone", help="base URL of an OpenAI-compatible server; the embedded profile if not given")
    parser.add_argument("--only", help="one data set, by name or path, instead of the two")
    parser.add_argument("--limit", type=int, help="questions of each data set; all if not given")
    parser.add_argument("--at-once", type=int, default=8, help="questions at work at the same time (default 8)")
    asyncio.run(run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
