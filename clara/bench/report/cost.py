"""All runs in one table: how accurate, and at what cost an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clara.bench.report.accuracy import RunFigures
from clara.bench.report.sheet import Cell, Document, Sheet, figure, word

HEADER = ("run", "mean accuracy", "calls", "tokens", "seconds", "dominated by")
MONEY = ("run", "model", "total", "an item", "a right answer")


def cost_sheet(document: Document) -> Sheet:
    """A row a run in the document's order; none where no run recorded what it cost.

    A run is dominated by another on the same languages that is at least as accurate for no more calls, tokens and seconds,
    and better in one of them (Pareto 1896).
    """
    runs: Sequence[RunFigures] = document["runs"]
    rows: list[tuple[Cell, ...]] = []
    if any(_tokens(run) or run["cost"]["seconds"] for run in runs):
        rows = [_row(run, runs) for run in runs]
    return Sheet("cost", "Accuracy against cost an item", HEADER, tuple(rows))


def money_sheet(document: Document) -> Sheet:
    """A row a run; none without a price table."""
    entries: Sequence[Mapping[str, Any]] = document.get("money", ())
    rows: list[tuple[Cell, ...]] = []
    currency = ""
    for entry in entries:
        currency = str(entry["currency"])
        prices = [figure(entry[name], ".3g") for name in ("total", "per_item", "per_correct")]
        rows.append((word(entry["run"]), word(entry["model"]), *prices))
    return Sheet("money", f"Money in {currency}, by the price table that was given", MONEY, tuple(rows))


def _row(run: RunFigures, runs: Sequence[RunFigures]) -> tuple[Cell, ...]:
    cost = run["cost"]
    return (
        word(run["name"]),
        figure(run["mean"], unit=" %", bounds=run["mean_ci95"]),
        figure(cost["calls"]),
        figure(_tokens(run), ".0f"),
        figure(cost["seconds"], ".0f" if cost["seconds"] >= 10 else ".2g"),
        word(_dominating(run, runs)),
    )


def _tokens(run: RunFigures) -> float:
    return run["cost"]["prompt_tokens"] + run["cost"]["completion_tokens"]


def _dominating(run: RunFigures, runs: Sequence[RunFigures]) -> str:
    """The first run that is better in something and worse in nothing; empty if none is."""
    own = _qualities(run)
    for other in runs:
        theirs = _qualities(other)
        is_as_good = all(theirs[place] >= value for place, value in enumerate(own))
        if is_as_good and theirs != own and set(other["languages"]) == set(run["languages"]):
            return str(other["name"])
    return ""


def _qualities(run: RunFigures) -> tuple[float, ...]:
    """Accuracy and costs, each so that more is better."""
    cost = run["cost"]
    return run["mean"], -cost["calls"], -_tokens(run), -cost["seconds"]
