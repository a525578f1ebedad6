from __future__ import annotations

from pathlib import Path

import pytest

from clara.errors import EmbedderMismatch, StoreError
from clara.knowledge.corpus.chunking import chunk
from clara.knowledge.index.vectors import VectorIndex, collection_name, drop_collection, open_client
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder, document

CHUNKS = [chunk(item)[0] for item in (CORNEA, LENS, GLAUCOMA)]


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    """The three passages, numbered from 1."""
    embedder = HashEmbedder()
    opened = VectorIndex(open_client(tmp_path / "chroma"), "test", embedder.info)
    opened.add([1, 2, 3], CHUNKS, embedder.embed_documents([part.indexed for part in CHUNKS]))
    return opened


def test_a_new_index_holds_nothing_of_any_generation(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    empty = VectorIndex(open_client(tmp_path / "chroma"), "test", embedder.info)
    assert (empty.count(), empty.generation) == (0, -1)
    assert empty.query(embedder.embed_queries(["cornea", "lens"]), 5) == [[], []]


def test_nearest_first_with_cosine_similarities(index: VectorIndex) -> None:
    queries = HashEmbedder().embed_queries([CHUNKS[2].indexed, "clear cornea window"])
    first, second = index.query(queries, 3)
    assert first[0][0] == 3
    assert first[0][1] == pytest.approx(1.0, abs=1e-4)
    assert second[0][0] == 1
    assert [score for _, score in second] == sorted((score for _, score in second), reverse=True)


def test_a_language_limits_the_search(index: VectorIndex) -> None:
    cornea = HashEmbedder().embed_queries(["cornea"])
    spanish = document("cristalino", "El cristalino enfoca la luz.", language="es")
    index.add([9], chunk(spanish), HashEmbedder().embed_documents([spanish.text]))
    assert [[number for number, _ in hits] for hits in index.query(cornea, 3, "es")] == [[9]]
    assert {number for number, _ in index.query(cornea, 9, "en")[0]} == {1, 2, 3}
    assert index.query(cornea, 3, "fr") == [[]]


def test_deleted_passages_are_gone_and_adding_again_replaces(index: VectorIndex) -> None:
    index.delete([3])
    assert index.count() == 2
    index.add([1], CHUNKS[:1], HashEmbedder().embed_documents([CHUNKS[0].indexed]))
    assert index.count() == 2


def test_it_answers_for_a_passage_with_its_vector_and_for_no_other(index: VectorIndex) -> None:
    vector = HashEmbedder().embed_documents([CHUNKS[0].indexed])
    assert index.answers_for(1, vector)
    assert not index.answers_for(99, vector)
    assert not index.answers_for(1, HashEmbedder().embed_documents(["zebra giraffe"]))


def test_mark_and_reset_keep_the_generation(index: VectorIndex) -> None:
    index.mark(7)
    assert index.generation == 7
    index.reset()
    assert (index.count(), index.generation) == (0, -1)


@pytest.mark.parametrize("other", [HashEmbedder("other"), HashEmbedder(fingerprint="f2")])
def test_another_embedder_is_refused_with_both_names_and_the_mend(
    index: VectorIndex, tmp_path: Path, other: HashEmbedder
) -> None:
    with pytest.raises(EmbedderMismatch, match=r"'hash'.*f1.*not with.*clara kb reindex --kb test") as caught:
        VectorIndex(open_client(tmp_path / "chroma"), "test", other.info)
    assert other.info.name in str(caught.value)
    assert other.info.fingerprint in str(caught.value)


def test_dropping_a_collection_twice_is_no_error(index: VectorIndex, tmp_path: Path) -> None:
    client = open_client(tmp_path / "chroma")
    drop_collection(client, collection_name("test"))
    drop_collection(client, collection_name("test"))
    assert VectorIndex(client, "test", HashEmbedder("other").info).count() == 0


@pytest.mark.parametrize("url", ["nonsense", "ftp://host:1", "http://", "http://host:port"])
def test_a_bad_server_address_shows_the_form(url: str) -> None:
    with pytest.raises(StoreError, match=r"is no address of a Chroma server.*http://127\.0\.0\.1:8001"):
        open_client(None, url)


def test_a_server_that_does_not_answer_is_named() -> None:
    with pytest.raises(StoreError, match=r"cannot open Chroma at http://127\.0\.0\.1:9"):
        open_client(None, "http://127.0.0.1:9")


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "chroma").write_text("x")
    with pytest.raises(StoreError, match=r"cannot open Chroma at .*chroma"):
        open_client(tmp_path / "chroma")


def test_metadata_say_how_the_vectors_were_made_and_of_which_record(tmp_path: Path) -> None:
    client, info = open_client(tmp_path / "chroma"), HashEmbedder().info
    index = VectorIndex(client, "test", info, record="r1")
    index.mark(3)
    again = VectorIndex(client, "test", info, record="r2")
    assert (again.record, again.generation) == ("r1", 3)
    metadata = client.get_collection(collection_name("test")).metadata
    assert (metadata["max_tokens"], metadata["normalised"]) == (info.max_tokens, True)


def test_two_records_of_one_name_have_collections_of_their_own() -> None:
    assert collection_name("mine", "r1") != collection_name("mine", "r2")
