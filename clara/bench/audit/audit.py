"""Finds what makes an item unfair in one language, and says so item by item.

Each check looks for one kind of damage that machine translation and copying do to parallel exams: lost or doubled options,
an answer given away, the source left in the translation, a wrong or romanised script, changed numbers. The checks are rules
on characters and words: no model, no network. They prefer missing a doubtful case to accusing a sound item.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clara.bench.audit.rules import (
    WHOLE_LANGUAGE,
    doubled_options,
    echoes,
    given_away,
    lost_options,
    number_differences,
    script_problem,
)
from clara.bench.datasets import Dataset, Item
from clara.bench.datasets.values import plain

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
class Problem:
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
    problems: tuple[Problem, ...]
    sizes: Mapping[str, int]
    """Items a language."""

    def systematic(self) -> dict[tuple[str, str], int]:
        """Language and problem to the number of items, where it is at least half of them: a property of the language."""
        counts = Counter((entry.language, entry.problem) for entry in self.problems)
        return {
            key: count
            for key, count in counts.items()
            if key[1] in WHOLE_LANGUAGE and 2 * count >= self.sizes.get(key[0], 0)
        }

    def flagged(self) -> frozenset[tuple[str, str]]:
        """Question id and language of the items with a defect of their own, systematic ones aside."""
        aside = self.systematic()
        return frozenset(
            (entry.id, entry.language) for entry in self.problems if (entry.language, entry.problem) not in aside
        )

    def flagged_ids(self) -> frozenset[str]:
        """Questions with a defect of their own in any language: leave them out everywhere, and pairs stay pairs."""
        return frozenset(key for key, _ in self.flagged())

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
    groups: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in dataset.items:
        groups[item.id if dataset.parallel else f"{item.language} {item.id}"][item.language] = item
    found = [Problem(entry.id, entry.language, entry.problem, entry.detail) for entry in dataset.defects]
    for versions in groups.values():
        found.extend(_check(versions))
    found.extend(_repeated(dataset))
    places = {item.id: place for place, item in enumerate(dataset.items)}
    found.sort(key=lambda entry: (PROBLEMS.index(entry.problem), entry.language, places.get(entry.id, -1), entry.detail))
    return Audit(
        dataset.name,
        len(dataset.items),
        dataset.languages,
        tuple(dict.fromkeys(found)),
        Counter(item.language for item in dataset.items),
    )


def _check(versions: Mapping[str, Item]) -> Iterator[Problem]:
    """The defects of one question in its languages."""
    damaged: set[str] = set()
    for language, item in versions.items():
        for problem, rule in (
            ("missing_options", lost_options(item, versions)),
            ("duplicate_options", doubled_options(item)),
            ("answer_leak", given_away(item, versions)),
            ("echoed_source", echoes(item, versions)),
            ("bad_gold", _gold_outside(item)),
            ("empty", _empty(item)),
        ):
            if rule:
                damaged.add(language)
                yield Problem(item.id, language, problem, rule)
        if script := script_problem(item):
            yield Problem(item.id, language, *script)
    sound = {language: item for language, item in versions.items() if language not in damaged}
    for language, detail in number_differences(sound):
        yield Problem(versions[language].id, language, "number_mismatch", detail)


def _gold_outside(item: Item) -> str | None:
    labels = item.question.labels
    outside = [letter for letter in item.gold.replace("|", "") if labels and letter not in labels]
    return f"the gold answer {outside[0]} is none of the options {', '.join(labels)}" if outside else None


def _empty(item: Item) -> str | None:
    if not plain(item.question.text):
        return "there is no question before the options"
    blank = [option.label for option in item.question.options if not plain(option.text)]
    return f"option {blank[0]} has no text" if blank else None


def _repeated(dataset: Dataset) -> Iterator[Problem]:
    first: dict[tuple[str, str, tuple[str, ...]], str] = {}
    for item in dataset.items:
        options = tuple(sorted(plain(option.text) for option in item.question.options))
        key = (item.language, plain(item.question.text), options)
        original = first.setdefault(key, item.id)
        if original != item.id:
            yield Problem(item.id, item.language, "duplicate_item", f"the same text as question {original}")
