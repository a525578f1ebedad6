"""The protocols between the graph and what CLARA knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clara.types import Passage

Vectors = NDArray[np.float32]
"""Shape (n, dimension), rows of unit length."""


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """The rows at unit length; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros(vectors.shape, np.float32), where=norms > 0, dtype=np.float32)


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
    head_weight: float = 0.0
    """How much a passage's title, section and other names count beside its whole text; an embedder that averages over words
    loses a short title in a long text, one that reads sentences does not."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def info(self) -> EmbedderInfo: ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors: ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: one or more wordings of one need, fused into one list."""

    texts: tuple[str, ...]
    """Wordings (English, original, rewritten); each is searched and the lists are fused."""
    weights: tuple[float, ...] = ()
    """One weight a wording; empty means equal."""
    kinds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Weight of each source kind; a kind that is not named counts 1."""
    language: str = "en"
    """The asker's language: passages in it get a ranking of their own, so that English ones cannot crowd them out."""


class Retriever(Protocol):
    """Finds passages. Nothing in it blocks the event loop."""

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """The best ``k`` passages, best first; may be empty.

        Raises:
            StoreError: there is no usable store.
        """
        ...


@runtime_checkable
class Opens(Protocol):
    """A retriever that opens its store at the first search, or before, and must be closed."""

    async def open(self) -> object:
        """Open the store now.

        Raises:
            StoreError: there is no usable store.
        """
        ...

    async def aclose(self) -> None:
        """Close the store; a later search opens it again."""
        ...
