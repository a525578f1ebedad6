"""Each strategy is a model of its own, so that a client's menu of models compares them."""

from __future__ import annotations

from clara.agent.strategies import STRATEGIES, Strategy
from clara.errors import RequestRefused


def model_name(strategy: str) -> str:
    """``clara`` for the whole loop, ``clara-direct`` and so on for the others."""
    if strategy == "clara":
        return strategy
    return "clara-" + strategy.removeprefix("clara_").replace("_", "-")


MODELS: dict[str, Strategy] = {}
"""Model name to strategy, the whole loop first."""
for _strategy in sorted(STRATEGIES.values(), key=lambda strategy: strategy.name != "clara"):
    MODELS[model_name(_strategy.name)] = _strategy


def strategy_of(model: str) -> Strategy:
    """The strategy that a model name stands for.

    Raises:
        RequestRefused: there is no such model (404).
    """
    if model not in MODELS:
        raise RequestRefused(
            f"there is no model {model[:80]!r}; choose one of {', '.join(MODELS)}", status=404, code="model_not_found"
        )
    return MODELS[model]
