"""Replays a data set: every strategy, language and repeat in one bounded pool."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from clara.agent.strategies import Strategy
from clara.bench.datasets import Dataset, Item
from clara.bench.journal import Journal, Record
from clara.bench.scoring import outcome
from clara.config import Settings
from clara.errors import BackboneUnreachable, ClaraError
from clara.types import Answer, Question

_IMMATERIAL = frozenset(
    {
        "home",
        "backbone",
        "concurrency",
        "timeout",
        "connect_timeout",
        "retries",
        "cache",
        "cache_size_mb",
        "strategy",
        "prompts",
    }
)
"""Settings that do not change what an answer is."""


class Answers(Protocol):
    """What the runner needs of :class:`clara.agent.runner.Agent`."""

    async def run(self, question: Question, strategy: Strategy) -> Answer: ...


Job = tuple[Strategy, int, Item]
Progress = Callable[[int, int], None]


def manifest(
    dataset: Dataset, strategies: Iterable[Strategy], repeat: int, model: str, prompts: str, settings: Settings
) -> dict[str, Any]:
    """What a run is; two runs with the same manifest may share a folder."""
    public = settings.public()
    ids = "\n".join(f"{item.language} {item.id}" for item in dataset.items)
    return {
        "version": 1,
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "items": hashlib.sha256(ids.encode()).hexdigest()[:16],
        "languages": list(dataset.languages),
        "strategies": [strategy.name for strategy in strategies],
        "repeat": repeat,
        "model": model,
        "prompts": prompts,
        "settings": {name: value for name, value in public.items() if name not in _IMMATERIAL},
    }


async def replay(
    agent: Answers,
    dataset: Dataset,
    strategies: Sequence[Strategy],
    journal: Journal,
    *,
    repeat: int = 1,
    concurrency: int = 32,
    progress: Progress = lambda _done, _total: None,
) -> list[Record]:
    """Answer what the journal does not hold yet and return all records.

    Raises:
        BackboneUnreachable: the very first item could not reach the server.
    """
    jobs = [(strategy, turn, item) for strategy in strategies for turn in range(repeat) for item in dataset.items]
    done = {(r["strategy"], r["repeat"], r["language"], r["id"]) for r in journal.records}
    left = [job for job in jobs if _key(job) not in done]
    progress(len(jobs) - len(left), len(jobs))
    if left and not journal.records:
        journal.append(await _answer(agent, left.pop(0), first=True))
        progress(len(journal.records), len(jobs))
    queue = iter(left)

    async def work() -> None:
        for job in queue:
            journal.append(await _answer(agent, job))
            progress(len(journal.records), len(jobs))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(left))):
            group.create_task(work())
    return journal.records


def _key(job: Job) -> tuple[str, int, str, str]:
    strategy, turn, item = job
    return strategy.name, turn, item.language, item.id


async def _answer(agent: Answers, job: Job, *, first: bool = False) -> Record:
    strategy, turn, item = job
    record: Record = {
        "strategy": strategy.name,
        "repeat": turn,
        "id": item.id,
        "language": item.language,
        "gold": item.gold,
        "options": len(item.question.options),
    }
    try:
        answer = await agent.run(item.question, strategy)
    except ClaraError as error:
        if first and isinstance(error, BackboneUnreachable):
            raise
        return record | {"outcome": "no_response", "label": None, "error": str(error), "usage": {}}
    return record | {
        "outcome": outcome(answer, item.gold),
        "label": answer.label,
        "error": None,
        "rounds": answer.rounds,
        "confidence": answer.confidence,
        "usage": answer.usage.to_json(),
    }
