"""What a model server tells about its load: the few gauges and counters that CLARA reads from ``/metrics``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NAMES = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:prefix_cache_hits_total": "prefix_hits",
    "vllm:prefix_cache_queries_total": "prefix_queries",
    "vllm:generation_tokens_total": "tokens",
    "vllm:prompt_tokens_total": "tokens",
    "sglang:num_running_reqs": "running",
    "sglang:num_queue_reqs": "waiting",
    "llamacpp:requests_processing": "running",
    "llamacpp:requests_deferred": "waiting",
    "llamacpp:tokens_predicted_total": "tokens",
    "llamacpp:prompt_tokens_total": "tokens",
}
"""Names as vLLM, SGLang and the llama.cpp server write them."""
_LINE = re.compile(rf"^({'|'.join(map(re.escape, _NAMES))})(?:\{{[^\n]*\}})?[ \t]+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ServerLoad:
    """Load of one or more servers; None for what they do not tell."""

    running: float | None = None
    """Requests at work."""
    waiting: float | None = None
    """Requests that the engine has accepted and not begun."""
    prefix_hits: float | None = None
    """Prompt tokens taken from the prefix cache since the server's start."""
    prefix_queries: float | None = None
    """Prompt tokens looked up in it."""
    tokens: float | None = None
    """Tokens read and written since the server's start: grows while the engine is alive and has work."""

    @property
    def prefix_hit_rate(self) -> float | None:
        """Share of prompt tokens found in the prefix cache, or None where it is unknown."""
        return self.prefix_hits / self.prefix_queries if self.prefix_hits is not None and self.prefix_queries else None


def read_metrics(text: str) -> ServerLoad:
    """The load from a page in the Prometheus text format; several engines of a server add up."""
    found: dict[str, float] = {}
    for name, value in _LINE.findall(text):
        try:
            found[_NAMES[name]] = found.get(_NAMES[name], 0.0) + float(value)
        except ValueError:
            continue
    return ServerLoad(**found)


def total(loads: Iterable[ServerLoad]) -> ServerLoad:
    """The sum over servers; a figure is None if no server tells it."""
    every = list(loads)

    def add(name: str) -> float | None:
        told = [value for load in every if (value := getattr(load, name)) is not None]
        return sum(told) if told else None

    return ServerLoad(add("running"), add("waiting"), add("prefix_hits"), add("prefix_queries"), add("tokens"))
