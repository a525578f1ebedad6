"""How good answers are, and how evenly over languages.

>>> from clara.bench import evaluate
>>> results = evaluate("sample", strategies=["direct", "clara"], languages=["en", "hi"])   # doctest: +SKIP
>>> print(results)                                                                         # doctest: +SKIP

The public names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clara.bench.datasets import Dataset, Item, load_dataset
    from clara.bench.evaluation.evaluate import aevaluate, evaluate
    from clara.bench.evaluation.results import Accuracy, Comparison, Results, ScoreMean
    from clara.bench.scoring.scorers import Response, Scorer

__all__ = [
    "Accuracy",
    "Comparison",
    "Dataset",
    "Item",
    "Response",
    "Results",
    "ScoreMean",
    "Scorer",
    "aevaluate",
    "evaluate",
    "load_dataset",
]

_HOMES = {
    "clara.bench.datasets": ("Dataset", "Item", "load_dataset"),
    "clara.bench.evaluation.evaluate": ("aevaluate", "evaluate"),
    "clara.bench.evaluation.results": ("Accuracy", "Comparison", "Results", "ScoreMean"),
    "clara.bench.scoring.scorers": ("Response", "Scorer"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'clara.bench' has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
