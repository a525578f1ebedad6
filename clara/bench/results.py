"""Records to the JSON of the contract: one entry per run, and comparisons between runs of the same data."""

from __future__ import annotations

import csv
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from clara.bench import parity
from clara.bench.journal import Record
from clara.bench.scoring import extract_letter, response_outcome
from clara.errors import DatasetError

_USAGE = ("calls", "prompt_tokens", "completion_tokens", "cached_calls", "cached_prompt_tokens", "seconds")


def by_strategy(records: Iterable[Record], prefix: str = "") -> dict[str, list[Record]]:
    """The records of each run, under its name."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[prefix + record["strategy"]].append(record)
    return dict(groups)


def metrics(runs: dict[str, list[Record]], kind: str = "strategy") -> dict[str, Any]:
    """The document of ``bench run --json``; ``kind`` is ``strategy`` or ``model``."""
    tables = {name: _table(records) for name, records in runs.items() if records}
    return {
        "runs": [_run(name, runs[name], table, kind) for name, table in tables.items()],
        "comparisons": [
            entry for (a, x), (b, y) in itertools.combinations(tables.items(), 2) for entry in _compare(a, x, b, y)
        ],
    }


Table = dict[str, dict[str, float]]
"""Language to question to mean score over the repeats."""


def _table(records: list[Record]) -> Table:
    cells: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        cells[record["language"]][record["id"]].append(float(record["outcome"] == "correct"))
    return {language: {key: float(np.mean(v)) for key, v in column.items()} for language, column in cells.items()}


def _column(column: dict[str, float], ids: list[str]) -> parity.Scores:
    return np.array([column.get(key, np.nan) for key in ids])


def _ids(*columns: dict[str, float]) -> list[str]:
    return list(dict.fromkeys(key for column in columns for key in column))


def _run(name: str, records: list[Record], table: Table, kind: str) -> dict[str, Any]:
    languages = {language: _language([r for r in records if r["language"] == language]) for language in table}
    accuracy = {language: entry["accuracy"] for language, entry in languages.items()}
    values = list(accuracy.values())
    worst = min(accuracy, key=lambda language: accuracy[language])
    ids = _ids(*table.values())
    low, high = parity.gap_interval(np.column_stack([_column(column, ids) for column in table.values()]))
    english = accuracy.get("english")
    others = [language for language in table if language != "english"] if english is not None else []
    return {
        "name": name,
        kind: records[0]["strategy"],
        "n_items": len(records),
        "languages": languages,
        "mean": float(np.mean(values)),
        "worst_language": worst,
        "worst_accuracy": accuracy[worst],
        "gap_to_english": {language: (english or 0.0) - accuracy[language] for language in others},
        "max_min_gap": max(values) - min(values),
        "max_min_gap_ci95": [100 * low, 100 * high],
        "cv": parity.variation(values),
        "consistency": parity.consistency(_choices(records)),
        "mcnemar_vs_english": {
            language: _mcnemar(_column(table["english"], ids), _column(table[language], ids)) for language in others
        },
        "near_chance": _near_chance(records),
        "usage": {field: sum(r.get("usage", {}).get(field, 0) for r in records) for field in _USAGE},
    }


def _language(records: list[Record]) -> dict[str, Any]:
    count = Counter(record["outcome"] for record in records)
    n = len(records)
    low, high = parity.wilson(count["correct"], n)
    rest = {name: count[name] for name in ("unparsed", "no_response", "abstained")}
    accuracy = 100 * count["correct"] / n
    return {"n": n, "correct": count["correct"], "accuracy": accuracy, "ci95": [100 * low, 100 * high], **rest}


def _choices(records: list[Record]) -> list[list[str | None]]:
    groups: dict[tuple[int, str], list[str | None]] = defaultdict(list)
    for record in records:
        groups[record.get("repeat", 0), record["id"]].append(record["label"])
    return list(groups.values())


def _near_chance(records: list[Record]) -> bool:
    """True unless the pooled accuracy's Wilson interval lies above chance; recorded responses have four options."""
    low, _ = parity.wilson(sum(r["outcome"] == "correct" for r in records), len(records))
    return low <= float(np.mean([1 / (r.get("options") or 4) for r in records]))


def _mcnemar(first: parity.Scores, second: parity.Scores) -> dict[str, Any]:
    b, c = parity.discordant(first, second)
    return {"b": b, "c": c, "p": parity.mcnemar(b, c)}


def _compare(a: str, first: Table, b: str, second: Table) -> Iterable[dict[str, Any]]:
    for language in first:
        ids = [key for key in first[language] if key in second.get(language, {})]
        if not ids:
            continue
        x, y = _column(first[language], ids), _column(second[language], ids)
        low, high = parity.difference_interval(x, y)
        yield {
            "a": a,
            "b": b,
            "language": language,
            "difference": 100 * float(np.mean(x) - np.mean(y)),
            "ci95": [100 * low, 100 * high],
            "mcnemar": _mcnemar(x, y),
        }


def published(responses: Path, answers: Path) -> dict[str, list[Record]]:
    """Records of recorded responses (``model,language,ID,response``) by model.

    Raises:
        DatasetError: a file cannot be read, lacks a column, or answers a question that has no gold letter.
    """
    gold = {row["ID"]: row["answer"].strip().upper() for row in _rows(answers, "ID", "answer")}
    records: list[Record] = []
    for number, row in enumerate(_rows(responses, "model", "language", "ID", "response"), 1):
        if row["ID"] not in gold:
            raise DatasetError(f"{responses}: row {number} has the ID {row['ID']!r}, which {answers} lacks", row=number)
        text = row["response"] or ""
        result = response_outcome(text, gold[row["ID"]])
        label = extract_letter(text) if result in ("correct", "wrong") else None
        records.append(
            {"strategy": row["model"], "language": row["language"], "id": row["ID"], "outcome": result, "label": label}
        )
    if not records:
        raise DatasetError(f"{responses} holds no responses", path=str(responses))
    return by_strategy(records)


def _rows(path: Path, *needed: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            if missing := [name for name in needed if name not in columns]:
                raise DatasetError(f"{path} has no column {missing[0]}; columns are {', '.join(columns)}", path=str(path))
            rows = list(reader)
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}", path=str(path)) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is no readable CSV: {error}", path=str(path)) from None
    for number, row in enumerate(rows, 1):
        if any(row[name] is None for name in needed):
            raise DatasetError(f"{path}: row {number} has too few cells", path=str(path), row=number)
    return rows
