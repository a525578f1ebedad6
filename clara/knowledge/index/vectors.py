"""The Chroma index: passages' vectors, persistent in the user's data folder or on a Chroma server.

Chroma's own embedding function is never used, so nothing is downloaded; its telemetry is off. The collection's metadata
say which embedder filled it, and which record and which generation of it it holds.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from clara.config import Settings, masked
from clara.errors import EmbedderMismatch, StoreError
from clara.knowledge.base import EmbedderInfo, Vectors
from clara.knowledge.corpus.chunking import Chunk
from clara.privacy import silence_telemetry
from clara.runtime.forking import never_free

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 2000
"""Passages in one call."""
_ALIKE = 0.98


def open_client(folder: Path | None, url: str | None = None, token: str | None = None) -> ClientAPI:
    """A Chroma client: persistent in ``folder``, a server's if ``url`` is given, in memory if neither.

    Raises:
        StoreError: the folder cannot be written, or no server answers.
    """
    silence_telemetry()
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings
    from chromadb.errors import ChromaError

    settings = ChromaSettings(anonymized_telemetry=False)
    try:
        if url is not None:
            host, port, secure = _split(url)
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return chromadb.HttpClient(host=host, port=port, ssl=secure, headers=headers, settings=settings)
        if folder is None:
            return chromadb.EphemeralClient(settings=settings)
        return chromadb.PersistentClient(path=str(folder), settings=settings)
    except (ChromaError, OSError, ValueError, RuntimeError) as error:
        if url is None and folder is not None:
            SharedSystemClient._identifier_to_system.pop(str(folder), None)  # else the half-opened one is given next time
        raise StoreError(f"cannot open Chroma at {masked(url) if url else folder}: {error}") from None


def _forget_engines() -> None:
    """After a fork Chroma would give the parent's engine, whose threads do not live here; the next client starts its own."""
    shared = sys.modules.get("chromadb.api.shared_system_client")
    if shared is not None:
        clients = shared.SharedSystemClient
        never_free(clients._identifier_to_system)
        clients._identifier_to_system, clients._identifier_to_refcount = {}, {}
        clients._refcount_lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_engines)


def close_client(client: ClientAPI) -> None:
    """Close a client; Chroma stops when its last client in this process is closed."""
    cast("Client", client).close()  # every client has it, only the interface does not say so


def server_client(settings: Settings) -> ClientAPI | None:
    """A client of the Chroma server that the settings name; None if they name none."""
    if settings.chroma_url is None:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
    return open_client(None, settings.chroma_url, token)


def _split(url: str) -> tuple[str, int, bool]:
    match = re.fullmatch(r"(https?)://([^/:]+)(?::(\d+))?/?", url)
    if match is None:
        raise StoreError(
            f"{masked(url)!r} is no address of a Chroma server; it looks like http://127.0.0.1:8001 "
            "and holds no user name or password: a token belongs into CLARA_CHROMA_TOKEN"
        )
    secure = match[1] == "https"
    return match[2], int(match[3] or (443 if secure else 8000)), secure


