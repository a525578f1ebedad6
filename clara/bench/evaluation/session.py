"""One replay from beginning to end: the agent, the journal, the workers and what is reported on the way."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from clara.bench.replay.coverage import refuse_uncovered
from clara.bench.replay.journal import MANIFEST, AnswerRecord, Journal
from clara.bench.replay.manifest import changed_versions, describe, knowledge_of, note
from clara.bench.replay.tally import Tally
from clara.errors import UsageError

if TYPE_CHECKING:
    from clara.agent.runner import Agent
    from clara.agent.strategies import Strategy
    from clara.backbone.base import Backbone, BackboneInfo
    from clara.bench.datasets import Dataset
    from clara.bench.replay.runner import Work
    from clara.config import Settings


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often items are asked, where the work is done, and how a replay goes on or stops."""

    repeat: int = 1
    resume: bool = False
    retry_failed: bool = False
    max_errors: int | None = None
    ray: str | None = None
    processes: int | None = None


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What a replay does, and where it keeps its journal."""

    settings: Settings
    source: str
    """Name or path that the data set was loaded from."""
    data: Dataset
    strategies: Sequence[Strategy]
    folder: Path
    root: Path
    """The folder that was asked for: with several models each has a folder of its own in it."""
    schedule: Schedule = Schedule()
    backbone: Backbone | None = None
    """Who thinks, in place of what the settings name; such a replay stays in this process."""

    @property
    def jobs(self) -> int:
        """How many answers are asked for."""
        return len(self.data.items) * len(self.strategies) * self.schedule.repeat

    @property
    def is_own(self) -> bool:
        """True if a strategy answers by itself: its module may be known in this process only."""
        return any(strategy.solve is not None for strategy in self.strategies)


class Observer(Protocol):
    """Follows a replay."""

    @property
    def tally(self) -> Tally:
        """Is kept up to date."""
        ...

    def begin(self, plan: ReplayPlan, info: BackboneInfo) -> None:
        """Take who answers, before anything is asked."""
        ...

    def report(self, sentence: str) -> None:
        """Take a fact about the run that is done."""
        ...

    def warn(self, sentence: str) -> None:
        """Take what a reader of the results must know."""
        ...

    def watching(self) -> AbstractContextManager[object]:
        """Open while questions are answered."""
        ...


class SilentObserver:
    """Keeps the counts and the warnings, and shows nothing."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.warnings: list[str] = []

    def begin(self, plan: ReplayPlan, info: BackboneInfo) -> None:
        """Drop it."""

    def report(self, sentence: str) -> None:
        """Drop it."""

    def warn(self, sentence: str) -> None:
        """Keep it."""
        self.warnings.append(sentence)

    def watching(self) -> AbstractContextManager[object]:
        """Nothing to open."""
        return nullcontext()


async def run_plan(plan: ReplayPlan, observer: Observer) -> None:
    """Do what the plan's journal does not hold yet.

    Raises:
        UsageError: a language of the data is not covered, or Ray cannot know a strategy.
        JournalError: the folder holds a run of something else.
        BackboneError, StoreError, ReplayStopped, WriteError: as :func:`clara.bench.replay.runner.replay` says.
    """
    from clara.assembly import build_agent
    from clara.bench.replay.runner import TOGETHER, replay

    if plan.schedule.ray is not None and plan.is_own:
        raise UsageError("a strategy that answers by itself stays in this process: leave out --ray")
    agent = build_agent(plan.settings, backbone=plan.backbone)
    again = _had_no_response if plan.schedule.retry_failed else None
    try:
        info = await agent.backbone.info()
        refuse_uncovered(plan.data, info)
        observer.begin(plan, info)
        manifest = await _manifest(plan, agent)
        with Journal(plan.folder, manifest, resume=plan.schedule.resume, again=again) as journal:
            _report_resumed(journal, observer)
            async with _workers(plan, agent) as (work, size), _prefix_cache(agent, journal, observer):
                with observer.watching():
                    await replay(
                        work,
                        plan.data,
                        plan.strategies,
                        journal,
                        repeat=plan.schedule.repeat,
                        concurrency=size,
                        together=TOGETHER,
                        max_failures=plan.schedule.max_errors,
                        tally=observer.tally,
                    )
    finally:
        await agent.aclose()


