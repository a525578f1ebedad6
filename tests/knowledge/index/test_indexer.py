from __future__ import annotations

import numpy as np
import pytest

from clara.errors import StoreError
from clara.knowledge.corpus.chunking import Chunk
from clara.knowledge.index import indexer as module
from clara.knowledge.index.indexer import Indexer
from clara.knowledge.index.vectors import VectorIndex, open_client
from tests.knowledge.fakes import CORNEA, HashEmbedder


@pytest.fixture
def index() -> VectorIndex:
    return VectorIndex(open_client(None), "indexed", HashEmbedder().info)


def put(indexer: Indexer, *numbers: int, gone: tuple[int, ...] = ()) -> None:
    chunks = [Chunk(f"cornea#{number}", CORNEA, "", f"text {number}") for number in numbers]
    indexer.replace(gone, numbers, chunks, HashEmbedder().embed_documents([chunk.text for chunk in chunks]))


def finds(index: VectorIndex, number: int) -> bool:
    return index.answers_for(number, HashEmbedder().embed_documents([f"text {number}"]))


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_everything_is_in_chroma_when_the_context_is_left(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    index.reset()
    with Indexer(index) as indexer:
        put(indexer, 1, 2)
        put(indexer, 3, gone=(1,))  # a document that came twice in one run
        put(indexer, 4, 5)
    assert index.numbers() == {2, 3, 4, 5}
    assert all(finds(index, number) for number in (2, 3, 4, 5))


def test_only_removals_are_brought_in_too(index: VectorIndex) -> None:
    index.reset()
    with Indexer(index) as indexer:
        put(indexer, 1, 2)
    with Indexer(index) as indexer:
        indexer.replace([1], [], [], np.zeros((0, 8), dtype=np.float32))
    assert index.numbers() == {2}


def test_what_was_handed_over_before_an_error_is_kept(index: VectorIndex) -> None:
    index.reset()
    with pytest.raises(KeyError), Indexer(index) as indexer:
        put(indexer, 1, 2)
        raise KeyError("the reader failed")
    assert index.numbers() == {1, 2}


def test_refusal_of_chroma_comes_out_when_the_context_is_left(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("Chroma cannot add")

    monkeypatch.setattr(index, "add", refuse)
    with pytest.raises(StoreError, match="cannot add"), Indexer(index) as indexer:
        put(indexer, 1)
    with pytest.raises(KeyError), Indexer(index) as indexer:
        put(indexer, 1)
        raise KeyError("this counts")
