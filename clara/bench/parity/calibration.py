"""Do confidences mean what they say, and does answering less often make the answers better?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence against accuracy of one group of answers."""

    n: int
    ece: float
    brier: float
    aurc: float
    bins: tuple[tuple[float, float, int, float, float], ...]
    """Bounds, count, mean confidence and accuracy of each bin that holds answers."""
    curve: tuple[tuple[float, float], ...]
    """Coverage and risk, both from 0 to 1, by falling confidence; thinned to at most 100 points."""


def _bins(confidence: Floats, correct: Floats, bins: int) -> tuple[Floats, Floats, Floats]:
    """Count, mean confidence and mean correctness of ``bins`` bins of equal width; the upper bound belongs to its bin."""
    at = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    n = np.bincount(at, minlength=bins).astype(np.float64)
    safe = np.maximum(n, 1)
    return n, np.bincount(at, confidence, bins) / safe, np.bincount(at, correct, bins) / safe


def ece(confidence: Floats, correct: Floats, bins: int = BINS) -> float:
    """Expected calibration error: Σ n_b / n · |accuracy_b - confidence_b| (Guo et al. 2017, arXiv 1706.04599, eq. 3)."""
    counts, confidences, accuracies = _bins(confidence, correct, bins)
    return float(np.sum(counts * np.abs(accuracies - confidences)) / len(confidence))


def brier(confidence: Floats, correct: Floats) -> float:
    """Mean of (confidence - correct)², the two-class form (Brier 1950, Mon. Weather Rev. 78:1)."""
    return float(np.mean((confidence - correct) ** 2))


def risk_coverage(confidence: Floats, correct: Floats) -> tuple[Floats, Floats]:
    """Coverage k / n and the share of errors among the k most confident answers (El-Yaniv and Wiener 2010, JMLR 11:1605).

    Answers of equal confidence share their mean error, so that their order does not matter.
    """
    order = np.argsort(-confidence, kind="stable")
    _, group, size = np.unique(-confidence[order], return_inverse=True, return_counts=True)
    errors = (np.bincount(group, 1 - correct[order]) / size)[group]
    k = np.arange(1, len(confidence) + 1)
    return k / len(confidence), np.cumsum(errors) / k


def aurc(confidence: Floats, correct: Floats) -> float:
    """Area under the risk-coverage curve: the mean risk over all coverages (Geifman et al. 2019, arXiv 1805.08206)."""
    return float(np.mean(risk_coverage(confidence, correct)[1]))


def calibration(confidence: Floats, correct: Floats) -> Calibration | None:
    """All of the above; None without answers. ``confidence`` from 0 to 1, ``correct`` 0 or 1 (or a score between)."""
    if not len(confidence):
        return None
    counts, confidences, accuracies = _bins(confidence, correct, BINS)
    bins: list[tuple[float, float, int, float, float]] = []
    for number, count in enumerate(counts):
        if count:
            bounds = (number / BINS, (number + 1) / BINS)
            bins.append((*bounds, int(count), float(confidences[number]), float(accuracies[number])))
    coverage, risk = risk_coverage(confidence, correct)
    points = np.unique(np.linspace(0, len(coverage) - 1, min(100, len(coverage))).astype(np.int64))
    return Calibration(
        n=len(confidence),
        ece=ece(confidence, correct),
        brier=brier(confidence, correct),
        aurc=float(np.mean(risk)),
        bins=tuple(bins),
        curve=tuple(zip(coverage[points].tolist(), risk[points].tolist(), strict=True)),
    )
