"""A knowledge base: the durable record and its two derived indexes, Chroma and BM25, kept in step."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clara.config import Settings
from clara.errors import NoKnowledgeBase, StoreError
from clara.files import FolderLock
from clara.knowledge.base import Embedder
from clara.knowledge.corpus.augmentation import Augmenter, augment, fingerprint
from clara.knowledge.corpus.chunking import OVERLAP, SIZE, Chunk, chunk
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index.folder import (
    copied,
    drop_chroma,
    exclusive,
    is_writable,
    kb_folder,
    make_kb_folder,
    missing_message,
)
from clara.knowledge.index.indexer import Indexer
from clara.knowledge.index.mirror import Mirror
from clara.knowledge.index.postings import Postings, load_postings
from clara.knowledge.index.record import KnowledgeRecord
from clara.knowledge.index.vectors import (
    VectorIndex,
    close_client,
    collection_name,
    drop_collection,
    open_client,
    server_client,
)

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

log = logging.getLogger(__name__)

BATCH, BATCH_CHARACTERS = 256, 16 << 20
"""Documents in one transaction; of long ones fewer."""
_UNREADABLE = re.compile(r"not a database|malformed")
"""What SQLite says of a file that it cannot read as a database."""

ReportProgress = Callable[[int, int], None]
"""Receives documents read and passages added so far."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an ingestion did, in documents and passages."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0


