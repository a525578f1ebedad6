"""The protocols between the graph and what CLARA knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clara.types import Passage

Vectors = NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""


@dataclass(frozen=True, slots=True)
class EmbedderInfo:
    """Identity of an embedder; the store keeps it and refuses another one."""

    name: str
    dimension: int
    fingerprint: str
    """Changes whenever the vectors would."""
    max_tokens: int = 512
    query_instruction: str = ""
    document_instruction: str = ""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def info(self) -> EmbedderInfo: ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors: ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: one or more wordings of one need, fused into one list."""

    texts: tuple[str, ...]
    """Wordings (English, original, rewritten); each is searched and the lists are fused."""
    weights: tuple[float, ...] = ()
    """One weight a wording; empty means equal."""
    kinds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Weight of each source kind; a kind that is not named counts 1."""


class Retriever(Protocol):
    """Finds passages. Nothing in it blocks the event loop."""

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """The best ``k`` passages, best first; may be empty.

        Raises:
            StoreError: there is no usable store.
        """
        ...
