"""``clara bench run``: answer every question of a data set with one or more strategies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from clara.cli.bench.options import HtmlOption, ImportOption, MappingOption, PricesOption, ScorerOption, output, split
from clara.cli.options import NOTHING_GIVEN, CommonOptions, JsonOption, QuietOption, grouped, interface_of, without_cache

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from clara.backbone.base import BackboneInfo
    from clara.bench.evaluation.session import ReplayPlan
    from clara.bench.figures.runs import Run
    from clara.bench.replay.tally import Tally


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
ModelsOption = Annotated[
    str, typer.Option("--models", metavar="M[@URL],...", help="Several models, one after the other.", show_default=False)
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
    scorer: ScorerOption = "",
    prices: PricesOption = None,
    modules: ImportOption = None,
    html: HtmlOption = None,
    models: ModelsOption = "",
    common: CommonOptions = NOTHING_GIVEN,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Answer every question of a data set and print the parity table."""
    from clara.bench import plugins
    from clara.bench.evaluation.plans import choose_strategies, plan_evaluation
    from clara.bench.evaluation.session import Schedule

    plugins.import_modules(modules or ())
    _fit_together(out, resume=resume, retry_failed=retry_failed, is_shared_twice=bool(ray and processes))
    settings = common.settings(samples=samples, permute_options=permute_options or None, cache=without_cache(no_cache))
    plans = plan_evaluation(
        dataset,
        models=split(models),
        strategies=choose_strategies(split(strategy or settings.strategy), without or ()),
        languages=split(languages),
        limit=limit,
        mapping=mapping,
        settings=settings,
        folder=out,
        schedule=Schedule(repeat, resume, retry_failed, max_errors, ray, processes),
    )
    _check(plans, scorer, prices)
    runs, reason = _measure(plans, quiet=quiet, as_json=as_json)
    output(runs, html, as_json=as_json, scorers=scorer, prices=prices)
    if reason:
        raise typer.Exit(1)


def _check(plans: Sequence[ReplayPlan], scorer: str, prices: Path | None) -> None:
    """Refuse before the run what could not be used after it.

    Raises:
        UsageError: a scorer is unknown, or a model that is named has no price.
        DataError: the price table cannot be used.
    """
    from clara.bench.evaluation.results import choose_scorers
    from clara.bench.figures.money import read_prices

    choose_scorers(split(scorer))
    if prices is not None:
        table = read_prices(prices)
        for plan in plans:
            if plan.settings.uses_model and plan.settings.model:
                table.price_of(plan.settings.model)


def _measure(plans: Sequence[ReplayPlan], *, quiet: bool, as_json: bool) -> tuple[list[Run], str]:
    """Carry out the plans; the runs, and why no item was answered, empty if one was."""
    from clara.bench.figures.runs import read_runs
    from clara.cli.output import tell

    still = quiet or as_json
    for plan in plans:
        _replay(plan, quiet=still)
    runs = read_runs([plan.folder for plan in plans])
    reason = failed_entirely(runs)
    if reason:
        tell(f"no item was answered: {reason}")
    if not still:
        tell(f"the answers are in {plans[0].root}")
    return runs, reason


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


class TerminalObserver:
    """Shows a replay on standard error: the live table, and what is reported."""

    def __init__(self, *, quiet: bool) -> None:
        from clara.bench.replay.tally import Tally

        self.tally: Tally = Tally()
        self._quiet = quiet

    def begin(self, plan: ReplayPlan, info: BackboneInfo) -> None:
        """Say who answers, then what was found or left out in the data."""
        from clara.cli.render import who_answers

        self.report(who_answers(info, plan.settings.backbone, interface_of(plan.settings)))
        for note in plan.data.notes:
            self.report(f"note: {note}")

    def report(self, sentence: str) -> None:
        """Show it unless the command is quiet."""
        if not self._quiet:
            self.warn(sentence)

    def warn(self, sentence: str) -> None:
        """Show it."""
        from clara.cli.output import tell

        tell(sentence)

    def watching(self) -> AbstractContextManager[object]:
        """The live table."""
        from clara.cli.bench.live import Watch

        return Watch(self.tally, quiet=self._quiet)


def _replay(plan: ReplayPlan, *, quiet: bool) -> None:
    """Run the plan; a run that is stopped says how to go on."""
    import asyncio

    from clara.bench.evaluation.session import run_plan
    from clara.errors import DataError, ReplayStopped, WriteError

    observer = TerminalObserver(quiet=quiet)
    tally = observer.tally
    go_on = f"go on with the same command and --resume --out {plan.root}"
    try:
        asyncio.run(run_plan(plan, observer))
    except KeyboardInterrupt:
        observer.warn(f"interrupted: {tally.done:,} of {tally.total:,} items kept; {go_on}")
        raise typer.Exit(130) from None
    except WriteError as error:
        if not tally.total:  # the folder was refused before anything began
            raise
        raise DataError(f"{error}; then {go_on}") from None
    except ReplayStopped as error:
        progress = f"{tally.done:,} of {tally.total:,} items kept"
        raise ReplayStopped(f"{error}; {progress}: fix it, then {go_on} --retry-failed") from None
