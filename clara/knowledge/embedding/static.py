"""The embedded embedder: one vector a token, a text is their weighted mean. numpy at run time, no model, no torch.

The folder has the layout of sentence-transformers' ``StaticEmbedding`` (and so of model2vec): ``tokenizer.json`` and
``model.safetensors`` with ``embedding.weight``. The tokenizer must part words at white space.
``python -m tools.train_embedder`` builds it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import chain
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
_MOST_WORDS = 1 << 17
"""Words that are remembered."""
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
        self._words = _TokensOfWords(self._tokenizer)
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
            ids = list(chain.from_iterable(self._split(text)))[:_MAX_TOKENS]
            if ids:
                np.add.reduce(self._table[ids], out=result[row])  # a sum has the direction of the mean
        return unit(result)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """As :meth:`embed_documents`: the embedding is symmetric."""
        return self.embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return [sum(map(len, self._split(text))) for text in texts]

    def _split(self, text: str) -> Iterator[tuple[int, ...]]:
        """The tokens of each word of a text."""
        return map(self._words.__getitem__, text.split())


class _TokensOfWords(dict[str, tuple[int, ...]]):
    """Words to their tokens: words come again, so most are looked up."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, word: str) -> tuple[int, ...]:
        tokens = tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)
        if len(word) <= _SHORT:
            if len(self) >= _MOST_WORDS:
                self.clear()
            self[word] = tokens
        return tokens
