"""A cross-encoder that reads question and passage together; slower than the two indexes and surer of the order.

Reference: Nogueira and Cho, "Passage Re-ranking with BERT", arXiv 1901.04085. Needs the extra ``models``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from clara.errors import KnowledgeError, SettingsError


class Reranker(Protocol):
    """Says how well passages fit a question."""

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, higher is better."""
        ...


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder, by hub name or path.

    Raises:
        SettingsError: the extra is not installed.
        KnowledgeError: the model cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        try:
            library: Any = importlib.import_module("sentence_transformers")
        except ImportError:
            raise SettingsError(
                f"the reranker {name!r} needs sentence-transformers: pip install 'clara-agent[models]'"
            ) from None
        try:
            self._model: Any = library.CrossEncoder(name, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise KnowledgeError(f"sentence-transformers cannot load the reranker {name!r}: {error}") from None

    def scores(self, question: str, passages: Sequence[str]) -> list[float]:
        """The model's relevance scores."""
        if not passages:
            return []
        pairs = [(question, passage) for passage in passages]
        return [float(score) for score in self._model.predict(pairs, show_progress_bar=False)]
