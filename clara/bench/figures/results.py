"""Runs to the JSON of the contract: an entry a run, and comparisons between runs of the same data set."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
    interval,
    mcnemar,
    tables_of,
)
from clara.bench.figures.recovered import closings, columns_of, gap_recovered
from clara.bench.figures.runs import (
    NOT_ANSWERED,
    RECORDED_OPTIONS,
    Run,
    gold_letters,
    question_of,
    score,
    why_uncovered,
    without,
)
from clara.bench.figures.spread import repeat_spread
from clara.bench.replay.journal import AnswerRecord

_USAGE = ("calls", "prompt_tokens", "completion_tokens", "cached_calls", "cached_prompt_tokens", "seconds")
_BIN = ("low", "high", "n", "confidence", "accuracy")
_COST = ("calls", "prompt_tokens", "completion_tokens", "seconds")


def metrics(runs: Sequence[Run]) -> dict[str, Any]:
    """The document of ``bench run --json``: ``runs``, ``comparisons`` and ``gap_closed``, as docs/contract.md lists them.

    Every interval that is not Wilson's comes from one bootstrap over the questions of a data set, so that all differences
    between languages and runs are paired on the question.
    """
    answered = [run for run in runs if run.records]
    by_dataset: dict[str, list[Run]] = defaultdict(list)
    for run in answered:
        by_dataset[run.dataset].append(run)
    by_name: dict[str, dict[str, Any]] = {}
    comparisons: list[dict[str, Any]] = []
    shares: list[dict[str, Any]] = []
    for group in by_dataset.values():
        tables = tables_of(group)
        pairs = closings(tables)
        intervals = Intervals(tables, columns_of(pairs))
        for table in tables:
            by_name[table.run.name] = _run(table, intervals)
        for first, second in itertools.combinations(tables, 2):
            comparisons.extend(compare(first, second, intervals))
        shares.extend(gap_recovered(pairs, intervals))
    correct([comparison["mcnemar"] for comparison in comparisons])
    return {"runs": [by_name[run.name] for run in answered], "comparisons": comparisons, "gap_closed": shares}


def with_clean(runs: Sequence[Run], flagged: Collection[str]) -> dict[str, Any]:
    """The document with, under ``clean``, the same figures without the questions that an audit flagged."""
    document, clean = metrics(runs), metrics(without(runs, flagged))
    missing = {run["name"]: run["missing"] for run in document["runs"]}
    for run in clean["runs"]:
        run["missing"] = missing[run["name"]]  # what is left out on purpose is not missing
    left_out: set[str] = set()
    for run in runs:
        left_out.update(map(_id, run.records))
    left_out.intersection_update(flagged)
    return {**document, "clean": {**clean, "left_out": sorted(left_out)}}


def _id(record: AnswerRecord) -> str:
    return record["id"]


def _run(table: Table, intervals: Intervals) -> dict[str, Any]:
    run = table.run
    records: dict[str, list[AnswerRecord]] = defaultdict(list)
    for record in run.records:
        records[record["language"]].append(record)
    languages: dict[str, dict[str, Any]] = {}
    accuracy: dict[str, float] = {}
    samples: list[Column] = []
    for language, column in table.columns.items():
        languages[language] = _language(records[language], column)
        accuracy[language] = languages[language]["accuracy"]
        samples.append(intervals.samples(run.name, language))
    values = list(accuracy.values())
    worst = min(accuracy, key=accuracy.__getitem__)
    means = np.column_stack(samples)
    letters = list(choices(run.records).values())
    return {
        "name": run.name,
        run.kind: run.label,
        "n_items": len(run.records),
        "n_questions": len(set(map(question_of, run.records))),
        "repeats": run.repeats,
        "repeat_spread": repeat_spread(run),
        "missing": _missing(run),
        "not_covered": _not_covered(run),
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
        "fleiss_kappa": _kappa(letters),
        "calibration": _calibration(run.records),
        **_chance(run.records),
        "usage": _usage(run.records, _USAGE),
        "cost": _cost(run.records),
    }


def _not_covered(run: Run) -> dict[str, dict[str, Any]]:
    """Languages that stand in no figure: how many answers they lack, and why."""
    languages: dict[str, dict[str, Any]] = {}
    for language, records in run.uncovered.items():
        languages[language] = {"n": len(records), "reason": why_uncovered(records)}
    return languages


def _kappa(letters: Sequence[Sequence[str | None]]) -> dict[str, Any] | None:
    agreement = parity.fleiss_kappa(letters)
    return None if agreement is None else {"kappa": agreement[0], "n": agreement[1]}


def _usage(records: Iterable[AnswerRecord], fields: Iterable[str]) -> dict[str, float]:
    """The sum of each field over the records."""
    totals: dict[str, float] = dict.fromkeys(fields, 0)
    for record in records:
        usage = record.get("usage", {})
        for field in totals:
            totals[field] += usage.get(field, 0)
    return totals


def _cost(records: Sequence[AnswerRecord]) -> dict[str, float]:
    """Calls, tokens and seconds an item."""
    cost = _usage(records, _COST)
    for field in cost:
        cost[field] /= len(records)
    return cost


def _missing(run: Run) -> int:
    """Answers that a partial run still lacks; a manifest without ``n_items`` leaves it to the questions that were met."""
    manifest = run.manifest
    if not manifest:
        return 0
    planned = int(manifest.get("repeat", 1))
    recorded = len(run.records) + sum(map(len, run.uncovered.values()))
    if "n_items" in manifest:
        return max(0, manifest["n_items"] * planned - recorded)
    questions = set(map(_id, run.records))
    languages = {*run.languages, *run.uncovered, *manifest.get("languages", ())}
    planned_answers = len(questions) * len(languages) * max(run.repeats, planned)
    return max(0, planned_answers - recorded)


def _against_english(table: Table, intervals: Intervals) -> dict[str, Any]:
    """Language less English over the questions that were asked in both; negative where the language is behind."""
    gaps: dict[str, float] = {}
    bounds: dict[str, list[float] | None] = {}
    tests: dict[str, dict[str, Any]] = {}
    for language in table.others:
        english, other = table.columns["english"], table.columns[language]
        gaps[language] = 100 * float(np.nanmean(other - english))
        bounds[language] = intervals.of(table.run.name, "gap", language)
        tests[language] = mcnemar(english, other)
    correct(list(tests.values()))
    return {
        "gap_to_english": gaps,
        "gap_to_english_ci95": bounds,
        "mcnemar_vs_english": tests,
        "smallest_visible_gap": _visible(table, tests),
    }


def _visible(table: Table, tests: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """The gap in points that each of these tests would have seen with 80 % power, at the discordant share that was met."""
    visible: dict[str, float | None] = {}
    for language, test in tests.items():
        pairs = int(np.sum(~np.isnan(table.columns["english"] - table.columns[language])))
        discordant = (test["b"] + test["c"]) / pairs
        gap = parity.smallest_visible_gap(pairs, discordant, alpha=parity.ALPHA / len(tests))
        visible[language] = None if gap is None else 100 * gap
    return visible


def _language(records: Sequence[AnswerRecord], column: Column) -> dict[str, Any]:
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
        "cost": _cost(records),
    }


def _position_bias(records: Sequence[AnswerRecord]) -> dict[str, Any] | None:
    """Over the answers to questions with one right letter."""
    chosen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for record in records:
        gold = gold_letters(record)
        if record["label"] and len(gold) == 1:
            chosen[record["label"]] += 1
            right[gold[0]] += 1
    return parity.position_bias(chosen, right)


def _calibration(records: Sequence[AnswerRecord]) -> dict[str, Any] | None:
    """Of the answers that were given with a confidence; None where there is none."""
    confidences: list[float] = []
    scores: list[float] = []
    for record in records:
        if record.get("confidence") is not None and record["outcome"] not in NOT_ANSWERED:
            confidences.append(record["confidence"])
            scores.append(score(record))
    measured = parity.calibration(np.array(confidences, dtype=np.float64), np.array(scores, dtype=np.float64))
    if measured is None:
        return None
    return {
        "n": measured.n,
        "ece": measured.ece,
        "brier": measured.brier,
        "aurc": measured.aurc,
        "bins": list(map(_bin, measured.bins)),
        "risk_coverage": list(map(list, measured.curve)),
    }


def _bin(values: tuple[float, float, int, float, float]) -> dict[str, Any]:
    """One bin of the reliability curve, with the Wilson interval of its accuracy, as fractions."""
    entry: dict[str, Any] = dict(zip(_BIN, values, strict=True))
    return {**entry, "ci95": list(parity.wilson(entry["accuracy"] * entry["n"], entry["n"]))}


def _chance(records: Sequence[AnswerRecord]) -> dict[str, Any]:
    """What guessing scores; free text has no chance level.

    ``near_chance`` is True unless the Wilson interval of the pooled accuracy lies above chance.
    """
    chance = float(np.mean(list(map(_chance_of, records))))
    asked = len({(question_of(record), record["language"]) for record in records})  # repeats are no further questions
    low, _ = parity.wilson(asked * sum(map(score, records)) / len(records), asked)
    return {"chance": 100 * chance, "near_chance": chance > 0 and low <= chance}


def _chance_of(record: AnswerRecord) -> float:
    options = record.get("options", RECORDED_OPTIONS)
    right = max(1, len(gold_letters(record)))
    return right / options if options else 0.0
