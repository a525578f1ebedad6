from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from clara.errors import StoreError
from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.corpus.documents import Document
from clara.knowledge.index.record import KnowledgeRecord
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, document


@pytest.fixture
def record() -> Iterator[KnowledgeRecord]:
    opened = KnowledgeRecord(None)
    yield opened
    opened.close()


def put(record: KnowledgeRecord, *documents: Document) -> tuple[list[int], list[int]]:
    return record.put([(item, chunk(item)) for item in documents])


def test_a_new_record_is_empty(record: KnowledgeRecord) -> None:
    assert record.generation == 0
    assert record.counts() == {"documents": 0, "passages": 0}
    assert list(record.chunks()) == []
    assert record.get("nothing") is None


def test_passages_come_back_with_their_documents_names(record: KnowledgeRecord) -> None:
    _, new = put(record, GLAUCOMA)
    [(number, part)] = record.chunks(new)
    assert number == new[0]
    assert (part.id, part.text) == ("glaucoma#0", "Glaucoma damages the optic nerve.")
    assert (part.document.title, part.document.also) == ("Glaucoma", ("青光眼",))
    assert part.indexed == chunk(GLAUCOMA)[0].indexed


def test_replacing_gives_the_numbers_that_went_and_never_uses_them_again(record: KnowledgeRecord) -> None:
    _, first = put(record, CORNEA, LENS)
    gone, new = put(record, document("lens", "Other text."))
    assert gone == first[1:]
    assert not set(new) & set(first)
    assert record.counts() == {"documents": 2, "passages": 2}


def test_removing_takes_the_passages_along(record: KnowledgeRecord) -> None:
    _, numbers = put(record, CORNEA, LENS)
    assert record.remove(["lens", "nothing"]) == numbers[1:]
    assert record.numbers() == numbers[:1]
    assert set(record.fingerprints()) == {"cornea"}


def test_generation_grows_with_every_change_and_only_then(record: KnowledgeRecord) -> None:
    put(record, CORNEA)
    assert record.generation == 1
    record.remove(["nothing"])
    assert record.generation == 1
    record.remove(["cornea"])
    assert record.generation == 2


def test_a_failed_batch_changes_nothing(record: KnowledgeRecord) -> None:
    put(record, CORNEA)
    broken = [(LENS, chunk(LENS)), (GLAUCOMA, chunk(LENS))]  # the same passage id twice
    with pytest.raises(StoreError, match="cannot write"):
        record.put(broken)
    assert record.counts() == {"documents": 1, "passages": 1}
    assert record.generation == 1


def test_documents_are_known_by_origin_kind_and_language(record: KnowledgeRecord) -> None:
    put(record, replace(CORNEA, origin="/notes/a.md"), replace(LENS, origin="/notes-2/b.md"))
    put(record, document("es", "texto", language="es", origin="/notes/deep/c.md"))
    assert record.ids_of("/notes") == {"cornea": "/notes/a.md", "es": "/notes/deep/c.md"}
    assert record.ids_of("/notes/a.md") == {"cornea": "/notes/a.md"}
    assert (record.origin_of("lens"), record.origin_of("nothing")) == ("/notes-2/b.md", None)
    assert record.count_by("kind") == {"document": 2, "anatomy": 1}
    assert record.count_by("language") == {"en": 2, "es": 1}
    with pytest.raises(ValueError, match="title"):
        record.count_by("title")


def test_more_numbers_than_one_query_takes(record: KnowledgeRecord) -> None:
    _, numbers = put(record, *(document(f"d{i}", "Text.") for i in range(1200)))
    assert sorted(number for number, _ in record.chunks(numbers)) == numbers


def test_values_and_documents_survive_a_reopening(tmp_path: Path) -> None:
    first = KnowledgeRecord(tmp_path / "record.sqlite")
    put(first, CORNEA)
    first.set("key", "value")
    first.close()
    again = KnowledgeRecord(tmp_path / "record.sqlite")
    assert again.get("key") == "value"
    assert again.fingerprints() == {"cornea": CORNEA.fingerprint}
    again.close()


def test_a_file_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    path.write_bytes(b"no database at all, just bytes " * 100)
    with pytest.raises(StoreError, match=r"cannot open the knowledge base record .*record\.sqlite"):
        KnowledgeRecord(path)


def test_every_call_on_a_broken_record_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "record.sqlite"
    opened = KnowledgeRecord(path)
    put(opened, CORNEA)
    for table in ("chunks", "documents", "meta"):
        opened._db.execute(f"DROP TABLE {table}")
    for call in (
        lambda: opened.generation,
        lambda: opened.set("key", "value"),
        lambda: opened.remove(["cornea"]),
        opened.counts,
        opened.numbers,
        opened.facets,
        opened.fingerprints,
        lambda: list(opened.chunks()),
        lambda: list(opened.documents()),
    ):
        with pytest.raises(StoreError, match=r"cannot (read|write) the knowledge base record .*record\.sqlite"):
            call()
    opened.close()


def test_identity_stays_with_a_record_and_differs_from_others(tmp_path: Path) -> None:
    first, other = KnowledgeRecord(tmp_path / "a.sqlite"), KnowledgeRecord(tmp_path / "b.sqlite")
    identity = first.identity
    assert identity
    assert identity != other.identity
    first.close()
    other.close()
    again = KnowledgeRecord(tmp_path / "a.sqlite")
    assert again.identity == identity
    again.close()
