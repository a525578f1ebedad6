"""What one strange document may cost all the others."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index import store
from clara.knowledge.index.postings import load_postings
from clara.knowledge.index.record import KnowledgeRecord


def test_one_long_language_costs_its_length_and_not_that_of_every_passage(tmp_path: Path) -> None:
    record = KnowledgeRecord(None)
    long = "l" * 50_000
    documents = [Document(str(n), "Title", f"Text {n}.", language=long if n == 7 else "en") for n in range(400)]
    record.put([(document, chunk(document)) for document in documents])
    tracemalloc.start()
    try:
        postings = load_postings(tmp_path, record)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert postings.top("text", 500, long) == [postings.numbers[7]]


def test_passages_are_chosen_by_language(tmp_path: Path) -> None:
    record = KnowledgeRecord(None)
    codes = ["en", "en", "es", "fr", "es"]
    documents = [Document(str(n), "T", "Cornea.", language=code) for n, code in enumerate(codes)]
    record.put([(document, chunk(document)) for document in documents])
    postings = load_postings(tmp_path, record)
    one, two, three, four, five = postings.numbers
    assert set(postings.languages) == {"en", "es", "fr"}
    assert postings.top("cornea", 9) == [one, two, three, four, five]
    assert postings.top("cornea", 9, "es") == [three, five]
    assert postings.top("cornea", 1, "es") == [three]
    assert postings.top("cornea", 9, "fr") == [four]
    assert postings.top("cornea", 9, "hi") == []


def test_an_empty_record_has_nothing_to_choose_from(tmp_path: Path) -> None:
    postings = load_postings(tmp_path, KnowledgeRecord(None))
    assert (postings.top("cornea", 3, "en"), dict(postings.languages)) == ([], {})


@pytest.mark.parametrize("field", ["text", "title", "source"])
def test_a_batch_counts_whatever_may_be_long(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setattr(store, "BATCH_CHARACTERS", 1000)
    documents = [Document(**{"id": str(n), "title": "T", "text": "a", field: "s" * 400}) for n in range(7)]
    assert [len(batch) for batch in store._batches(documents)] == [3, 3, 1]
    names = [Document(str(n), "T", "a", also=("s" * 200, "t" * 200)) for n in range(4)]
    assert [len(batch) for batch in store._batches(names)] == [3, 1]
