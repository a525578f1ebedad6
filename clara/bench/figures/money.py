"""What runs cost in money, from a price table of one's own: CLARA knows no prices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from clara.bench.figures.runs import Run
from clara.errors import DataError, UsageError

_PER = 1_000_000
"""Tokens that a price is for."""
_KEYS = frozenset({"prompt", "completion", "cached_prompt"})


@dataclass(frozen=True, slots=True)
class Price:
    """Of a million tokens of one model."""

    prompt: float
    completion: float
    cached_prompt: float
    """Prompt tokens that the server had in its prefix cache."""


@dataclass(frozen=True, slots=True)
class Prices:
    """A price table."""

    currency: str
    models: Mapping[str, Price]

    def price_of(self, model: str) -> Price:
        """The price of a model.

        Raises:
            UsageError: the table lacks it.
        """
        if model not in self.models:
            raise UsageError(f"the price table has no model {model!r}; it has {', '.join(self.models) or 'none'}")
        return self.models[model]


def read_prices(path: Path) -> Prices:
    """A TOML file: ``currency = "EUR"`` and for each model ``[models."NAME"]`` with ``prompt``, ``completion`` and, if it
    differs from ``prompt``, ``cached_prompt``, each for a million tokens.

    Raises:
        DataError: it cannot be read, or a price is missing or none.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read the price table {path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} is no TOML file: {error}") from None
    currency, models = table.get("currency"), table.get("models")
    if not isinstance(currency, str) or not isinstance(models, dict):
        raise DataError(f'{path} needs currency = "..." and a table [models."NAME"] for each model')
    prices: dict[str, Price] = {}
    for name, entry in cast("dict[str, Any]", models).items():
        prices[name] = _price(entry, f"{path}: the model {name!r}")
    return Prices(currency, prices)


def _price(entry: Any, where: str) -> Price:
    if not isinstance(entry, dict):
        raise DataError(f"{where} has no prices")
    given = cast("dict[str, Any]", entry)
    unknown = sorted(given.keys() - _KEYS)
    if unknown:
        raise DataError(f"{where} has {', '.join(unknown)}; a price is one of {', '.join(sorted(_KEYS))}")
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise DataError(f"{where}: {key} must be a number that is not below 0, not {value!r}")
    if not {"prompt", "completion"} <= given.keys():
        raise DataError(f"{where} needs the prices prompt and completion")
    return Price(given["prompt"], given["completion"], given.get("cached_prompt", given["prompt"]))


def money_figures(document: Mapping[str, Any], runs: Sequence[Run], prices: Prices) -> list[dict[str, Any]]:
    """``{"run", "model", "currency", "total", "per_item", "per_correct"}`` for each run of the document.

    Replies from CLARA's own cache have no tokens and so cost nothing here; ``per_correct`` is None where nothing is right.

    Raises:
        UsageError: the table lacks a model that was paid for.
    """
    models = {run.name: str(run.manifest.get("model", "")) for run in runs}
    entries: list[dict[str, Any]] = []
    for figures in document["runs"]:
        model, usage = models[figures["name"]], figures["usage"]
        if not usage["prompt_tokens"] and not usage["completion_tokens"]:
            total = 0.0
        else:
            total = _total(usage, prices.price_of(model))
        correct = sum(cell["correct"] for cell in figures["languages"].values())
        entries.append(
            {
                "run": figures["name"],
                "model": model,
                "currency": prices.currency,
                "total": total,
                "per_item": total / figures["n_items"],
                "per_correct": total / correct if correct else None,
            }
        )
    return entries


def _total(usage: Mapping[str, float], price: Price) -> float:
    cached = usage["cached_prompt_tokens"]
    paid = (usage["prompt_tokens"] - cached) * price.prompt + cached * price.cached_prompt
    return (paid + usage["completion_tokens"] * price.completion) / _PER