class KnowledgeBase:
    """One named knowledge base.

    Args:
        folder: its folder; created if ``create``.
        embedder: turns passages into vectors; must be the one that built the index.
        create: make it if it does not exist.
        check: bring an index in step that is behind or damaged; False for a caller that builds it again at once.
        client: a client of a Chroma server, which is closed with the knowledge base; None opens the persistent one in
            ``folder``.

    Raises:
        NoKnowledgeBase: there is none and ``create`` is False.
        EmbedderMismatch: another embedder built it.
        StoreError: the folder or Chroma refuses.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        *,
        create: bool = False,
        check: bool = True,
        client: ClientAPI | None = None,
    ) -> None:
        self.name = folder.name
        self.folder = folder
        self.embedder = embedder
        if not create and not (folder / "record.sqlite").is_file():
            raise NoKnowledgeBase(missing_message(self.name, folder))
        self._postings: Postings | None = None
        with ExitStack() as opened:
            if client is not None:
                opened.callback(close_client, client)
            self._place = self._writable_place(opened)
            self.record = KnowledgeRecord(self._place / "record.sqlite")
            opened.callback(self.record.close)
            identity = self.record.identity
            name = collection_name(self.name, identity if client is not None else None)
            if client is None:
                client = self._open_chroma()
                opened.callback(close_client, client)
            self._vectors = VectorIndex(client, self.name, embedder.info, collection=name, record=identity)
            self._mirror = Mirror(self._vectors, self.record, embedder, self.name)
            if check:
                self._check()
            self._opened = opened.pop_all()

    @classmethod
    def open(
        cls, settings: Settings, name: str, embedder: Embedder, *, create: bool = False, check: bool = True
    ) -> KnowledgeBase:
        """The knowledge base ``name`` of the settings' data folder."""
        return cls(kb_folder(settings, name), embedder, create=create, check=check, client=server_client(settings))

    def _writable_place(self, opened: ExitStack) -> Path:
        """Where the files are opened: the folder, made if it is not there, or a copy of one that can only be read."""
        if (self.folder / "record.sqlite").is_file() and not is_writable(self.folder):
            return opened.enter_context(copied(self.folder))
        make_kb_folder(self.folder)
        return self.folder

    def _open_chroma(self) -> ClientAPI:
        """The embedded Chroma; one whose database is no longer readable is dropped, for the record holds everything."""
        place = self._place / "chroma"
        client = _readable(place)
        if client is None:
            log.warning("the database of the index of knowledge base %r is damaged", self.name)
            with exclusive(self._place):
                drop_chroma(place)
            client = open_client(place)
        return client

    def _check(self) -> None:
        """Bring Chroma in step with the record if it is behind or damaged.

        While another process changes the knowledge base, an index that is behind is used as it is.
        """
        if self._mirror.is_in_step():
            return
        lock = FolderLock(self._place)
        if not lock.take():
            log.warning("another process is changing the knowledge base %r; it is searched as far as it is", self.name)
            return
        try:
            self._mirror.bring_in_step()
        finally:
            lock.release()

    def _alone(self) -> AbstractContextManager[None]:
        """Keep the knowledge base to this process, for a change that lasts.

        Raises:
            StoreError: another process is changing it, or it can only be read.
        """
        if self._place != self.folder:
            raise StoreError(
                f"the knowledge base {self.folder} can only be read here: make its folder writable to change it"
            )
        return exclusive(self.folder)

    @contextmanager
    def _changing(self) -> Generator[None]:
        """Keep the lock over a change of the record, and say at its end that Chroma has it too.

        What an earlier change left undone, in this process or another, is done first: afterwards nobody would know of it.
        """
        with self._alone():
            self._vectors.refresh()
            if not self._mirror.is_marked():
                self._mirror.bring_in_step()
            yield
            self._vectors.mark(self.record.generation)

    def reindex(self) -> None:
        """Build both indexes again from the record.

        Raises:
            StoreError: another process is changing the knowledge base, or Chroma refuses.
        """
        with self._alone():
            self._mirror.rebuild()

    def recut(self) -> None:
        """Cut all documents again, for an embedder that counts other tokens, and build both indexes.

        Raises:
            StoreError: another process is changing the knowledge base, or Chroma refuses.
        """
        with self._alone():
            for batch in _batches(self.record.documents()):
                self.record.put(self._cut_all(batch))
            self._mirror.rebuild()

    def add(
        self, documents: Iterable[Document], *, augmenter: Augmenter | None = None, progress: ReportProgress | None = None
    ) -> Change:
        """Add documents; unchanged ones are skipped, changed ones replaced.

        A batch counts as added once it is in the record; its vectors follow: see :class:`Indexer`.

        Args:
            documents: read as a stream.
            augmenter: writes to the new and changed ones what is indexed with them.
            progress: called after every batch.

        Raises:
            StoreError: the disk or Chroma refuses; what was added before stays.
            BackboneError: the augmenter's model server cannot be used; what was added before stays.
        """
        counts = Counter[str]()
        with self._changing(), Indexer(self._vectors) as indexer:
            known = self.record.fingerprints()
            for batch in _batches(documents):
                fresh = self._fresh(batch, known, counts, augmenter)
                if fresh:
                    parts = self._cut_all(augment(fresh, augmenter))
                    chunks = list(chain.from_iterable(chunks for _, chunks in parts))
                    vectors = self._mirror.embed(chunks)
                    gone, new = self.record.put(parts)
                    counts["passages"] += len(new)
                    indexer.replace(gone, new, chunks, vectors)
                if progress is not None:
                    progress(counts["added"] + counts["replaced"] + counts["unchanged"], counts["passages"])
        return Change(**counts)

    def _fresh(
        self, batch: Sequence[Document], known: dict[str, str], counts: Counter[str], augmenter: Augmenter | None
    ) -> list[Document]:
        """The new and the changed documents; of the others it is remembered where they lie now."""
        fresh: dict[str, Document] = {}
        same: list[Document] = []
        for document in batch:
            now = fingerprint(document, augmenter)
            if known.get(document.id) == now:
                counts["unchanged"] += 1
                same.append(document)
            else:
                counts["replaced" if document.id in known else "added"] += 1
                known[document.id] = now
                fresh[document.id] = document
        self.record.move(same)
        return list(fresh.values())

    def _cut_all(self, documents: Iterable[Document]) -> list[tuple[Document, list[Chunk]]]:
        size = min(SIZE, self.embedder.info.max_tokens)
        overlap = min(OVERLAP, size // 6)
        parts: list[tuple[Document, list[Chunk]]] = []
        for document in documents:
            parts.append((document, chunk(document, self.embedder.count_tokens, size=size, overlap=overlap)))
        return parts

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents; returns how many there were."""
        with self._changing():
            known = self.record.fingerprints()
            present = list(filter(known.__contains__, ids))
            self._vectors.delete(self.record.remove(present))
        return len(present)

    def postings(self) -> Postings:
        """BM25 of the record as it is now, also after another process changed it; read from disk or built when needed."""
        if self._postings is None or self._postings.generation != self.record.generation:
            self._postings = load_postings(self._place, self.record)
        return self._postings

    def nearest(self, texts: Sequence[str], k: int, language: str | None = None) -> list[list[tuple[int, float]]]:
        """Passage numbers and similarities for each text; one Chroma call for all of them."""
        return self._vectors.query(self.embedder.embed_queries(texts), k, language)

    def stats(self) -> dict[str, Any]:
        """Counts and the embedder, for ``kb stats``."""
        info = self.embedder.info
        return {
            "name": self.name,
            "folder": str(self.folder),
            **self.record.counts(),
            "kinds": self.record.count_by("kind"),
            "languages": self.record.count_by("language"),
            "embedder": asdict(info),
        }

    def close(self) -> None:
        """Close the record and Chroma."""
        self._opened.close()


def index_again(settings: Settings, name: str, embedder: Embedder) -> int:
    """Cut and embed the stored documents of a knowledge base again, with another embedder; how many passages there are.

    Raises:
        StoreError: another process is changing it, or Chroma refuses.
    """
    discard(settings, name)
    with closing(KnowledgeBase.open(settings, name, embedder, check=False)) as base:
        base.recut()
        base.postings()
        return base.record.counts()["passages"]


def discard(settings: Settings, name: str) -> None:
    """Remove the vectors of a knowledge base, whatever embedder made them, so that it can be built again.

    Raises:
        StoreError: another process is changing the knowledge base, or Chroma refuses.
    """
    folder = kb_folder(settings, name)
    place = folder / "chroma"
    client = server_client(settings)
    if client is None:
        if place.exists():
            with exclusive(folder):
                drop_chroma(place)
        return
    with ExitStack() as opened:
        opened.callback(close_client, client)
        if (folder / "record.sqlite").exists():
            opened.enter_context(exclusive(folder))
            record = opened.enter_context(closing(KnowledgeRecord(folder / "record.sqlite")))
            drop_collection(client, collection_name(name, record.identity))


def _readable(place: Path) -> ClientAPI | None:
    """The embedded Chroma in a folder; None if its database is damaged."""
    try:
        return open_client(place)
    except StoreError as error:
        if not _UNREADABLE.search(str(error)):
            raise
    return None


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += document.size
        if len(batch) == BATCH or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
