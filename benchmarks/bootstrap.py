"""How long the statistics take: 10,000 resamples over 9 models x 7 languages x 164 items, with every gap and comparison.

    .venv/bin/python benchmarks/bootstrap.py

Synthetic answers, so that it runs anywhere; the second line is the size of the largest report that is tested.
"""

from __future__ import annotations

import time

import numpy as np

from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run

LANGUAGES = ("english", "portuguese", "spanish", "tagalog", "chinese", "french", "hindi")


def runs(models: int, questions: int) -> list[Run]:
    """Random runs; every question has its own difficulty, so that columns are correlated as in real data."""
    rng = np.random.default_rng(0)
    difficulty = rng.normal(size=questions)
    result: list[Run] = []
    for model in range(models):
        records = [
            {
                "strategy": f"model {model}",
                "language": language,
                "id": str(question),
                "gold": "A",
                "label": "A" if right else "B",
                "outcome": "correct" if right else "wrong",
            }
            for place, language in enumerate(LANGUAGES)
            for question, right in enumerate(difficulty + rng.normal(size=questions) > 0.1 * place - 0.3)
        ]
        result.append(Run(f"model {model}", "model", f"model {model}", records))
    return result


def main() -> None:
    for models, questions in ((9, 164), (1, 14_286), (9, 1_588)):
        given = runs(models, questions)
        start = time.perf_counter()
        document = metrics(given)
        seconds = time.perf_counter() - start
        print(
            f"{models} models x {len(LANGUAGES)} languages x {questions} items: {seconds:.2f} s for "
            f"{len(document['runs'])} runs and {len(document['comparisons'])} comparisons"
        )


if __name__ == "__main__":
    main()
