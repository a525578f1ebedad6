"""The benchmark as one call: what ``clara bench run`` does, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from anyio.from_thread import start_blocking_portal

from clara.agent.strategies import Strategy
from clara.bench.datasets import Dataset
from clara.bench.evaluation.plans import Model, plan_evaluation
from clara.bench.evaluation.results import Results, choose_scorers
from clara.bench.evaluation.session import Observer, ReplayPlan, Schedule, SilentObserver, run_plan
from clara.bench.scoring.scorers import Scorer
from clara.config import Settings

P = ParamSpec("P")
T = TypeVar("T")


def _unobserved(_plan: ReplayPlan) -> Observer:
    return SilentObserver()


async def aevaluate(
    data: str | Path | Dataset,
    *,
    models: Sequence[Model] | Mapping[str, Model] = (),
    strategies: Sequence[str | Strategy] = ("clara",),
    languages: Sequence[str] = (),
    scorers: Sequence[str] | Mapping[str, Scorer] = (),
    limit: int | None = None,
    repeat: int = 1,
    folder: str | Path | None = None,
    resume: bool = False,
    mapping: Path | Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    processes: int | None = 1,
    observe: Callable[[ReplayPlan], Observer] = _unobserved,
) -> Results:
    """Ask every question in every language with every model and strategy, and measure accuracy and its spread.

    Args:
        data: ``sample``, the name of a set, a hub name, a file, a folder, or a data set that is loaded already.
        models: ``NAME``, ``NAME@URL``, ``embedded``, settings or backbones, or a mapping from names; none: of the settings.
        strategies: names, ``clara-grade`` for ``clara`` less a step, or :class:`clara.Strategy` objects.
        languages: codes or English names; none means all of the data.
        scorers: further scores: ``exact``, ``f1``, ``chrf``, the names of plug-ins, or functions by name.
        repeat: how often each item is asked, each time with a seed of its own.
        folder: of the journals, with one in it for each of several models; None makes one under the user's data folder.
        mapping: which column means what, as a TOML file or its keys.
        processes: spread the items over so many processes; None decides by work and cores.
        observe: makes what follows each replay.

    Raises:
        UsageError, DatasetError, SettingsError: it cannot begin, such as for a language that the model does not cover.
        JournalError: ``folder`` holds a run of something else.
        BackboneError, StoreError, ReplayStopped, WriteError: it had to stop; ``resume`` goes on.
    """
    chosen = choose_scorers(scorers)
    plans = plan_evaluation(
        data,
        models=models,
        strategies=strategies,
        languages=languages,
        limit=limit,
        mapping=mapping,
        settings=settings,
        folder=folder,
        schedule=Schedule(repeat, resume, processes=processes),
    )
    for plan in plans:
        await run_plan(plan, observe(plan))
    return Results.read([plan.folder for plan in plans], chosen)


def _blocking(function: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """The same call in a thread with an event loop of its own."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with start_blocking_portal() as portal:
            return portal.call(partial(function, *args, **kwargs))

    return call


evaluate = _blocking(aevaluate)
""":func:`aevaluate` for scripts and notebooks, where an event loop may already run: same arguments, results and errors."""
