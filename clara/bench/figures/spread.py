"""How much a figure moves when everything is asked again."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from clara.bench.figures.runs import Run, score


def repeat_spread(run: Run) -> dict[str, Any] | None:
    """Mean accuracy over languages of each repeat in per cent, with their sample standard deviation; None with one repeat.

    Only complete repeats count: those that have as many answers as the first. The standard deviation has n - 1 in its
    denominator (Bessel); it is that of the model's own randomness on these questions, not of another choice of questions.
    """
    scores: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in run.records:
        scores[record.get("repeat", 0)][record["language"]].append(score(record))
    first = scores.get(0, {})
    planned = sum(map(len, first.values()))
    means: list[float] = []
    for _, languages in sorted(scores.items()):
        if sum(map(len, languages.values())) == planned:
            accuracies = [float(np.mean(values)) for values in languages.values()]
            means.append(100 * float(np.mean(accuracies)))
    if len(means) < 2:
        return None
    return {"means": means, "sd": float(np.std(means, ddof=1))}
