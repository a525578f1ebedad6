"""Chroma as a copy of the record: seen to differ, brought up to it with the least work, or built again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from clara.knowledge.base import EmbedderInfo
from clara.knowledge.corpus.chunking import chunk, count_words
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index.mirror import Mirror
from clara.knowledge.index.record import KnowledgeRecord
from clara.knowledge.index.vectors import VectorIndex, close_client, open_client
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder


class Stand:
    """A record, a Chroma in memory and the mirror between them."""

    def __init__(self, folder: Path, embedder: HashEmbedder) -> None:
        self.client = open_client(None)
        self.embedder = embedder
        self.record = KnowledgeRecord(folder / "record.sqlite")
        self.vectors = VectorIndex(self.client, "mirror", embedder.info, collection="mirror", record=self.record.identity)
        self.mirror = Mirror(self.vectors, self.record, embedder, "mirror")

    def put(self, *documents: Document) -> None:
        """Into the record alone, as a run does that is killed before Chroma has it."""
        self.record.put([(document, chunk(document, count_words)) for document in documents])

    def close(self) -> None:
        self.record.close()
        self.vectors.reset()
        close_client(self.client)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path, HashEmbedder())
    made.vectors.reset()
    yield made
    made.close()


def test_an_index_that_lacks_a_passage_is_behind_and_is_brought_up(stand: Stand) -> None:
    stand.put(CORNEA, LENS)
    assert not stand.mirror.is_in_step()
    stand.mirror.bring_in_step()
    assert stand.mirror.is_in_step()
    assert stand.mirror.is_marked()
    assert stand.vectors.numbers() == set(stand.record.numbers())


def test_only_what_is_missing_is_embedded(stand: Stand) -> None:
    stand.put(CORNEA, LENS)
    stand.mirror.rebuild()
    stand.put(GLAUCOMA)
    before = len(stand.embedder.embedded)
    stand.mirror.bring_in_step()
    texts = stand.embedder.embedded[before:]
    assert any("optic nerve" in text for text in texts)
    assert stand.vectors.count() == 3
    assert stand.mirror.answers(stand.record.numbers())


def test_what_the_record_has_no_more_leaves_the_index(stand: Stand) -> None:
    stand.put(CORNEA, LENS)
    stand.mirror.rebuild()
    gone = stand.record.remove(["lens"])
    assert not stand.mirror.is_marked()
    stand.mirror.bring_in_step()
    assert stand.vectors.numbers().isdisjoint(gone)
    assert stand.mirror.is_in_step()


def test_an_index_in_step_is_left_alone(stand: Stand) -> None:
    stand.put(CORNEA)
    stand.mirror.rebuild()
    before = len(stand.embedder.embedded)
    stand.mirror.bring_in_step()
    assert len(stand.embedder.embedded) - before <= 1  # the look at the last passage


def test_vectors_of_other_passages_under_the_right_numbers_are_seen_and_built_again(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.put(CORNEA, LENS)
    numbers = stand.record.numbers()
    chunks = [part for _, part in stand.record.chunks(numbers)]
    stand.vectors.add(numbers, chunks[::-1], stand.mirror.embed(chunks[::-1]))
    stand.vectors.mark(stand.record.generation)
    assert not stand.mirror.is_in_step()
    stand.mirror.bring_in_step()
    assert stand.mirror.is_in_step()
    assert "is damaged; building it from the record" in caplog.text


def test_an_empty_record_makes_an_empty_index_without_a_warning(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    stand.mirror.bring_in_step()
    assert stand.vectors.count() == 0
    assert caplog.text == ""


def test_the_head_of_a_passage_counts_by_the_embedders_weight(stand: Stand) -> None:
    stand.put(CORNEA)
    parts = [part for _, part in stand.record.chunks(stand.record.numbers())]
    plain = stand.mirror.embed(parts)
    stand.embedder.info = EmbedderInfo("hash", 32, "f1", head_weight=5.0)
    weighted = stand.mirror.embed(parts)
    heads = stand.embedder.embed_documents([part.head for part in parts])
    assert weighted.shape == plain.shape == (1, 32)
    assert np.allclose(np.linalg.norm(weighted, axis=1), 1.0, atol=1e-5)
    assert float(weighted[0] @ heads[0]) > float(plain[0] @ heads[0])
