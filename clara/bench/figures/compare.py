"""One run against an earlier one: what changed, language by language and item by item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from clara.bench.figures.paired import Intervals, compare, correct, tables_of
from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run, question_of, score
from clara.bench.replay.journal import Record
from clara.errors import UsageError

Cells = dict[tuple[str, str], list[float]]


def compare_runs(before: Sequence[Run], after: Sequence[Run]) -> dict[str, Any]:
    """The document of ``bench compare --json``.

    Strategies of the same name are compared; if each side has one strategy only, these two are. Differences are after -
    before, in points, over the items that both were asked.

    Raises:
        UsageError: no strategy is in both, or the two share no item.
    """
    pairs = _pairs(before, after)
    entries = [_pair(first, second) for first, second in pairs]
    correct([test["mcnemar"] for entry in entries for test in entry["languages"].values()])
    return {"comparisons": entries}


def _pairs(before: Sequence[Run], after: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    later = {run.label: run for run in after}
    pairs = [(run, later[run.label]) for run in before if run.label in later]
    if not pairs:
        names = (", ".join(run.label for run in runs) for runs in (before, after))
        raise UsageError("the two runs have no strategy in common: {} and {}".format(*names))
    return pairs


def _pair(before: Run, after: Run) -> dict[str, Any]:
    before, after = _shared(before, after)
    later, earlier = tables_of([after, before])
    found = list(compare(later, earlier, Intervals([later, earlier])))
    summary = {run["name"]: run for run in metrics([before, after])["runs"]}
    return {
        "before": before.name,
        "after": after.name,
        "same_dataset": before.dataset == after.dataset,
        "languages": {
            entry["language"]: {
                "n": entry["n"],
                "before": summary[before.name]["languages"][entry["language"]]["accuracy"],
                "after": summary[after.name]["languages"][entry["language"]]["accuracy"],
                "difference": entry["difference"],
                "ci95": entry["ci95"],
                "mcnemar": entry["mcnemar"],
            }
            for entry in found
        },
        "mean": {"before": summary[before.name]["mean"], "after": summary[after.name]["mean"]},
        "largest_gap": {"before": _largest(summary[before.name]), "after": _largest(summary[after.name])},
        **_changes(before, after),
    }


def _shared(before: Run, after: Run) -> tuple[Run, Run]:
    """Both runs with the items that both were asked, so that every figure is of the same items."""
    first, second = ({_key(record) for record in run.records} for run in (before, after))
    both = first & second
    if not both:
        raise UsageError(f"{before.name} and {after.name} share no item")
    kept = [replace(run, records=[r for r in run.records if _key(r) in both]) for run in (before, after)]
    return kept[0], kept[1]


def _key(record: Record) -> tuple[str, str]:
    return question_of(record), record["language"]


def _largest(run: dict[str, Any]) -> float | None:
    """The largest gap to English in points; without English, the largest between languages."""
    gaps = run["gap_to_english"].values()
    return max(gaps) if gaps else run["max_min_gap"]


def _changes(before: Run, after: Run) -> dict[str, list[dict[str, Any]]]:
    """Items that got worse and items that got better, with what was answered then and now."""
    old, new = _cells(before), _cells(after)
    changes: dict[str, list[dict[str, Any]]] = {"regressions": [], "improvements": []}
    for key in old:
        if key not in new:
            continue
        (was, then), (now, today) = old[key], new[key]
        if was != now:
            entry = {"id": key[0], "language": key[1], "before": then, "after": today}
            changes["regressions" if now < was else "improvements"].append(entry)
    return changes


def _cells(run: Run) -> dict[tuple[str, str], tuple[float, str]]:
    """Mean score of each item over its repeats, and what was answered, in words."""
    scores: Cells = defaultdict(list)
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in run.records:
        key = (record["id"], record["language"])
        scores[key].append(score(record))
        outcome = record["outcome"].replace("_", " ")
        said[key].append(f"{outcome} {record['label']}" if record["label"] else outcome)
    return {key: (sum(values) / len(values), ", ".join(dict.fromkeys(said[key]))) for key, values in scores.items()}


def failures(document: dict[str, Any], *, fail_under: float | None, max_gap: float | None) -> Iterator[str]:
    """A sentence for each threshold that the later run misses, in points."""
    for entry in document["comparisons"]:
        name, mean, gap = entry["after"], entry["mean"]["after"], entry["largest_gap"]["after"]
        if fail_under is not None and mean < fail_under:
            yield f"{name}: mean accuracy {mean:.1f} % is below {fail_under:g} %"
        if max_gap is not None and gap is not None and gap > max_gap:
            yield f"{name}: largest gap {gap:.1f} points is above {max_gap:g}"
