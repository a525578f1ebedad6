"""What is measured: the answers of one strategy or one recorded system, read from journals and scored again."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from clara.bench.replay.journal import AnswerRecord, read_run
from clara.bench.scoring.scoring import rescore
from clara.errors import JournalError, UnsupportedLanguage

Kind = Literal["strategy", "model"]
NOT_ANSWERED = ("unparsed", "no_response", "abstained")
"""The classes of an item that was neither right nor wrong."""
RECORDED_OPTIONS = 4
"""Options of a recorded response that does not say how many there were."""


@dataclass(frozen=True, slots=True)
class Run:
    """The answers of one strategy (or recorded model) to the items of one data set."""

    name: str
    """Unique within a report."""
    kind: Kind
    label: str
    """The strategy or model, as the records name it."""
    records: Sequence[AnswerRecord]
    dataset: str = ""
    """Fingerprint of the data set: only runs on the same one are compared, question by question."""
    manifest: Mapping[str, Any] = field(default_factory=dict[str, Any])
    uncovered: Mapping[str, Sequence[AnswerRecord]] = field(default_factory=dict[str, Sequence[AnswerRecord]])
    """Records of the languages that the profile or model does not cover: they stand in no figure."""

    @property
    def languages(self) -> list[str]:
        """In the data's order; where the manifest does not give it, in order of appearance."""
        return in_order((record["language"] for record in self.records), self.manifest.get("languages", ()))

    @property
    def repeats(self) -> int:
        """How often the items were asked."""
        return 1 + max((record.get("repeat", 0) for record in self.records), default=0)


def in_order(languages: Iterable[str], order: Sequence[str]) -> list[str]:
    """Each language once, as ``order`` has them; those that it lacks come last, in order of appearance."""
    present = dict.fromkeys(languages)
    ordered = [language for language in order if language in present]
    return joined((ordered, present))


def languages_of(runs: Iterable[Run]) -> list[str]:
    """The languages of all runs: those of the first in its order, then what the others add."""
    return joined(run.languages for run in runs)


def joined(groups: Iterable[Iterable[str]]) -> list[str]:
    """Each language once: those of the first group in its order, then what the others add."""
    return list(dict.fromkeys(itertools.chain.from_iterable(groups)))


def runs_of(
    records: Iterable[AnswerRecord], *, kind: Kind = "strategy", prefix: str = "", manifest: Mapping[str, Any] | None = None
) -> list[Run]:
    """The records of one journal, a run for each strategy; ``prefix`` goes before the names.

    Where the manifest says that the data set is not parallel, records name a ``question`` of their language alone.
    """
    facts = manifest or {}
    is_parallel = facts.get("parallel", True)
    groups: dict[str, list[AnswerRecord]] = defaultdict(list)
    for record in records:
        groups[record["strategy"]].append(record if is_parallel else _unpaired(record))
    dataset = str(facts.get("fingerprint", ""))
    runs: list[Run] = []
    for label, group in groups.items():
        covered, uncovered = _by_coverage(group)
        runs.append(Run(prefix + label, kind, label, covered, dataset, facts, uncovered))
    return runs


def _by_coverage(records: Sequence[AnswerRecord]) -> tuple[list[AnswerRecord], dict[str, Sequence[AnswerRecord]]]:
    """The records that count, and by language those of which none was answered because the language is not covered."""
    refused: set[str] = set()
    answered: set[str] = set()
    for record in records:
        if record.get("error_kind") == UnsupportedLanguage.__name__:
            refused.add(record["language"])
        elif record["outcome"] != "no_response":
            answered.add(record["language"])
    covered: list[AnswerRecord] = []
    uncovered: dict[str, list[AnswerRecord]] = defaultdict(list)
    for record in records:
        language = record["language"]
        if language in refused and language not in answered:
            uncovered[language].append(record)
        else:
            covered.append(record)
    return covered, dict(uncovered)


def why_uncovered(records: Sequence[AnswerRecord]) -> str:
    """The first reason that these records give."""
    for record in records:
        if record.get("error"):
            return str(record["error"])
    return "the language is not covered"


def _unpaired(record: AnswerRecord) -> AnswerRecord:
    """The record as that of a question that its language alone asks."""
    return {**record, "question": f"{record['language']}: {record['id']}"}


def read_runs(folders: Iterable[Path]) -> list[Run]:
    """The runs in these folders, finished or not, every record scored again by this version; no model is called.

    Raises:
        JournalError: a folder holds no run, or no answers yet.
    """
    return list(itertools.chain.from_iterable(read_folders(folders)))


def read_folders(folders: Iterable[Path]) -> list[list[Run]]:
    """Like :func:`read_runs`, a list a folder."""
    unique = list(dict.fromkeys(folders))
    groups: list[list[Run]] = []
    for folder, prefix in zip(unique, _prefixes(unique), strict=True):
        manifest, records = read_run(folder)
        if not records:
            raise JournalError(f"{folder} holds no answers yet")
        runs = runs_of(map(rescored, records), prefix=prefix, manifest=manifest)
        if not any(run.records for run in runs):
            raise JournalError(f"{folder} holds no answer in a language that is covered: {why_uncovered(records)}")
        groups.append(runs)
    return groups


def _prefixes(folders: Sequence[Path]) -> list[str]:
    """Nothing for one folder; else the shortest tails of the paths that tell them apart."""
    if len(folders) < 2:
        return [""] * len(folders)
    paths = [folder.resolve().parts for folder in folders]
    deepest = max(map(len, paths))
    for depth in range(1, deepest + 1):
        prefixes = ["/".join(path[-depth:]) + ": " for path in paths]
        if len(set(prefixes)) == len(prefixes):
            return prefixes
    return [f"{folder}: " for folder in folders]


def rescored(record: AnswerRecord) -> AnswerRecord:
    """The record as this version of the code scores it."""
    outcome, label, points = rescore(record)
    scored = {**record, "outcome": outcome, "label": label}
    if record.get("references") or record.get("score") is not None:
        scored["score"] = points
    return scored


def score(record: AnswerRecord) -> float:
    """1 correct, 0 not, or the share of credit that a free-text answer got."""
    given = record.get("score")
    if given is not None:
        return float(given)
    return float(record["outcome"] == "correct")


def question_of(record: AnswerRecord) -> str:
    """What pairs records: the id of an item, or the name of a question that only one language asks."""
    return record.get("question") or record["id"]


def gold_letters(record: AnswerRecord) -> tuple[str, ...]:
    """The letters of which any one is right (``A|C``); none for free text and where several are right together (``ACE``)."""
    gold = record.get("gold") or ""
    letters: list[str] = []
    for part in str(gold).split("|"):
        if len(part) == 1:
            letters.append(part)
    return tuple(letters)


def without(runs: Iterable[Run], flagged: Collection[str]) -> list[Run]:
    """The runs less the questions that an audit flagged, in all languages, so that pairs stay pairs."""
    remaining: list[Run] = []
    for run in runs:
        records = [record for record in run.records if record["id"] not in flagged]
        if records:
            remaining.append(replace(run, records=records))
    return remaining
