"""Accuracy, and how evenly it is spread over languages. Pure numpy; every function names its formula and source.

``intervals``: Wilson and the bootstrap paired on the question. ``significance``: McNemar, Holm, position bias.
``power``: before a run and after it.
``agreement``: consistency and Fleiss' kappa. ``calibration``: ECE, Brier, risk and coverage. docs/statistics.md tells when
to trust which.
"""

from clara.bench.parity.agreement import consistency, fleiss_kappa, pairwise_agreement
from clara.bench.parity.calibration import Calibration, aurc, brier, calibration, ece, risk_coverage
from clara.bench.parity.intervals import (
    RESAMPLES,
    Scores,
    percentile_interval,
    percentile_intervals,
    resampled_means,
    variation,
    wilson,
)
from clara.bench.parity.power import ALPHA, mcnemar_power, questions_needed, smallest_visible_gap
from clara.bench.parity.significance import chi_square_p, discordant, holm, mcnemar, position_bias

__all__ = [
    "ALPHA",
    "RESAMPLES",
    "Calibration",
    "Scores",
    "aurc",
    "brier",
    "calibration",
    "chi_square_p",
    "consistency",
    "discordant",
    "ece",
    "fleiss_kappa",
    "holm",
    "mcnemar",
    "mcnemar_power",
    "pairwise_agreement",
    "percentile_interval",
    "percentile_intervals",
    "position_bias",
    "questions_needed",
    "resampled_means",
    "risk_coverage",
    "smallest_visible_gap",
    "variation",
    "wilson",
]
