"""Deterministic guards of translation and localisation: options, numbers, units, sides, negations, names, echoes."""

from clara.agent.guards.quantities import numbers
from clara.agent.guards.translation import check_localisation, check_translation

__all__ = ["check_localisation", "check_translation", "numbers"]
