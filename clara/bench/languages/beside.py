"""A property of the languages beside what runs measured: rank correlations with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clara.bench.parity.correlation import spearman, spearman_interval


def correlations(properties: Mapping[str, float], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``{"run", "with", "n", "rho", "ci95"}`` for the accuracy and the gap of each run in a metrics document.

    Over the languages that have both; ``rho`` is None where there are too few, ``ci95`` where it would have no bound.
    """
    entries: list[dict[str, Any]] = []
    for run in document["runs"]:
        accuracies = {language: cell["accuracy"] for language, cell in run["languages"].items()}
        for name, measured in (("accuracy", accuracies), ("gap", run["gap_to_english"])):
            shared = [language for language in measured if language in properties]
            rho = spearman([properties[language] for language in shared], [measured[language] for language in shared])
            bounds = None if rho is None else spearman_interval(rho, len(shared))
            interval = None if bounds is None else list(bounds)
            entries.append({"run": run["name"], "with": name, "n": len(shared), "rho": rho, "ci95": interval})
    return entries
