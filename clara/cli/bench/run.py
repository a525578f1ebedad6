"""``clara bench run``: answer every question of a data set with one or more strategies."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from clara.cli.bench.options import HtmlOption, MappingOption, output, split
from clara.cli.options import NOTHING_GIVEN, CommonOptions, JsonOption, QuietOption, grouped, interface_of, without_cache

if TYPE_CHECKING:
    from clara.agent.runner import Agent
    from clara.agent.strategies import Strategy
    from clara.bench.datasets import Dataset
    from clara.bench.figures.runs import Run
    from clara.bench.replay.journal import Journal
    from clara.bench.replay.runner import Work
    from clara.bench.replay.tally import Tally
    from clara.config import Settings


class RunCommand(TyperCommand):
    """Lets ``--ray`` stand without an address; it then starts Ray on this machine."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        for at in reversed(range(len(args))):
            following = args[at + 1 : at + 2]
            if args[at] == "--ray" and (not following or following[0].startswith("-")):
                from clara.bench.replay.distributed import HERE

                given.insert(at + 1, HERE)
        return super().parse_args(ctx, given)


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What a replay does, and where it keeps its journal."""

    settings: Settings
    source: str
    data: Dataset
    strategies: Sequence[Strategy]
    folder: Path
    repeat: int
    resume: bool
    retry_failed: bool
    max_errors: int | None
    ray: str | None
    processes: int | None
    quiet: bool

    @property
    def jobs(self) -> int:
        """How many answers are asked for."""
        return len(self.data.items) * len(self.strategies) * self.repeat

    @property
    def go_on(self) -> str:
        """How to resume."""
        return f"go on with the same command and --resume --out {self.folder}"


DatasetArgument = Annotated[str, typer.Argument(help="sample, a named set, or a file.")]
StrategyOption = Annotated[
    str | None, typer.Option("--strategy", "-s", help="S[,S...]; S-STEP leaves a step out.", show_default=False)
]
LanguagesOption = Annotated[str, typer.Option("--languages", help="L,... (default: all)", show_default=False)]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="First N questions.", show_default=False)]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder.", show_default=False)]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="With --resume: ask again what had no response.")]
RepeatOption = Annotated[int, typer.Option("--repeat", min=1, help="Ask everything N times.")]
VotesOption = Annotated[int | None, typer.Option("--samples", min=1, help="Votes an answer.", show_default=False)]
EveryOrderOption = Annotated[bool, typer.Option("--permute-options", help="Vote over every option order.")]
WithoutOption = Annotated[list[str] | None, typer.Option("--without", metavar="STEP", help="Leave a step out.")]
FreshOption = Annotated[bool, typer.Option("--no-cache", help="Keep and reuse no replies.")]
MaxErrorsOption = Annotated[
    int | None, typer.Option("--max-errors", min=1, help="Stop when N items had no response.", show_default=False)
]
RayOption = Annotated[
    str | None, typer.Option("--ray", metavar="[ADDRESS]", help="Spread over a Ray cluster.", show_default=False)
]

ProcessesOption = Annotated[
    int | None,
    typer.Option("--processes", min=1, help="Spread over processes (default: by work and cores).", show_default=False),
]


@grouped
def run(
    dataset: DatasetArgument,
    strategy: StrategyOption = None,
    languages: LanguagesOption = "",
    limit: LimitOption = None,
    mapping: MappingOption = None,
    out: OutOption = None,
    resume: ResumeOption = False,
    retry_failed: RetryOption = False,
    repeat: RepeatOption = 1,
    samples: VotesOption = None,
    permute_options: EveryOrderOption = False,
    without: WithoutOption = None,
    no_cache: FreshOption = False,
    max_errors: MaxErrorsOption = None,
    ray: RayOption = None,
    processes: ProcessesOption = None,
    html: HtmlOption = None,
    common: CommonOptions = NOTHING_GIVEN,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer every question of a data set and print the parity table."""
    from clara.bench.datasets import load_dataset
    from clara.bench.figures.runs import read_runs
    from clara.cli.output import tell

    _fit_together(out, resume=resume, retry_failed=retry_failed, is_shared_twice=bool(ray and processes))
    settings = common.settings(samples=samples, permute_options=permute_options or None, cache=without_cache(no_cache))
    chosen = strategies(split(strategy or settings.strategy), without or ())
    names = split(languages)
    data = load_dataset(dataset, mapping=mapping, home=settings.home, languages=names).select(names, limit)
    folder = out or settings.home / "runs" / f"{data.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    still = quiet or as_json
    keeping = (folder, repeat, resume, retry_failed, max_errors)
    _replay(ReplayPlan(settings, dataset, data, chosen, *keeping, ray, processes, quiet=still))
    runs = read_runs([folder])
    reason = failed_entirely(runs)
    if reason:
        tell(f"no item was answered: {reason}")
    if not still:
        tell(f"the answers are in {folder}")
    output(runs, html, as_json=as_json)
    if reason:
        raise typer.Exit(1)


