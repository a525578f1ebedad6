"""Parts that the knowledge tests share."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from clara.knowledge.base import EmbedderInfo, Vectors
from clara.knowledge.corpus.chunking import count_words
from clara.knowledge.corpus.documents import Document
from clara.language.text import search_tokens


class HashEmbedder:
    """Each word is a fixed random direction; counts what it embeds."""

    def __init__(self, name: str = "hash", fingerprint: str = "f1") -> None:
        self.info = EmbedderInfo(name, 32, fingerprint)
        self.embedded: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        rows = [sum((_direction(token) for token in search_tokens(text)), np.full(32, 1e-3)) for text in texts]
        table = np.array(rows, dtype=np.float32).reshape(len(rows), 32)
        return table / np.linalg.norm(table, axis=1, keepdims=True)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self.embed_documents(texts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return count_words(texts)


def _direction(token: str) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(token.encode())).standard_normal(32)


def document(name: str, text: str, **fields: object) -> Document:
    return Document(name, name.title(), text, **fields)  # type: ignore[arg-type]


CORNEA = document("cornea", "The cornea is the clear window of the eye.")
LENS = document("lens", "The lens focuses light on the retina.", kind="anatomy")
GLAUCOMA = document("glaucoma", "Glaucoma damages the optic nerve.", also=("青光眼",))
