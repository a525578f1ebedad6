"""What a model server tells about its load: the few gauges and counters that CLARA reads from ``/metrics``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

K = TypeVar("K")

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
        if self.prefix_hits is None or not self.prefix_queries:
            return None
        return self.prefix_hits / self.prefix_queries


def read_metrics(text: str) -> ServerLoad:
    """The load from a page in the Prometheus text format; several engines of a server add up."""
    figures: dict[str, float] = {}
    for name, value in _LINE.findall(text):
        try:
            figures[_NAMES[name]] = figures.get(_NAMES[name], 0.0) + float(value)
        except ValueError:
            continue
    return ServerLoad(**figures)


def prefix_use(before: Mapping[K, ServerLoad], after: Mapping[K, ServerLoad]) -> tuple[int, int] | None:
    """Prompt tokens that were found in the prefix cache and those looked up, from one look at the servers to a later one.

    Servers that tell nothing, were not there, or began to count again meanwhile are left out; None if none is left.
    """
    hits = queries = 0.0
    for server in before.keys() & after.keys():
        more_hits = _more(before[server].prefix_hits, after[server].prefix_hits)
        more_queries = _more(before[server].prefix_queries, after[server].prefix_queries)
        if more_hits is not None and more_queries is not None:
            hits, queries = hits + more_hits, queries + more_queries
    if not queries:
        return None
    return int(hits), int(queries)


def _more(before: float | None, after: float | None) -> float | None:
    """What a counter gained; None if it is not told, or began again."""
    if before is None or after is None or after < before:
        return None
    return after - before


def total(loads: Iterable[ServerLoad]) -> ServerLoad:
    """The sum over servers; a figure is None if no server tells it."""
    every = list(loads)

    def add(name: str) -> float | None:
        figures: list[float] = []
        for load in every:
            figure = getattr(load, name)
            if figure is not None:
                figures.append(figure)
        if not figures:
            return None
        return sum(figures)

    return ServerLoad(add("running"), add("waiting"), add("prefix_hits"), add("prefix_queries"), add("tokens"))
