"""The embedded embedder: one vector a token, a text is their weighted mean. numpy at run time, no model, no torch.

The folder has the layout of sentence-transformers' ``StaticEmbedding`` (and so of model2vec): ``tokenizer.json`` and
``model.safetensors`` with ``embedding.weight``. The tokenizer must part words at white space.
``python -m clara.knowledge.train`` builds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from clara import resources
from clara.errors import KnowledgeError
from clara.knowledge.base import EmbedderInfo, Vectors, unit

_MAX_TOKENS = 1024
_SHORT = 40
"""Characters of a word that is worth remembering; Chinese sentences are longer."""
_REMEMBERED = 1 << 17
_HEAD_WEIGHT = 0.8
"""benchmarks/retrieval.py compares others."""


class StaticEmbedder:
    """Mean of token vectors, unit length.

    Args:
        folder: the embedding; None means the one that ships.

    Raises:
        KnowledgeError: the folder does not hold one.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or resources.KNOWLEDGE_BASE / "embedder"
        try:
            self._table = load_file(self._folder / "model.safetensors")["embedding.weight"].astype(np.float32)
            text = (self._folder / "tokenizer.json").read_text(encoding="utf-8")
            json.loads(text)  # tokenizers raises a bare Exception on what is no JSON
            self._tokenizer = Tokenizer.from_str(text)
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise KnowledgeError(f"{self._folder} holds no static embedding: {error}") from None
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._short_word = lru_cache(maxsize=_REMEMBERED)(self._encode)
        digest = hashlib.sha256(f"head {_HEAD_WEIGHT}".encode())
        for name in ("model.safetensors", "tokenizer.json"):
            digest.update((self._folder / name).read_bytes())
        dimension, fingerprint = int(self._table.shape[1]), digest.hexdigest()[:16]
        self._info = EmbedderInfo("embedded", dimension, fingerprint, _MAX_TOKENS, head_weight=_HEAD_WEIGHT)

    @property
    def info(self) -> EmbedderInfo:
        """Name, dimension and a fingerprint of both files."""
        return self._info

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension); a text without a known token gets a zero vector."""
        result = np.zeros((len(texts), self._table.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            if ids := self._ids(text)[:_MAX_TOKENS]:
                result[row] = self._table[ids].mean(axis=0)
        return unit(result)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """As :meth:`embed_documents`: the embedding is symmetric."""
        return self.embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return [len(self._ids(text)) for text in texts]

    def _ids(self, text: str) -> list[int]:
        """The text's tokens, word by word: words come again, so most are looked up."""
        ids: list[int] = []
        for word in text.split():
            ids += self._short_word(word) if len(word) <= _SHORT else self._encode(word)
        return ids

    def _encode(self, word: str) -> list[int]:
        return list(self._tokenizer.encode(word, add_special_tokens=False).ids)
