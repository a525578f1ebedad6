"""One run against an earlier one: what changed, language by language and item by item."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clara.bench.figures.conditions import changed_conditions
from clara.bench.figures.paired import Intervals, compare, correct, tables_of
from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run, question_of, score
from clara.bench.replay.journal import AnswerRecord
from clara.errors import UsageError


def compare_runs(before: Sequence[Run], after: Sequence[Run]) -> dict[str, Any]:
    """The document of ``bench compare --json``.

    Strategies of the same name are compared; if each side has one strategy only, these two are. Differences are after -
    before, in points, over the items that both were asked.

    Raises:
        UsageError: no strategy is in both, or the two share no item.
    """
    entries: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    for earlier, later in _pairs(before, after):
        entry = _pair(earlier, later)
        entries.append(entry)
        for language in entry["languages"].values():
            tests.append(language["mcnemar"])
    correct(tests)
    return {"comparisons": entries}


def _pairs(before: Sequence[Run], after: Sequence[Run]) -> list[tuple[Run, Run]]:
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    later = {run.label: run for run in after}
    pairs: list[tuple[Run, Run]] = []
    for run in before:
        if run.label in later:
            pairs.append((run, later[run.label]))
    if not pairs:
        raise UsageError(f"the two runs have no strategy in common: {_labels(before)} and {_labels(after)}")
    return pairs


def _labels(runs: Sequence[Run]) -> str:
    return ", ".join(run.label for run in runs)


def _pair(before: Run, after: Run) -> dict[str, Any]:
    changes = changed_conditions(before, after)
    before, after = _shared(before, after)
    later, earlier = tables_of([after, before])
    figures_before, figures_after = metrics([before, after])["runs"]
    languages: dict[str, dict[str, Any]] = {}
    for entry in compare(later, earlier, Intervals([later, earlier])):
        language = entry["language"]
        languages[language] = {
            "n": entry["n"],
            "before": figures_before["languages"][language]["accuracy"],
            "after": figures_after["languages"][language]["accuracy"],
            "difference": entry["difference"],
            "ci95": entry["ci95"],
            "mcnemar": entry["mcnemar"],
        }
    return {
        "before": before.name,
        "after": after.name,
        "differs": changes,
        "same_dataset": before.dataset == after.dataset,
        "languages": languages,
        "mean": {"before": figures_before["mean"], "after": figures_after["mean"]},
        "largest_gap": {"before": _furthest_behind(figures_before), "after": _furthest_behind(figures_after)},
        "max_min_gap": {"before": figures_before["max_min_gap"], "after": figures_after["max_min_gap"]},
        **_changes(before, after),
    }


def _shared(before: Run, after: Run) -> tuple[Run, Run]:
    """Both runs with the items that both were asked, so that every figure is of the same items."""
    both = set(map(_key, before.records)) & set(map(_key, after.records))
    if not both:
        raise UsageError(f"{before.name} and {after.name} share no item")
    return _only(before, both), _only(after, both)


def _only(run: Run, keys: set[tuple[str, str]]) -> Run:
    return replace(run, records=[record for record in run.records if _key(record) in keys])


def _key(record: AnswerRecord) -> tuple[str, str]:
    return question_of(record), record["language"]


def _furthest_behind(run: dict[str, Any]) -> float | None:
    """The gap to English of the language that is furthest behind, in points below zero; None without English."""
    return min(run["gap_to_english"].values(), default=None)


def _changes(before: Run, after: Run) -> dict[str, list[dict[str, Any]]]:
    """Items that got worse and items that got better, with what was answered then and now."""
    regressions: list[dict[str, Any]] = []
    improvements: list[dict[str, Any]] = []
    later = _answers(after)
    for key, old in _answers(before).items():
        new = later.get(key)
        if new is None or new.score == old.score:
            continue
        changes = regressions if new.score < old.score else improvements
        changes.append({"id": key[0], "language": key[1], "before": old.words, "after": new.words})
    return {"regressions": regressions, "improvements": improvements}


@dataclass(slots=True)
class _Answers:
    """The answers to one item, over its repeats."""

    total: float = 0.0
    count: int = 0
    different: dict[str, None] = field(default_factory=dict[str, None])
    """Outcome and letter, each once, in order of appearance."""

    def add(self, record: AnswerRecord) -> None:
        self.total += score(record)
        self.count += 1
        answer = record["outcome"].replace("_", " ")
        if record["label"]:
            answer += f" {record['label']}"
        self.different[answer] = None

    @property
    def score(self) -> float:
        """The mean score."""
        return self.total / self.count

    @property
    def words(self) -> str:
        """What was answered."""
        return ", ".join(self.different)


def _answers(run: Run) -> dict[tuple[str, str], _Answers]:
    answers: dict[tuple[str, str], _Answers] = defaultdict(_Answers)
    for record in run.records:
        answers[record["id"], record["language"]].add(record)
    return answers


def failures(document: dict[str, Any], *, fail_under: float | None, max_gap: float | None) -> Iterator[str]:
    """A sentence for each threshold that the later run misses, in points; without English ``max_gap`` is for max − min."""
    for entry in document["comparisons"]:
        name, mean, gap = entry["after"], entry["mean"]["after"], entry["largest_gap"]["after"]
        if fail_under is not None and mean < fail_under:
            yield f"{name}: mean accuracy {mean:.1f} % is below {fail_under:g} %"
        if max_gap is None:
            continue
        spread = entry["max_min_gap"]["after"]
        if gap is not None and -gap > max_gap:
            yield f"{name}: a language is {-gap:.1f} points behind English, more than {max_gap:g}"
        if gap is None and spread > max_gap:
            yield f"{name}: max − min is {spread:.1f} points, more than {max_gap:g}"
