"""An OpenAI-compatible ``/v1/embeddings`` server, for example a vLLM that serves an embedding model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from operator import itemgetter
from urllib.parse import urlsplit

import httpx
import numpy as np

from clara.config import Settings
from clara.errors import SettingsError, StoreError
from clara.knowledge.base import EmbedderInfo, Vectors, unit
from clara.knowledge.embedding.instructions import instructions_for
from clara.language.text import words

_BATCH = 128


class RemoteEmbedder:
    """Vectors from a server; called from worker threads only.

    Raises:
        SettingsError: no model is named.
        StoreError: the server does not answer as an embeddings server does.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.embedder_model is None:
            raise SettingsError("an embeddings server needs the setting embedder_model, the name of the model it serves")
        base = settings.embedder.rstrip("/")
        self._url = f"{base}/embeddings" if base.endswith("/v1") else f"{base}/v1/embeddings"
        headers = _authorization(settings)
        timeout = httpx.Timeout(settings.timeout, connect=settings.connect_timeout)
        self._model = settings.embedder_model
        self._client = httpx.Client(headers=headers, timeout=timeout, trust_env=False)
        dimension = self._encode(["dimension"]).shape[1]
        instructions = instructions_for(self._model)
        identity = f"{self._model}:{dimension}:{instructions.query}:{instructions.document}"
        digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._info = EmbedderInfo(
            self._model,
            dimension,
            digest,
            query_instruction=instructions.query,
            document_instruction=instructions.document,
        )

    @property
    def info(self) -> EmbedderInfo:
        """The model's name, its dimension and a fingerprint of both."""
        return self._info

    def _encode(self, texts: Sequence[str]) -> Vectors:
        rows: list[list[float]] = []
        for at in range(0, len(texts), _BATCH):
            payload = {"model": self._model, "input": list(texts[at : at + _BATCH]), "encoding_format": "float"}
            try:
                reply = self._client.post(self._url, json=payload).raise_for_status().json()
                rows += [item["embedding"] for item in sorted(reply["data"], key=itemgetter("index"))]
            except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                raise StoreError(f"no embeddings from {self._url}: {type(error).__name__}") from None
        if len(rows) != len(texts):
            raise StoreError(f"{self._url} gave {len(rows)} embeddings for {len(texts)} texts")
        return unit(np.asarray(rows, dtype=np.float32))

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), with the model's instruction for passages."""
        return self._encode([self._info.document_instruction + text for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (n, dimension), with the model's instruction for queries."""
        return self._encode([self._info.query_instruction + text for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """An estimate, for the protocol has no tokenizer: four tokens for three words."""
        return [round(len(words(text)) * 4 / 3) for text in texts]


def _authorization(settings: Settings) -> dict[str, str]:
    """The backbone's key, for an embedder on one of the backbone's hosts; another host must not learn it."""
    hosts = {urlsplit(address).hostname for address in settings.backbone}
    if settings.api_key is None or urlsplit(settings.embedder).hostname not in hosts:
        return {}
    return {"Authorization": f"Bearer {settings.api_key.get_secret_value()}"}
