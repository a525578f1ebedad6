"""A knowledge base whose vectors lie on a real Chroma server (``chroma run``)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from clara.config import Settings
from clara.errors import StoreError
from clara.knowledge.base import Query
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index.store import Change, KnowledgeBase, discard
from clara.knowledge.retrieval.retriever import HybridRetriever
from clara.privacy import child_environment
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder

pytestmark = pytest.mark.slow


class Server:
    """``chroma run`` on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.start()

    def start(self) -> None:
        chroma = str(Path(sys.executable).with_name("chroma"))
        command = [chroma, "run", "--host", "127.0.0.1", "--port", str(self.port), "--path", str(self._folder)]
        environment = {**os.environ, **child_environment()}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            try:
                httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        self.stop()
        raise AssertionError("chroma run did not come up in 60 s")

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "server")
    yield running
    running.stop()
    SharedSystemClient.clear_system_cache()


def settings(server: Server, home: Path) -> Settings:
    return Settings(home=home, kb=("mine",), chroma_url=server.url, chroma_token="a-token")


def ids(base: KnowledgeBase, text: str) -> list[str]:
    return [passage.id for passage in HybridRetriever([base]).search_batch([(Query((text,)), 3)])[0]]


def test_documents_are_added_found_changed_and_removed(server: Server, tmp_path: Path) -> None:
    base = KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder(), create=True)
    assert base.add([CORNEA, LENS, GLAUCOMA]) == Change(added=3, passages=3)
    assert ids(base, "clear window cornea")[0] == "cornea#0"
    assert not (tmp_path / "kb" / "mine" / "chroma").exists()
    assert base.remove(["cornea"]) == 1
    assert "cornea#0" not in ids(base, "clear window cornea")
    base.close()


def test_a_restarted_server_still_has_everything(server: Server, tmp_path: Path) -> None:
    base = KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder(), create=True)
    base.add([CORNEA, LENS])
    base.close()
    server.stop()
    server.start()
    SharedSystemClient.clear_system_cache()
    embedder = HashEmbedder()
    again = KnowledgeBase.open(settings(server, tmp_path), "mine", embedder)
    assert len(embedder.embedded) == 1  # the probe: nothing was embedded again
    assert ids(again, "lens focuses light")[0] == "lens#0"
    again.close()


def test_an_empty_server_is_filled_from_the_record(server: Server, tmp_path: Path) -> None:
    base = KnowledgeBase(tmp_path / "kb" / "mine", HashEmbedder(), create=True)
    base.add([CORNEA, LENS])
    base.close()
    moved = KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder())
    assert moved._vectors.count() == 2
    assert ids(moved, "lens focuses light")[0] == "lens#0"
    moved.close()


def test_a_server_that_went_away_is_named(server: Server, tmp_path: Path) -> None:
    base = KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder(), create=True)
    base.add([CORNEA])

    def lens_and_then_no_server() -> Iterator[Document]:
        yield LENS
        server.stop()

    with pytest.raises(StoreError, match="Chroma"):
        base.add(lens_and_then_no_server())
    assert base.record.origin_of("lens") is not None  # acknowledged by the record, and caught up below
    with pytest.raises(StoreError, match="Chroma"):
        ids(base, "cornea")
    with pytest.raises(StoreError, match="Chroma"):
        base.add([GLAUCOMA])
    assert base.record.origin_of(GLAUCOMA.id) is None
    base.close()
    SharedSystemClient.clear_system_cache()
    with pytest.raises(StoreError, match=server.url):
        KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder())
    server.start()
    again = KnowledgeBase.open(settings(server, tmp_path), "mine", HashEmbedder())
    assert ids(again, "lens focuses light")[0] == "lens#0"
    again.close()


def test_two_data_folders_share_a_server_and_each_finds_its_own(server: Server, tmp_path: Path) -> None:
    first = KnowledgeBase.open(settings(server, tmp_path / "a"), "mine", HashEmbedder(), create=True)
    other = KnowledgeBase.open(settings(server, tmp_path / "b"), "mine", HashEmbedder(), create=True)
    first.add([CORNEA])
    other.add([LENS])
    assert (ids(first, "lens focuses light cornea"), ids(other, "lens focuses light cornea")) == (["cornea#0"], ["lens#0"])
    discard(settings(server, tmp_path / "a"), "mine")
    assert ids(other, "lens focuses light") == ["lens#0"]
    first.close()
    other.close()