def failed_entirely(runs: Sequence[Run]) -> str:
    """Why no item of any run has a response, as the last one says it; empty if one has."""
    reason = ""
    for run in runs:
        for record in run.records:
            if record["outcome"] != "no_response":
                return ""
            reason = record.get("error") or "the backbone gave no reply"
    return reason


def _fit_together(out: Path | None, *, resume: bool, retry_failed: bool, is_shared_twice: bool) -> None:
    """Refuse options that need another one, or exclude each other.

    Raises:
        UsageError: the other one is missing, or given as well.
    """
    from clara.errors import UsageError

    if resume and out is None:
        raise UsageError("--resume needs the run folder: give it with --out DIR")
    if retry_failed and not resume:
        raise UsageError("--retry-failed asks again what an earlier run could not: give it with --resume --out DIR")
    if is_shared_twice:
        raise UsageError("--ray and --processes both say where the work is done: give one of them")


def strategies(names: Sequence[str], without: Sequence[str] = ()) -> list[Strategy]:
    """Strategies by name, each once; ``clara-grade`` is ``clara`` less a step, ``without`` takes from all.

    Raises:
        UsageError: a name or a step is unknown, or the step cannot be left out.
    """
    from clara.agent.strategies import get_strategy

    chosen: dict[str, Strategy] = {}
    for name in names:
        base, *less = name.split("-")
        strategy = get_strategy(base).without(*less)
        strategy.without(*without)  # raises for an unknown step
        strategy = strategy.without(*filter(strategy.has, without))
        chosen[strategy.name] = strategy
    return list(chosen.values())


def _replay(plan: ReplayPlan) -> None:
    """Run the plan; a run that is stopped says how to go on."""
    import asyncio

    from clara.assembly import build_agent
    from clara.bench.replay.tally import Tally
    from clara.cli.output import tell
    from clara.errors import DataError, ReplayStopped, WriteError

    tally = Tally()
    try:
        asyncio.run(_work(plan, build_agent(plan.settings), tally))
    except KeyboardInterrupt:
        tell(f"interrupted: {tally.done:,} of {tally.total:,} items kept; {plan.go_on}")
        raise typer.Exit(130) from None
    except WriteError as error:
        if not tally.total:  # the folder was refused before anything began
            raise
        raise DataError(f"{error}; then {plan.go_on}") from None
    except ReplayStopped as error:
        progress = f"{tally.done:,} of {tally.total:,} items kept"
        raise ReplayStopped(f"{error}; {progress}: fix it, then {plan.go_on} --retry-failed") from None


async def _work(plan: ReplayPlan, agent: Agent, tally: Tally) -> None:
    from clara.bench.replay.coverage import refuse_uncovered
    from clara.bench.replay.journal import Journal
    from clara.bench.replay.runner import TOGETHER, replay
    from clara.cli.bench.live import Watch

    try:
        refuse_uncovered(plan.data, await agent.backbone.info())
        if not plan.quiet:
            await _introduce(plan, agent)
        with Journal(
            plan.folder,
            await _manifest(plan, agent),
            resume=plan.resume,
            again=(lambda record: record["outcome"] == "no_response") if plan.retry_failed else None,
        ) as journal:
            _warn(journal.manifest, journal.damaged)
            async with _workers(plan, agent) as (work, size), _prefix_cache(plan, agent, journal):
                with Watch(tally, quiet=plan.quiet):
                    await replay(
                        work,
                        plan.data,
                        plan.strategies,
                        journal,
                        repeat=plan.repeat,
                        concurrency=size,
                        together=TOGETHER,
                        max_failures=plan.max_errors,
                        tally=tally,
                    )
    finally:
        await agent.aclose()


