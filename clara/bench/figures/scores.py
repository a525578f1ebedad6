"""Figures of scorers: the mean of each by run and language, and its gap to English, from the same paired bootstrap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clara.bench.figures.paired import Intervals, Table, tables_of
from clara.bench.figures.runs import Run
from clara.bench.replay.journal import AnswerRecord
from clara.bench.scoring.scorers import Scorer, response_of
from clara.errors import UsageError


def score_figures(runs: Sequence[Run], scorers: Mapping[str, Scorer]) -> list[dict[str, Any]]:
    """An entry for each run, scorer and language, all in per cent and points.

    ``{"run", "scorer", "language", "n", "mean", "ci95", "gap", "gap_ci95"}``: ``n`` questions (repeats are averaged), the
    gap as language less English over the questions of both. Answers for which a scorer gives None are left out.

    Raises:
        UsageError: a scorer fails, or gives what is no score from 0 to 1.
    """
    entries: list[dict[str, Any]] = []
    for name, scorer in scorers.items():
        by_dataset: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            records: list[AnswerRecord] = []
            for record in run.records:
                value = _scored(record, name, scorer)
                if value is not None:
                    records.append({**record, "score": value})
            if records:
                by_dataset[run.dataset].append(replace(run, records=records))
        for group in by_dataset.values():
            tables = tables_of(group)
            intervals = Intervals(tables)
            for table in tables:
                entries.extend(_entries(table, name, intervals))
    return entries


def _scored(record: AnswerRecord, name: str, scorer: Scorer) -> float | None:
    try:
        value = scorer(response_of(record))
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - the scorer may be the user's own and fail in any way
        where = f"{record['id']} in {record['language']}"
        raise UsageError(f"the scorer {name!r} fails at {where}: {type(error).__name__}: {error}") from None
    if value is not None and not 0 <= value <= 1:
        raise UsageError(f"the scorer {name!r} gives {value!r} at {record['id']}: a score lies between 0 and 1")
    return value


def _entries(table: Table, name: str, intervals: Intervals) -> Iterator[dict[str, Any]]:
    run = table.run.name
    for language, column in table.columns.items():
        entry: dict[str, Any] = {
            "run": run,
            "scorer": name,
            "language": language,
            "n": int(np.sum(~np.isnan(column))),
            "mean": 100 * float(np.nanmean(column)),
            "ci95": intervals.of(run, language),
            "gap": None,
            "gap_ci95": None,
        }
        if language in table.others:
            entry["gap"] = 100 * float(np.nanmean(column - table.columns["english"]))
            entry["gap_ci95"] = intervals.of(run, "gap", language)
        yield entry
