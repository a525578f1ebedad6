"""What CLARA itself costs a question: a replay of the sample benchmark with a backbone that replies at once.

Everything but the model is real: the graph, the guards, the glossary, the runner's pool and the journal on disk. Prints
items a second (wall clock, disturbed by whatever else runs) and CPU milliseconds an item (all threads; the one to compare).

    python benchmarks/runner_overhead.py [--items 504] [--concurrency 64] [--strategy direct,clara] [--profile clara]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.replay.journal import Journal
from clara.bench.replay.runner import local, replay
from clara.bench.replay.tally import Tally
from clara.config import Settings
from clara.knowledge.glossary import shipped_glossary
from clara.tasks.model import AssessOut, ChoiceOut, GradeOut, LocalizeOut, RewriteOut, TermsOut, TranslateOut, VerifyOut
from clara.testing import FixedRetriever, ScriptedBackbone
from clara.types import Passage, Question

PASSAGES = tuple(
    Passage(
        id=f"note-{n}#0",
        title=f"Note {n}",
        text="The lens lies behind the iris and is held by the zonule. It loses its accommodation with age. " * 8,
        source="Eye Wiki, https://example.org/",
        kind="textbook",
        score=1.0 / n,
    )
    for n in range(1, 7)
)


def instant_agent(data: Dataset) -> Agent:
    """An agent whose backbone and retriever answer without waiting; it translates by looking the English version up."""
    english = {item.id: item.question for item in data.items if item.code == "en"}
    translations = {item.question.text: _translation(english[item.id]) for item in data.items}
    backbone = ScriptedBackbone()
    backbone.always("translate", lambda task: translations[task.stem])
    backbone.always("assess", AssessOut(adequate=True))
    backbone.always("terms", TermsOut(terms=("cornea", "lens", "retina")))
    backbone.always("grade", GradeOut(relevant=(1, 2, 3), sufficient=True))
    backbone.always("rewrite", RewriteOut(query="another query"))
    backbone.always(
        "answer_choice", ChoiceOut(reasoning="The lens accommodates.", citations=(1, 2), label="B", confidence=0.8)
    )
    backbone.always("verify", VerifyOut(reason="The passage says so.", grounded=True, answers_question=True))
    backbone.always("localize", LocalizeOut(answer="B"))
    return Agent(backbone, FixedRetriever(PASSAGES), shipped_glossary(), Settings())


def _translation(question: Question) -> TranslateOut:
    return TranslateOut(stem=question.text, options={option.label: option.text for option in question.options})


def measure(data: Dataset, strategy: Strategy, concurrency: int) -> tuple[float, float]:
    """Wall seconds and CPU seconds of one replay of ``data``."""
    agent = instant_agent(data)

    async def work(folder: Path) -> Tally:
        with Journal(folder, {"version": 0}) as journal:
            return await replay(local(agent), data, [strategy], journal, concurrency=concurrency)

    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        tally = asyncio.run(work(Path(folder) / "run"))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if tally.done != len(data.items) or tally.failed:
        raise SystemExit(f"{tally.done} records for {len(data.items)} items, {tally.failed} failed: {tally.last_failure}")
    return wall, cpu


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=504, help="items a replay (the sample has 504)")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3, help="replays a strategy; the median is shown")
    parser.add_argument("--strategy", default="direct,translate,rag,translate_rag,clara")
    parser.add_argument("--profile", metavar="STRATEGY", help="print where the time of one strategy goes")
    options = parser.parse_args(arguments)
    data = load_dataset("sample").select([], max(1, options.items // 7))
    names = [options.profile] if options.profile else options.strategy.split(",")
    measure(data, get_strategy("clara"), options.concurrency)  # warm: glossary index, imports, compiled graph
    if options.profile:
        with cProfile.Profile() as profile:
            measure(data, get_strategy(options.profile), options.concurrency)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        return
    print(f"{len(data.items)} items, {options.concurrency} in flight, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'strategy':<16}{'items/s':>9}{'CPU ms/item':>13}{'items per CPU second':>22}")
    for name in names:
        runs = [measure(data, get_strategy(name), options.concurrency) for _ in range(options.repeat)]
        wall, cpu = (statistics.median(run[i] for run in runs) / len(data.items) for i in (0, 1))
        print(f"{name:<16}{1 / wall:>9.0f}{1000 * cpu:>13.2f}{1 / cpu:>22.0f}")


if __name__ == "__main__":
    main()
