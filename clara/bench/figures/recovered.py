"""How far a strategy brings each language towards the baseline's English, and what becomes of max − min meanwhile."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from clara.bench import parity
from clara.bench.figures.paired import Column, Intervals, Table, interval
from clara.bench.figures.runs import Run

_WIDEST = 1.0
"""Widest interval of a share that is still shown: one as wide as the whole gap cannot tell nothing from everything."""
_PARTS = ("english", "before", "after")


@dataclass(frozen=True, slots=True)
class Closing:
    """A strategy beside its baseline in one language: three columns over the questions that stand in all of them."""

    base: Table
    table: Table
    language: str
    english: Column
    """Of the baseline."""
    before: Column
    after: Column

    @property
    def columns(self) -> dict[tuple[str, ...], Column]:
        """The columns by the names under which they are resampled."""
        return {self.key("english"): self.english, self.key("before"): self.before, self.key("after"): self.after}

    def key(self, part: str) -> tuple[str, ...]:
        """The name under which one column is resampled."""
        return self.base.run.name, self.table.run.name, self.language, part


def closings(tables: Iterable[Table]) -> list[Closing]:
    """Each strategy beside the baseline of its own model and settings: ``direct``, or the first run with these."""
    groups: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        if table.run.kind == "strategy" and table.others:
            groups[_conditions(table.run)].append(table)
    entries: list[Closing] = []
    for group in groups.values():
        base = _baseline(group)
        for table in group:
            if table is not base:
                entries.extend(_closings(base, table))
    return entries


def columns_of(pairs: Iterable[Closing]) -> dict[tuple[str, ...], Column]:
    """What the bootstrap must resample for these pairs."""
    columns: dict[tuple[str, ...], Column] = {}
    for pair in pairs:
        columns |= pair.columns
    return columns


def _conditions(run: Run) -> str:
    """The model and the settings of a run: what a strategy and its baseline share."""
    shared = [run.manifest.get("model"), run.manifest.get("settings")]
    return json.dumps(shared, sort_keys=True, default=str)


def _baseline(group: Sequence[Table]) -> Table:
    for table in group:
        if table.run.label == "direct":
            return table
    return group[0]


def _closings(base: Table, table: Table) -> Iterator[Closing]:
    english = base.columns["english"]
    for language in base.others:
        before, after = base.columns[language], table.columns.get(language)
        if after is None:
            continue
        in_all = ~np.isnan(english + before + after)
        if np.any(in_all):
            masked = np.where(in_all, (english, before, after), np.nan)
            yield Closing(base, table, language, *masked)


def gap_recovered(pairs: Iterable[Closing], intervals: Intervals) -> Iterator[dict[str, Any]]:
    """Performance gap recovered towards the baseline's English, per language and over all of them.

    (S_l - B_l) / (B_english - B_l) (Burns et al. 2023, arXiv 2312.09390), with B the strategy ``direct``, or the first run,
    of the same model and settings, over the questions that all three were asked. The ceiling is the baseline's English, so
    that making English worse recovers nothing.

    ``share`` is None, and ``why`` says so, where the baseline has no gap, where its gap may be zero (the ratio is then
    unbounded, Fieller 1954), and where the interval is wider than the gap itself. The entry of all languages, ``mean``,
    has under ``max_min`` what became of the spread over the languages, which can grow while gaps to English shrink.
    """
    groups: dict[str, list[Closing]] = defaultdict(list)
    for pair in pairs:
        groups[pair.table.run.name].append(pair)
    for entries in groups.values():
        for entry in entries:
            yield _share(entry.language, [entry], intervals)
        yield {**_share("mean", entries, intervals), "max_min": _spread_change(entries[0], intervals)}


def _share(language: str, entries: Sequence[Closing], intervals: Intervals) -> dict[str, Any]:
    means = np.empty((len(entries), len(_PARTS)))
    for row, entry in enumerate(entries):
        means[row] = np.nanmean((entry.english, entry.before, entry.after), axis=1)
    english, before, after = means.mean(axis=0).tolist()
    share, bounds, why = None, None, None
    if english <= before:
        why = "the baseline has no gap"
    else:
        bounds = _share_interval(entries, intervals)
        if bounds is None:
            why = "the baseline's gap may be zero"
        elif bounds[1] - bounds[0] > _WIDEST:
            why = "the interval is wider than the gap"
        else:
            share = (after - before) / (english - before)
    return {
        "baseline": entries[0].base.run.name,
        "run": entries[0].table.run.name,
        "language": language,
        "share": share,
        "ci95": bounds,
        "why": why,
    }


def _share_interval(entries: Sequence[Closing], intervals: Intervals) -> list[float] | None:
    english, before, after = [_resampled_mean(entries, part, intervals) for part in _PARTS]
    gap = english - before
    if parity.percentile_interval(gap)[0] <= 0:
        return None
    shares = np.divide(after - before, gap, out=np.full(len(gap), np.nan), where=gap > 0)  # a few samples may have no gap
    return list(parity.percentile_interval(shares))


def _resampled_mean(entries: Sequence[Closing], part: str, intervals: Intervals) -> Column:
    return np.mean([intervals.samples(*entry.key(part)) for entry in entries], axis=0)


def _spread_change(entry: Closing, intervals: Intervals) -> dict[str, Any]:
    """Max − min of baseline and strategy over the languages that both were asked in, in points."""
    languages = [language for language in entry.base.columns if language in entry.table.columns]
    before, after = _accuracies(entry.base, languages), _accuracies(entry.table, languages)
    resampled: list[Column] = []
    for table in (entry.base, entry.table):
        samples = np.column_stack([intervals.samples(table.run.name, language) for language in languages])
        resampled.append(samples.max(axis=1) - samples.min(axis=1))
    return {
        "before": _spread(before),
        "after": _spread(after),
        "change": _spread(after) - _spread(before),
        "ci95": interval(resampled[1] - resampled[0]),
    }


def _accuracies(table: Table, languages: Iterable[str]) -> list[float]:
    return [float(np.nanmean(table.columns[language])) for language in languages]


def _spread(accuracies: Sequence[float]) -> float:
    return 100 * (max(accuracies) - min(accuracies))
