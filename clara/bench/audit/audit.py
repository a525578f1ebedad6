"""Finds what makes an item unfair in one language, and says so item by item.

Each check looks for one kind of damage that machine translation and copying do to parallel exams: lost or doubled options,
an answer given away, the source left in the translation, a wrong or romanised script, changed numbers. The checks are rules
on characters and words: no model, no network. They prefer missing a doubtful case to accusing a sound item.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from clara.bench.audit.leaks import given_away
from clara.bench.audit.numbers import number_differences
from clara.bench.audit.rules import WHOLE_LANGUAGE, doubled_options, echoes, lost_options, script_problem
from clara.bench.datasets import Dataset, Item
from clara.language.text import plain

PROBLEMS = (
    "missing_options",
    "duplicate_options",
    "answer_leak",
    "echoed_source",
    "wrong_script",
    "romanised",
    "empty",
    "bad_gold",
    "duplicate_item",
    "number_mismatch",
)
"""What an item can have; the order in which reports group them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect of one item in one language."""

    id: str
    language: str
    problem: str
    detail: str

    def to_json(self) -> dict[str, str]:
        return {"id": self.id, "language": self.language, "problem": self.problem, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Audit:
    """All defects of a data set."""

    dataset: str
    n_items: int
    """Questions times languages."""
    languages: tuple[str, ...]
    problems: tuple[Finding, ...]
    sizes: Mapping[str, int]
    """Items a language."""

    def systematic(self) -> dict[tuple[str, str], int]:
        """Language and problem to the number of items, where it is at least half of them: a property of the language."""
        counts: Counter[tuple[str, str]] = Counter()
        for entry in self.problems:
            if entry.problem in WHOLE_LANGUAGE:
                counts[entry.language, entry.problem] += 1
        systematic: dict[tuple[str, str], int] = {}
        for (language, problem), count in counts.items():
            if 2 * count >= self.sizes.get(language, 0):
                systematic[language, problem] = count
        return systematic

    def flagged(self) -> frozenset[tuple[str, str]]:
        """Question id and language of the items with a defect of their own, systematic ones aside."""
        systematic = self.systematic()
        keys: set[tuple[str, str]] = set()
        for entry in self.problems:
            if (entry.language, entry.problem) not in systematic:
                keys.add((entry.id, entry.language))
        return frozenset(keys)

    def flagged_ids(self) -> frozenset[str]:
        """Questions with a defect of their own in any language: leave them out everywhere, and pairs stay pairs."""
        return frozenset(map(itemgetter(0), self.flagged()))

    def to_json(self) -> dict[str, Any]:
        """The document of ``bench audit --json``."""
        return {
            "dataset": self.dataset,
            "n_items": self.n_items,
            "languages": list(self.languages),
            "problems": [entry.to_json() for entry in self.problems],
            "flagged_ids": sorted(self.flagged_ids()),
        }


def audit_dataset(dataset: Dataset) -> Audit:
    """Check every item, alone and against its other languages; read the data set with ``strict=False`` to see all."""
    problems: list[Finding] = []
    for defect in dataset.defects:
        problems.append(Finding(defect.id, defect.language, defect.problem, defect.detail))
    for versions in _questions(dataset):
        problems.extend(_check(versions))
    problems.extend(_repeated(dataset))
    places: dict[str, int] = {}
    sizes: Counter[str] = Counter()
    for place, item in enumerate(dataset.items):
        places[item.id] = place
        sizes[item.language] += 1

    def order(problem: Finding) -> tuple[int, str, int, str]:
        kind = PROBLEMS.index(problem.problem)
        return kind, problem.language, places.get(problem.id, -1), problem.detail

    unique = dict.fromkeys(sorted(problems, key=order))
    return Audit(dataset.name, len(dataset.items), dataset.languages, tuple(unique), sizes)


def _questions(dataset: Dataset) -> Collection[Mapping[str, Item]]:
    """Each question in its languages; in a data set that is not parallel every item is a question of its own."""
    questions: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in dataset.items:
        question = item.id if dataset.parallel else f"{item.language} {item.id}"
        questions[question][item.language] = item
    return questions.values()


def _check(versions: Mapping[str, Item]) -> Iterator[Finding]:
    """The defects of one question in its languages."""
    sound: dict[str, Item] = {}
    for language, item in versions.items():
        details = {
            "missing_options": lost_options(item, versions),
            "duplicate_options": doubled_options(item),
            "answer_leak": given_away(item, versions),
            "echoed_source": echoes(item, versions),
            "bad_gold": _gold_outside(item),
            "empty": _empty(item),
        }
        if not any(details.values()):
            sound[language] = item
        for problem, detail in details.items():
            if detail:
                yield Finding(item.id, language, problem, detail)
        script = script_problem(item)
        if script is not None:
            yield Finding(item.id, language, *script)
    for language, detail in number_differences(sound):
        yield Finding(versions[language].id, language, "number_mismatch", detail)


def _gold_outside(item: Item) -> str | None:
    labels = item.question.labels
    if not labels:
        return None
    for letter in item.gold.replace("|", ""):
        if letter not in labels:
            return f"the gold answer {letter} is none of the options {', '.join(labels)}"
    return None


def _empty(item: Item) -> str | None:
    if not plain(item.question.text):
        return "there is no question before the options"
    for option in item.question.options:
        if not plain(option.text):
            return f"option {option.label} has no text"
    return None


def _repeated(dataset: Dataset) -> Iterator[Finding]:
    first: dict[tuple[str, ...], str] = {}
    for item in dataset.items:
        options = sorted(plain(option.text) for option in item.question.options)
        original = first.setdefault((item.language, plain(item.question.text), *options), item.id)
        if original != item.id:
            yield Finding(item.id, item.language, "duplicate_item", f"the same text as question {original}")