@contextmanager
def _as_store_error(what: str) -> Generator[None]:
    """Chroma's own errors, and those of the connection to its server, as one of ours."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except httpx.HTTPError as error:
        raise StoreError(f"Chroma cannot {what}: its server does not answer ({error})") from None
    except (ChromaError, ValueError, RuntimeError) as error:
        raise StoreError(f"Chroma cannot {what}: {error}") from None


class VectorIndex:
    """The Chroma collection of one knowledge base, tied to one embedder.

    Every method raises StoreError where Chroma fails, for example on a damaged index or when its server has gone.
    """

    def __init__(
        self, client: ClientAPI, base: str, embedder: EmbedderInfo, *, collection: str | None = None, record: str = ""
    ) -> None:
        """Open or create the collection of the knowledge base ``base``.

        Args:
            client: where it lies.
            base: the knowledge base's name.
            embedder: what fills it.
            collection: its name; None for that of a knowledge base that has the client to itself.
            record: the identity of the record that it is derived from.

        Raises:
            EmbedderMismatch: it was filled by another embedder.
            StoreError: Chroma cannot open it.
        """
        self._client = client
        self._base, self._name = base, collection or collection_name(base)
        self._record = record
        self._embedder = embedder
        with _as_store_error(f"open {self._name!r}"):
            self._collection = self._open()
        self._check_embedder()

    def _open(self) -> Collection:
        return self._client.get_or_create_collection(
            self._name,
            metadata=self._metadata(-1),
            configuration={"hnsw": {"space": "cosine", "ef_search": 200, "ef_construction": 200}},
            embedding_function=None,
        )

    def _metadata(self, generation: int) -> dict[str, Any]:
        return {
            "embedder": self._embedder.name,
            "fingerprint": self._embedder.fingerprint,
            "dimension": self._embedder.dimension,
            "query_instruction": self._embedder.query_instruction,
            "document_instruction": self._embedder.document_instruction,
            "head_weight": self._embedder.head_weight,
            "max_tokens": self._embedder.max_tokens,
            "normalised": True,
            "record": self._record,
            "generation": generation,
        }

    @property
    def _marks(self) -> Mapping[str, Any]:
        """The metadata of the collection, as :meth:`_metadata` wrote them."""
        return self._collection.metadata or {}

    def _check_embedder(self) -> None:
        name, fingerprint = self._marks.get("embedder"), self._marks.get("fingerprint")
        if (name, fingerprint) != (self._embedder.name, self._embedder.fingerprint):
            raise EmbedderMismatch(
                f"the knowledge base {self._base!r} was built with the embedder "
                f"{name!r} (fingerprint {fingerprint}), not with {self._embedder.name!r} "
                f"({self._embedder.fingerprint}); set the embedder back, or run: clara kb reindex --kb {self._base}"
            )

    def refresh(self) -> None:
        """See how another process has marked the index since it was opened."""
        with _as_store_error(f"open {self._name!r}"):
            self._collection = self._client.get_collection(self._name, embedding_function=None)

    @property
    def generation(self) -> int:
        """The record's generation that this index holds; -1 if none."""
        return int(self._marks.get("generation", -1))

    @property
    def record(self) -> str:
        """Identity of the record that it was filled from; empty if it does not say."""
        return str(self._marks.get("record", ""))

    def mark(self, generation: int) -> None:
        """Say that the index now holds this generation."""
        with _as_store_error(f"change {self._name!r}"):
            self._collection.modify(metadata=self._metadata(generation))
        self.refresh()

    def count(self) -> int:
        """Vectors in the collection."""
        with _as_store_error(f"count {self._name!r}"):
            return int(self._collection.count())

    def numbers(self) -> set[int]:
        """Numbers of all passages that it holds."""
        with _as_store_error(f"list {self._name!r}"):
            return {int(name) for name in self._collection.get(include=[])["ids"]}

    def add(self, numbers: Sequence[int], chunks: Sequence[Chunk], vectors: Vectors) -> None:
        """Add passages that it does not hold: their vectors, and what a search filters by.

        Their text stays in the record. Chroma would index it word by word, which takes three quarters of the time of an
        ingestion and ten times the room (benchmarks/ingestion.py).
        """
        for at in range(0, len(numbers), BATCH):
            part = slice(at, at + BATCH)
            with _as_store_error(f"add to {self._name!r}"):
                self._collection.add(
                    ids=[str(number) for number in numbers[part]],
                    embeddings=vectors[part],
                    metadatas=[{"language": chunk.document.language} for chunk in chunks[part]],
                )

    def delete(self, numbers: Sequence[int]) -> None:
        """Remove passages."""
        for at in range(0, len(numbers), BATCH):
            with _as_store_error(f"remove from {self._name!r}"):
                self._collection.delete(ids=[str(number) for number in numbers[at : at + BATCH]])

    def query(self, vectors: Vectors, k: int, language: str | None = None) -> list[list[tuple[int, float]]]:
        """Numbers and cosine similarities of the ``k`` nearest passages of each row, best first.

        Only passages in one language if it is named.
        """
        count = min(k, self.count())
        if count == 0 or not len(vectors):
            return [[] for _ in vectors]
        where: dict[str, Any] | None = None if language is None else {"language": language}
        with _as_store_error(f"search {self._name!r}"):
            result = self._collection.query(query_embeddings=vectors, n_results=count, where=where, include=["distances"])
        hits: list[list[tuple[int, float]]] = []
        for ids, distances in zip(result["ids"], result["distances"] or [], strict=True):
            hits.append([(int(name), 1.0 - float(distance)) for name, distance in zip(ids, distances, strict=True)])
        return hits

    def answers_for(self, number: int, vector: Vectors) -> bool:
        """True if it holds this vector (shape (1, dimension)) for the passage, and a search for it finds something.

        That is what a damaged index fails at. The passage itself need not be found: among many that are equal a search shows
        some, and a graph with many equal points may miss others.
        """
        try:
            stored = self._embedding(number)
            if stored is None or not _alike(stored, vector[0]):
                return False
            return bool(self.query(vector, 20)[0])
        except StoreError:
            return False

    def _embedding(self, number: int) -> Vectors | None:
        with _as_store_error(f"read {self._name!r}"):
            embeddings = self._collection.get(ids=[str(number)], include=["embeddings"])["embeddings"]
        if embeddings is None or not len(embeddings):
            return None
        return np.asarray(embeddings[0], dtype=np.float32)

    def reset(self) -> None:
        """Empty the collection and tie it to this embedder."""
        with _as_store_error(f"empty {self._name!r}"):
            self._client.delete_collection(self._name)
            self._collection = self._open()


def _alike(one: Vectors, other: Vectors) -> bool:
    """True for unit vectors of the same text, which a GPU may give with other last digits, and for two of zeros."""
    return float(one @ other) > _ALIKE or not (one.any() or other.any())


def collection_name(base: str, record: str | None = None) -> str:
    """A knowledge base's collection; on a server, which others of this name may share, with its record's identity."""
    return f"clara-{base}-{record}" if record else f"clara-{base}"


def drop_collection(client: ClientAPI, name: str) -> None:
    """Remove a collection whatever filled it; nothing happens if there is none.

    Raises:
        StoreError: Chroma fails.
    """
    from chromadb.errors import NotFoundError

    with _as_store_error(f"remove {name!r}"), suppress(NotFoundError):
        client.delete_collection(name)