def _had_no_response(record: AnswerRecord) -> bool:
    return record["outcome"] == "no_response"


@asynccontextmanager
async def _prefix_cache(agent: Agent, journal: Journal, observer: Observer) -> AsyncGenerator[None]:
    """Report at the end, also in the manifest, how many prompt tokens the servers found in their prefix cache."""
    from clara.bench.replay.runner import PrefixCache

    cache = PrefixCache(agent.backbone)
    await cache.begin()
    yield
    used = await cache.end()
    if used is not None:
        note(journal.folder / MANIFEST, prefix_cache=used)
        share = 100 * used["hits"] / used["queries"]
        observer.report(f"prefix cache: {share:.1f} % of the servers' {used['queries']:,} prompt tokens")


@asynccontextmanager
async def _workers(plan: ReplayPlan, agent: Agent) -> AsyncGenerator[tuple[Work, Callable[[], int]]]:
    """Who answers, and how many items to keep at work: this process, several, or the actors of a Ray cluster."""
    from clara.assembly import build_agent
    from clara.bench.replay.processes import ProcessWork, default_processes
    from clara.bench.replay.runner import local, pool_size

    if plan.schedule.ray is not None:
        from clara.bench.replay.distributed import RayWork

        async with RayWork(partial(build_agent, plan.settings), plan.strategies, plan.schedule.ray) as work:
            yield work, work.concurrency
        return
    processes = plan.schedule.processes or default_processes(plan.jobs, os.cpu_count() or 1)
    if processes > 1 and plan.backbone is None and not plan.is_own:
        async with ProcessWork(partial(build_agent, _shared(plan.settings, processes)), plan.strategies, processes) as work:
            yield work, work.concurrency
        return
    uses_model = (await agent.backbone.info()).uses_model
    yield local(agent), pool_size(agent.backbone, plan.settings, uses_model=uses_model)


def _shared(settings: Settings, processes: int) -> Settings:
    """The settings of one of several processes, which together keep to the number of requests that was asked for."""
    if settings.concurrency is None:
        return settings
    return settings.model_copy(update={"concurrency": -(-settings.concurrency // processes)})


async def _manifest(plan: ReplayPlan, agent: Agent) -> dict[str, Any]:
    from clara.bench.audit.audit import audit_dataset
    from clara.tasks.prompts import PromptLibrary

    audit = audit_dataset(plan.data)
    flagged_keys = audit.flagged()
    flagged: list[dict[str, str]] = []
    for problem in audit.problems:
        if (problem.id, problem.language) in flagged_keys:
            flagged.append(problem.to_json())
    searches = any(strategy.searches for strategy in plan.strategies)
    weighs = any(strategy.has("weigh") for strategy in plan.strategies)
    return describe(
        plan.data,
        plan.strategies,
        plan.schedule.repeat,
        await agent.backbone.info(),
        plan.settings,
        prompts=PromptLibrary(plan.settings.prompts).fingerprint,
        knowledge=await knowledge_of(agent.retriever) if searches else {},
        source=plan.source,
        flagged=flagged,
        skills=await agent.backbone.skills() if weighs else None,
    )


def _report_resumed(journal: Journal, observer: Observer) -> None:
    """Report what a reader of the results should know about a run that was resumed."""
    if journal.damaged:
        lines = ", ".join(map(str, journal.damaged))
        observer.warn(f"warning: damaged lines were moved to aside.jsonl, their items are asked again: {lines}")
    changed = changed_versions(journal.manifest)
    if changed:
        observer.warn(f"warning: this run goes on with other versions: {', '.join(changed)}")