async def _introduce(plan: ReplayPlan, agent: Agent) -> None:
    """Say who answers, then what was found or left out in the data."""
    from clara.cli.output import tell
    from clara.cli.render import who_answers

    interface = interface_of(plan.settings)
    tell(who_answers(await agent.backbone.info(), plan.settings.backbone, interface))
    for note in plan.data.notes:
        tell(f"note: {note}")


@asynccontextmanager
async def _prefix_cache(plan: ReplayPlan, agent: Agent, journal: Journal) -> AsyncGenerator[None]:
    """Report at the end, also in the manifest, how many prompt tokens the servers found in their prefix cache."""
    from clara.bench.replay.journal import MANIFEST
    from clara.bench.replay.manifest import note
    from clara.bench.replay.runner import PrefixCache
    from clara.cli.output import tell

    cache = PrefixCache(agent.backbone)
    await cache.begin()
    yield
    used = await cache.end()
    if used is not None:
        note(journal.folder / MANIFEST, prefix_cache=used)
        if not plan.quiet:
            share = 100 * used["hits"] / used["queries"]
            tell(f"prefix cache: {share:.1f} % of the servers' {used['queries']:,} prompt tokens")


@asynccontextmanager
async def _workers(plan: ReplayPlan, agent: Agent) -> AsyncGenerator[tuple[Work, Callable[[], int]]]:
    """Who answers, and how many items to keep at work: this process, several, or the actors of a Ray cluster."""
    from clara.assembly import build_agent
    from clara.bench.replay.processes import ProcessWork, default_processes

    if plan.ray is not None:
        from clara.bench.replay.distributed import RayWork

        async with RayWork(partial(build_agent, plan.settings), plan.strategies, plan.ray) as work:
            yield work, work.concurrency
        return
    processes = plan.processes or default_processes(plan.jobs, os.cpu_count() or 1)
    if processes > 1:
        async with ProcessWork(partial(build_agent, _shared(plan.settings, processes)), plan.strategies, processes) as work:
            yield work, work.concurrency
        return
    from clara.bench.replay.runner import local, pool_size

    uses_model = (await agent.backbone.info()).uses_model
    yield local(agent), pool_size(agent.backbone, plan.settings, uses_model=uses_model)


def _shared(settings: Settings, processes: int) -> Settings:
    """The settings of one of several processes, which together keep to the number of requests that was asked for."""
    if settings.concurrency is None:
        return settings
    return settings.model_copy(update={"concurrency": -(-settings.concurrency // processes)})


async def _manifest(plan: ReplayPlan, agent: Agent) -> dict[str, Any]:
    from clara.bench.audit.audit import audit_dataset
    from clara.bench.replay.manifest import describe, knowledge_of
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
        plan.repeat,
        await agent.backbone.info(),
        plan.settings,
        prompts=PromptLibrary(plan.settings.prompts).fingerprint,
        knowledge=await knowledge_of(agent.retriever) if searches else {},
        source=plan.source,
        flagged=flagged,
        skills=await agent.backbone.skills() if weighs else None,
    )


def _warn(manifest: dict[str, Any], damaged: Sequence[int]) -> None:
    """Report what a reader of the results should know about a run that was resumed."""
    from clara.bench.replay.manifest import changed_versions
    from clara.cli.output import tell

    if damaged:
        lines = ", ".join(map(str, damaged))
        tell(f"warning: damaged lines were moved to aside.jsonl, their items are asked again: {lines}")
    changed = changed_versions(manifest)
    if changed:
        tell(f"warning: this run goes on with other versions: {', '.join(changed)}")
