"""Runs to the JSON of the contract: an entry a run, and comparisons between runs of the same data set."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from clara.bench import parity
from clara.bench.figures.paired import (
    Column,
    Intervals,
    Table,
    choices,
    compare,
    correct,
    gap_closed,
    interval,
    mcnemar,
    tables_of,
)
from clara.bench.figures.runs import NOT_ANSWERED, Run, gold_letters, question_of, score, without
from clara.bench.replay.journal import Record

_USAGE = ("calls", "prompt_tokens", "completion_tokens", "cached_calls", "cached_prompt_tokens", "seconds")
_COST = ("calls", "prompt_tokens", "completion_tokens", "seconds")


def metrics(runs: Sequence[Run]) -> dict[str, Any]:
    """The document of ``bench run --json``: ``runs``, ``comparisons`` and ``gap_closed``, as docs/contract.md lists them.

    Every interval that is not Wilson's comes from one bootstrap over the questions of a data set, so that all differences
    between languages and runs are paired on the question.
    """
    document: dict[str, Any] = {"runs": [], "comparisons": [], "gap_closed": []}
    by_name: dict[str, dict[str, Any]] = {}
    for dataset in dict.fromkeys(run.dataset for run in runs):
        tables = tables_of([run for run in runs if run.dataset == dataset and run.records])
        intervals = Intervals(tables)
        by_name |= {table.run.name: _run(table, intervals) for table in tables}
        pairs = list(itertools.combinations(tables, 2))
        document["comparisons"] += [entry for a, b in pairs for entry in compare(a, b, intervals)]
        document["gap_closed"] += gap_closed(tables, intervals)
    document["runs"] = [by_name[run.name] for run in runs if run.name in by_name]
    correct([entry["mcnemar"] for entry in document["comparisons"]])
    return document


def with_clean(runs: Sequence[Run], flagged: Collection[str]) -> dict[str, Any]:
    """The document with, under ``clean``, the same figures without the questions that an audit flagged."""
    document, kept = metrics(runs), metrics(without(runs, flagged))
    missing = {run["name"]: run["missing"] for run in document["runs"]}
    for run in kept["runs"]:
        run["missing"] = missing[run["name"]]  # what is left out on purpose is not missing
    return {
        **document,
        "clean": {**kept, "left_out": sorted({r["id"] for run in runs for r in run.records} & set(flagged))},
    }


def _run(table: Table, intervals: Intervals) -> dict[str, Any]:
    run = table.run
    groups: dict[str, list[Record]] = {language: [] for language in table.columns}
    for record in run.records:
        groups[record["language"]].append(record)
    languages = {language: _language(group, table.columns[language]) for language, group in groups.items()}
    accuracy = {language: entry["accuracy"] for language, entry in languages.items()}
    values = list(accuracy.values())
    worst = min(accuracy, key=lambda language: accuracy[language])
    means = np.column_stack([intervals.samples(run.name, language) for language in languages])
    letters = list(choices(run.records).values())
    kappa = parity.fleiss_kappa(letters)
    return {
        "name": run.name,
        run.kind: run.label,
        "n_items": len(run.records),
        "n_questions": len({question_of(record) for record in run.records}),
        "repeats": _repeats(run),
        "missing": _missing(run),
        "languages": languages,
        "mean": float(np.mean(values)),
        "mean_ci95": interval(means.mean(axis=1)),
        "worst_language": worst,
        "worst_accuracy": accuracy[worst],
        **_against_english(table, intervals),
        "max_min_gap": max(values) - min(values),
        "max_min_gap_ci95": interval(means.max(axis=1) - means.min(axis=1)),
        "cv": parity.variation(values),
        "consistency": parity.consistency(letters),
        "consistency_ci95": intervals.of(run.name, "agree", ""),
        "pairwise_agreement": parity.pairwise_agreement(letters),
        "fleiss_kappa": {"kappa": kappa[0], "n": kappa[1]} if kappa else None,
        "calibration": _calibration(run.records),
        **_chance(run.records),
        "usage": {field: sum(r.get("usage", {}).get(field, 0) for r in run.records) for field in _USAGE},
    }


def _repeats(run: Run) -> int:
    return max((record.get("repeat", 0) for record in run.records), default=0) + 1


def _missing(run: Run) -> int:
    """Answers that a partial run still lacks; a manifest without ``n_items`` leaves it to the questions that were met."""
    if "n_items" in run.manifest:
        return max(0, run.manifest["n_items"] * int(run.manifest.get("repeat", 1)) - len(run.records))
    questions = {record["id"] for record in run.records}
    languages = {*run.languages, *run.manifest.get("languages", ())}
    repeats = max(_repeats(run), int(run.manifest.get("repeat", 1)))
    return max(0, len(questions) * len(languages) * repeats - len(run.records)) if run.manifest else 0


def _against_english(table: Table, intervals: Intervals) -> dict[str, Any]:
    """Gaps over the questions that were asked in both languages; positive where English is better."""
    english = table.columns.get("english")
    others = table.others if english is not None else []
    tests = {language: mcnemar(table.columns["english"], table.columns[language]) for language in others}
    correct(list(tests.values()))
    return {
        "gap_to_english": {
            language: 100 * float(np.nanmean(table.columns["english"] - table.columns[language])) for language in others
        },
        "gap_to_english_ci95": {language: intervals.of(table.run.name, "gap", language) for language in others},
        "mcnemar_vs_english": tests,
    }


def _language(records: Sequence[Record], column: Column) -> dict[str, Any]:
    """One language: counts over all answers; the interval counts a question once, however often it was repeated."""
    count = Counter(record["outcome"] for record in records)
    asked = int(np.sum(~np.isnan(column)))
    low, high = parity.wilson(float(np.nansum(column)), asked)
    return {
        "n": len(records),
        "correct": count["correct"],
        "accuracy": 100 * sum(map(score, records)) / len(records),
        "ci95": [100 * low, 100 * high],
        "wrong": count["wrong"],
        **{name: count[name] for name in NOT_ANSWERED},
        "position_bias": _position_bias(records),
        "calibration": _calibration(records),
        "cost": {field: sum(r.get("usage", {}).get(field, 0) for r in records) / len(records) for field in _COST},
    }


def _position_bias(records: Sequence[Record]) -> dict[str, Any] | None:
    answered = [(record["label"], gold_letters(record)) for record in records if record["label"]]
    single = [(label, gold[0]) for label, gold in answered if len(gold) == 1]
    return parity.position_bias(Counter(label for label, _ in single), Counter(gold for _, gold in single))


def _calibration(records: Sequence[Record]) -> dict[str, Any] | None:
    """Of the answers that were given with a confidence; None where there is none."""
    rated = [r for r in records if r.get("confidence") is not None and r["outcome"] not in NOT_ANSWERED]
    confidence = np.array([r["confidence"] for r in rated], dtype=np.float64)
    found = parity.calibration(confidence, np.array([score(r) for r in rated], dtype=np.float64))
    if found is None:
        return None
    keys = ("low", "high", "n", "confidence", "accuracy")
    return {
        "n": found.n,
        "ece": found.ece,
        "brier": found.brier,
        "aurc": found.aurc,
        "bins": [dict(zip(keys, entry, strict=True)) for entry in found.bins],
        "risk_coverage": [list(point) for point in found.curve],
    }


def _chance(records: Sequence[Record]) -> dict[str, Any]:
    """What guessing scores; recorded responses that name no options have four, free text has no chance level.

    ``near_chance`` is True unless the Wilson interval of the pooled accuracy lies above chance.
    """
    counts = [(record.get("options", 4), len(gold_letters(record)) or 1) for record in records]
    chance = float(np.mean([right / options if options else 0.0 for options, right in counts]))
    asked = len({(question_of(record), record["language"]) for record in records})  # repeats are no further questions
    low, _ = parity.wilson(asked * sum(map(score, records)) / len(records), asked)
    return {"chance": 100 * chance, "near_chance": chance > 0 and low <= chance}
