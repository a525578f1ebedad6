"""Any sentence-transformers model, by hub name or path.

Needs the extra ``models``. A hub name is fetched by that library, the first time, if the machine is online.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from clara.errors import KnowledgeError, SettingsError
from clara.knowledge.base import EmbedderInfo, Vectors
from clara.knowledge.embedding.instructions import instructions_for


class TransformerEmbedder:
    """A sentence-transformers model.

    Raises:
        SettingsError: the extra is not installed.
        KnowledgeError: the model cannot be loaded.
    """

    def __init__(self, name: str, *, revision: str | None = None) -> None:
        try:
            library: Any = importlib.import_module("sentence_transformers")
        except ImportError:
            raise SettingsError(
                f"the embedder {name!r} needs sentence-transformers: pip install 'clara-agent[models]'"
            ) from None
        try:
            self._model: Any = library.SentenceTransformer(name, revision=revision, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise KnowledgeError(f"sentence-transformers cannot load {name!r}: {error}") from None
        dimension = int(self._model.get_sentence_embedding_dimension() or self._encode(["x"]).shape[1])
        instructions = instructions_for(name)
        identity = f"{name}@{revision or ''}:{dimension}:{instructions.query}:{instructions.document}"
        limit = int(getattr(self._model, "max_seq_length", None) or 512)
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._info = EmbedderInfo(name, dimension, digest, limit, instructions.query, instructions.document)

    @property
    def info(self) -> EmbedderInfo:
        """Name, dimension, instructions and a fingerprint of all of these and the revision."""
        return self._info

    def _encode(self, texts: Sequence[str]) -> Vectors:
        encoded = self._model.encode(list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(encoded, dtype=np.float32)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), with the model's instruction for passages."""
        return self._encode([self._info.document_instruction + text for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), with the model's instruction for queries."""
        return self._encode([self._info.query_instruction + text for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        encoded = self._model.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return [len(ids) for ids in encoded]
