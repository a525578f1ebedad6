"""What one strange document may cost all the others."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index import store
from clara.knowledge.index.postings import load_words
from clara.knowledge.index.record import Record


def test_one_long_kind_costs_its_length_and_not_that_of_every_passage(tmp_path: Path) -> None:
    record = Record(None)
    documents = [Document(str(n), "Title", f"Text {n}.", kind="k" * 50_000 if n == 7 else "note") for n in range(400)]
    record.put([(document, chunk(document)) for document in documents])
    tracemalloc.start()
    try:
        words = load_words(tmp_path, record)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    long = words.allowed(frozenset({"k" * 50_000}), frozenset())
    assert long is not None
    assert long.nonzero()[0].tolist() == [7]


def test_passages_are_chosen_by_kind_and_language(tmp_path: Path) -> None:
    record = Record(None)
    facets = [("note", "en"), ("drug", "en"), ("note", "es"), ("drug", "es")]
    documents = [Document(str(n), "T", "Text.", kind=kind, language=code) for n, (kind, code) in enumerate(facets)]
    record.put([(document, chunk(document)) for document in documents])
    words = load_words(tmp_path, record)

    def allowed(kinds: set[str], languages: set[str]) -> list[bool] | None:
        found = words.allowed(frozenset(kinds), frozenset(languages))
        return None if found is None else found.tolist()

    assert words.languages == {"en", "es"}
    assert allowed(set(), set()) is None
    assert allowed({"note"}, set()) == [True, False, True, False]
    assert allowed({"note", "drug"}, {"es"}) == [False, False, True, True]
    assert allowed({"drug"}, {"en", "fr"}) == [False, True, False, False]
    assert allowed({"unknown"}, set()) == [False] * 4


def test_an_empty_record_has_nothing_to_choose_from(tmp_path: Path) -> None:
    words = load_words(tmp_path, Record(None))
    found = words.allowed(frozenset({"note"}), frozenset({"en"}))
    assert found is not None
    assert (found.tolist(), words.languages) == ([], set())


@pytest.mark.parametrize("field", ["text", "title", "source"])
def test_a_batch_counts_whatever_may_be_long(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setattr(store, "BATCH_CHARACTERS", 1000)
    documents = [Document(**{"id": str(n), "title": "T", "text": "a", field: "s" * 400}) for n in range(7)]
    assert [len(batch) for batch in store._batches(documents)] == [3, 3, 1]
    names = [Document(str(n), "T", "a", also=("s" * 200, "t" * 200)) for n in range(4)]
    assert [len(batch) for batch in store._batches(names)] == [3, 1]
