"""From what is to be evaluated to the replays that do it: one for each model."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from clara.agent.strategies import Strategy
from clara.backbone.base import Backbone
from clara.bench import plugins
from clara.bench.datasets import Dataset, load_dataset
from clara.bench.evaluation.session import ReplayPlan, Schedule
from clara.config import Settings, load_settings
from clara.errors import SettingsError, UsageError

Model = str | Settings | Backbone
"""A model to evaluate: ``NAME`` on the configured servers, ``NAME@URL``, ``embedded`` for none; settings, or a backbone."""

T = TypeVar("T")
_EMBEDDED = "embedded"
_NO_FILE_NAME = re.compile(r"[^\w.-]+")


def plan_evaluation(
    data: str | Path | Dataset,
    *,
    models: Sequence[Model] | Mapping[str, Model] = (),
    strategies: Sequence[str | Strategy] = ("clara",),
    languages: Sequence[str] = (),
    limit: int | None = None,
    mapping: Path | Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    folder: str | Path | None = None,
    schedule: Schedule | None = None,
) -> list[ReplayPlan]:
    """A replay for each model, with the arguments of :func:`clara.bench.evaluate`.

    Raises:
        UsageError: a strategy, step, model or number cannot be used, or a model is named twice.
        DatasetError: the data cannot be used.
        SettingsError: the settings do not fit together.
    """
    schedule = schedule or Schedule()
    for name, count in (("limit", limit), ("repeat", schedule.repeat), ("processes", schedule.processes)):
        if count is not None and count < 1:
            raise UsageError(f"{name} must be at least 1, not {count}")
    base = settings or load_settings()
    source = data.name if isinstance(data, Dataset) else str(data)
    dataset = data if isinstance(data, Dataset) else _load(source, base, as_list(languages), mapping)
    selected = dataset.select(as_list(languages), limit)
    root = _root(folder, base, selected)
    shared = ReplayPlan(
        settings=base,
        source=source,
        data=selected,
        strategies=choose_strategies(as_list(strategies)),
        folder=root,
        root=root,
        schedule=schedule,
    )
    named = dict(models) if isinstance(models, Mapping) else _by_name(as_list(models))
    plans: list[ReplayPlan] = []
    for name, model in (named or {"": base}).items():
        own_folder = root / _NO_FILE_NAME.sub("-", name) if len(named) > 1 else root
        if any(own_folder == earlier.folder for earlier in plans):
            raise UsageError(f"two models would share the folder {own_folder}: give them names as a mapping")
        backbone = None if isinstance(model, str | Settings) else model
        plans.append(replace(shared, settings=settings_for(model, base), folder=own_folder, backbone=backbone))
    return plans


def _load(source: str, settings: Settings, languages: Sequence[str], mapping: Path | Mapping[str, Any] | None) -> Dataset:
    if source in plugins.datasets.all():
        return plugins.datasets.get(source)()
    return load_dataset(source, mapping=mapping, home=settings.home, languages=languages)


def as_list(given: str | Iterable[T]) -> list[str | T]:
    """A list of what is given; a single name, which Python would take apart letter by letter, is one entry."""
    if isinstance(given, str):
        return [given]
    return list(given)


def _root(folder: str | Path | None, settings: Settings, data: Dataset) -> Path:
    if folder is not None:
        return Path(folder)
    return settings.home / "runs" / f"{data.name}-{time.strftime('%Y%m%d-%H%M%S')}"


def choose_strategies(given: Iterable[str | Strategy], without: Sequence[str] = ()) -> list[Strategy]:
    """Strategies by name or as they are, each once; ``clara-grade`` is ``clara`` less a step, ``without`` takes from all.

    Raises:
        UsageError: a name or a step is unknown, or the step cannot be left out.
    """
    chosen: dict[str, Strategy] = {}
    for entry in given:
        strategy = _named(entry) if isinstance(entry, str) else entry
        strategy.without(*without)  # raises for an unknown step
        strategy = strategy.without(*filter(strategy.has, without))
        chosen[strategy.name] = strategy
    if not chosen:
        raise UsageError("give at least one strategy")
    return list(chosen.values())


def _named(name: str) -> Strategy:
    base, *less = name.split("-")
    return plugins.strategies.get(base).without(*less)


def _by_name(models: Iterable[Model]) -> dict[str, Model]:
    named: dict[str, Model] = {}
    for model in models:
        name = model_name(model)
        if name in named:
            raise UsageError(f"the model {name!r} is given twice: give names as a mapping, {{name: model}}")
        named[name] = model
    return named


def model_name(model: Model) -> str:
    """What the model is called in a folder's name."""
    if isinstance(model, str):
        return model.partition("@")[0]
    if isinstance(model, Settings):
        return model.model or _EMBEDDED
    return type(model).__name__


def settings_for(model: Model, base: Settings) -> Settings:
    """The settings under which a model is asked: those of the run with the model's own name and address.

    Raises:
        UsageError: a model is named and no server is known.
        SettingsError: what stands behind the @ is no address.
    """
    if isinstance(model, Settings):
        return model
    if not isinstance(model, str):
        return base
    if model == _EMBEDDED:
        return _changed(base, profile=_EMBEDDED, model=None, backbone=())
    name, _, url = model.partition("@")
    addresses = (url,) if url else base.backbone
    if not addresses:
        raise UsageError(f"no server is known for the model {model!r}: give --backbone URL, or {model}@URL")
    profile = base.profile if base.uses_model else "remote"
    return _changed(base, profile=profile, model=name or None, backbone=addresses)


def _changed(base: Settings, **values: Any) -> Settings:
    """The settings with other values, checked like all."""
    try:
        return Settings.plain(**{**base.model_dump(), **values})
    except ValidationError as error:
        raise SettingsError(f"the model {values['model']!r}: {error.errors()[0]['msg']}") from None
