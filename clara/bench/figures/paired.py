"""Runs side by side: the same questions in rows, and one bootstrap for all differences between languages and runs."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clara.bench import parity
from clara.bench.figures.runs import RECORDED_OPTIONS, Run, question_of, score
from clara.bench.replay.journal import AnswerRecord

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Scores of one run over all questions of its data set: a column a language, NaN where nobody asked."""

    run: Run
    columns: dict[str, Column]
    agree: Column
    """Share of the repeats in which all languages gave one letter."""

    @property
    def others(self) -> list[str]:
        """The languages that share a question with English."""
        english = self.columns.get("english")
        others: list[str] = []
        if english is None:
            return others
        for language, column in self.columns.items():
            if language != "english" and _overlap(english, column):
                others.append(language)
        return others


def _overlap(first: Column, second: Column) -> int:
    return int(np.sum(~np.isnan(first - second)))


def tables_of(runs: Sequence[Run]) -> list[Table]:
    """The scores of runs on one data set, all over the same questions in the same order."""
    places: dict[str, int] = {}
    for run in runs:
        for record in run.records:
            places.setdefault(question_of(record), len(places))
    return [_table(run, places) for run in runs]


def _table(run: Run, places: Mapping[str, int]) -> Table:
    column_of = {language: number for number, language in enumerate(run.languages)}
    total, count = np.zeros((2, len(column_of), len(places)))
    for record in run.records:
        cell = column_of[record["language"]], places[question_of(record)]
        total[cell] += score(record)
        count[cell] += 1
    columns = dict(zip(column_of, _mean(total, count), strict=True))
    return Table(run, columns, _agree(run, places))


def _mean(total: Column, count: Column) -> Column:
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _agree(run: Run, places: Mapping[str, int]) -> Column:
    total, count = np.zeros(len(places)), np.zeros(len(places))
    for (_, question), letters in choices(run.records).items():
        if len(letters) > 1:
            total[places[question]] += parity.consistency([letters]) or 0.0
            count[places[question]] += 1
    return _mean(total, count)


def choices(records: Iterable[AnswerRecord]) -> dict[tuple[int, str], list[str | None]]:
    """The letters of each repeat and multiple-choice question, over the languages it was asked in."""
    groups: dict[tuple[int, str], list[str | None]] = defaultdict(list)
    for record in records:
        has_options = record.get("options", RECORDED_OPTIONS) > 0
        if has_options or record["label"]:
            groups[record.get("repeat", 0), question_of(record)].append(record["label"])
    return groups


class Intervals:
    """Bootstrap samples of every accuracy, gap and difference of one data set, all from the same resampled questions."""

    def __init__(self, tables: Sequence[Table], more: Mapping[tuple[str, ...], Column] | None = None) -> None:
        """``more`` gives further columns over the same questions, by the names under which they are resampled."""
        columns: dict[tuple[str, ...], Column] = {}
        for table in tables:
            name = table.run.name
            for language, column in table.columns.items():
                columns[name, language] = column
            for other in table.others:
                columns[name, "gap", other] = table.columns[other] - table.columns["english"]
            columns[name, "agree", ""] = table.agree
        for a, b in itertools.combinations(tables, 2):
            for language, first in a.columns.items():
                if language in b.columns:
                    columns[a.run.name, b.run.name, language] = first - b.columns[language]
        columns |= more or {}
        self._at = {key: n for n, key in enumerate(columns)}
        self._samples = parity.resampled_means(np.column_stack(list(columns.values())))
        self._bounds = 100 * parity.percentile_intervals(self._samples)

    def samples(self, *key: str) -> Column:
        """The resampled means of one column, as fractions."""
        return self._samples[:, self._at[key]]

    def of(self, *key: str) -> list[float] | None:
        """The 95 % interval of one column in points; None where nothing was asked."""
        low, high = self._bounds[self._at[key]]
        return None if np.isnan(low) else [float(low), float(high)]


def interval(samples: Column) -> list[float]:
    """The 95 % interval of samples of a fraction, in points."""
    low, high = parity.percentile_interval(samples)
    return [100 * low, 100 * high]


def mcnemar(first: Column, second: Column) -> dict[str, Any]:
    """The exact test of two columns."""
    b, c = parity.discordant(first, second)
    return {"b": b, "c": c, "p": parity.mcnemar(b, c)}


def correct(tests: Sequence[dict[str, Any]]) -> None:
    """Add Holm's correction over all of these tests."""
    corrected = parity.holm([test["p"] for test in tests])
    for test, p in zip(tests, corrected, strict=True):
        test["p_holm"] = p


def compare(a: Table, b: Table, intervals: Intervals) -> Iterator[dict[str, Any]]:
    """The difference a - b in each language, over the questions that both were asked."""
    for language, first in a.columns.items():
        second = b.columns.get(language)
        if second is None or not _overlap(first, second):
            continue
        yield {
            "a": a.run.name,
            "b": b.run.name,
            "language": language,
            "n": _overlap(first, second),
            "difference": 100 * float(np.nanmean(first - second)),
            "ci95": intervals.of(a.run.name, b.run.name, language),
            "mcnemar": mcnemar(first, second),
        }
