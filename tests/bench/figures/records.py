"""Records of a few answers, as short as the figures allow."""

from __future__ import annotations

from typing import Any

from clara.bench.figures.runs import Run
from clara.bench.replay.journal import AnswerRecord


def answers(language: str, letters: str, *, gold: str = "A", **more: Any) -> list[AnswerRecord]:
    """A record for each letter, with the ids 0, 1, 2 …; a dot is a question that nobody was asked, a dash no letter."""
    records: list[AnswerRecord] = []
    for number, letter in enumerate(letters):
        if letter == ".":
            continue
        label = None if letter == "-" else letter
        outcome = "unparsed" if label is None else "correct" if label == gold else "wrong"
        records.append(
            {"strategy": "x", "id": str(number), "language": language, "gold": gold, "options": 4, "label": label}
            | {"outcome": outcome, "repeat": 0, "usage": {}}
            | more
        )
    return records


def run(*groups: list[AnswerRecord], name: str = "x", **more: Any) -> Run:
    """A run of one strategy with these records."""
    return Run(name, "strategy", name, [record for group in groups for record in group], **more)
