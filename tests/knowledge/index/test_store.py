from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from clara.config import Settings
from clara.errors import EmbedderMismatch, NoKnowledgeBase, StoreError, UsageError
from clara.knowledge.base import EmbedderInfo
from clara.knowledge.corpus.chunking import Chunk, chunk, count_words
from clara.knowledge.corpus.documents import Document
from clara.knowledge.embedding.static import StaticEmbedder
from clara.knowledge.index import lexical as lexical_module
from clara.knowledge.index import store as store_module
from clara.knowledge.index.folder import exclusive, kb_folder
from clara.knowledge.index.record import KnowledgeRecord
from clara.knowledge.index.store import Change, KnowledgeBase, discard
from tests.knowledge.fakes import CORNEA, GLAUCOMA, LENS, HashEmbedder, document


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kb" / "mine"
    forget_chroma()


def forget_chroma() -> None:
    """Chroma keeps one system a path in a process; a new process would start afresh, as this does."""
    SharedSystemClient.clear_system_cache()


def make(folder: Path, *documents: Document) -> KnowledgeBase:
    base = KnowledgeBase(folder, HashEmbedder(), create=True)
    base.add(documents)
    return base


def reopen(base: KnowledgeBase, embedder: HashEmbedder | None = None) -> KnowledgeBase:
    base.close()
    forget_chroma()
    return KnowledgeBase(base.folder, embedder or HashEmbedder())


def nearest(base: KnowledgeBase, text: str) -> str:
    """Document of the passage that the vectors put first."""
    number = base.nearest([text], 1)[0][0][0]
    return next(base.record.chunks([number]))[1].document.id


def lexical(base: KnowledgeBase, text: str) -> list[str]:
    """Documents that BM25 finds."""
    found = base.postings().top(text, 10)
    by_number = dict(base.record.chunks(found))
    return [by_number[number].document.id for number in found]


def test_documents_are_added_and_both_indexes_find_them(folder: Path) -> None:
    base = KnowledgeBase(folder, HashEmbedder(), create=True)
    assert base.add([CORNEA, LENS, GLAUCOMA]) == Change(added=3, passages=3)
    assert nearest(base, "clear window cornea") == "cornea"
    assert lexical(base, "optic nerve") == ["glaucoma"]
    assert lexical(base, "青光眼") == ["glaucoma"]


def test_unchanged_documents_are_skipped_and_not_embedded_again(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    embedded = len(base.embedder.embedded)  # type: ignore[attr-defined]
    assert base.add([CORNEA, LENS]) == Change(unchanged=2)
    assert len(base.embedder.embedded) == embedded  # type: ignore[attr-defined]


def test_a_changed_document_replaces_the_old_one_everywhere(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    assert lexical(base, "window") == ["cornea"]
    change = base.add([document("cornea", "Avascular tissue in front."), LENS])
    assert change == Change(replaced=1, unchanged=1, passages=1)
    assert lexical(base, "window") == []
    assert lexical(base, "avascular") == ["cornea"]
    assert nearest(base, "avascular tissue") == "cornea"
    assert base.stats()["passages"] == 2


def test_a_document_given_twice_in_one_run_counts_with_its_last_text(folder: Path) -> None:
    base = make(folder, document("x", "First text."), document("x", "Second words."))
    assert lexical(base, "first") == []
    assert lexical(base, "second") == ["x"]


def test_removed_documents_are_found_no_more(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    assert base.remove(["cornea", "nothing"]) == 1
    assert lexical(base, "window") == []
    assert nearest(base, "clear window cornea") == "lens"
    assert base.remove(["cornea"]) == 0


def test_progress_counts_documents_and_passages(folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    base = KnowledgeBase(folder, HashEmbedder(), create=True)
    base.add((document(f"d{i}", "Text.") for i in range(300)), progress=lambda *counts: seen.append(counts))
    assert seen == [(256, 256), (300, 300)]


def test_a_reopened_base_answers_the_same_without_embedding_everything_again(folder: Path) -> None:
    base = make(folder, CORNEA, LENS, GLAUCOMA)
    before = base.stats(), base.nearest(["clear cornea"], 3), lexical(base, "optic nerve")
    embedder = HashEmbedder()
    again = reopen(base, embedder)
    assert len(embedder.embedded) == 1  # the probe
    assert (again.stats(), again.nearest(["clear cornea"], 3), lexical(again, "optic nerve")) == before
    assert again.add([CORNEA, LENS, GLAUCOMA]) == Change(unchanged=3)


def test_an_empty_base_opens_again_and_finds_nothing(folder: Path) -> None:
    again = reopen(make(folder))
    assert again.nearest(["cornea"], 5) == [[]]
    assert lexical(again, "cornea") == []


def test_index_is_built_again_when_chromas_folder_is_deleted(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    base = make(folder, CORNEA, LENS)
    base.close()
    forget_chroma()
    shutil.rmtree(folder / "chroma")
    again = KnowledgeBase(folder, HashEmbedder())
    assert "is missing; building it from the record" in caplog.text
    assert nearest(again, "clear window cornea") == "cornea"


def test_index_catches_up_when_it_was_left_behind(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    base = make(folder, CORNEA, GLAUCOMA)
    base.record.remove(["glaucoma"])
    base.record.put([(LENS, chunk(LENS))])  # killed before Chroma heard of either
    embedder = HashEmbedder()
    again = reopen(base, embedder)
    assert "was left behind; adding 1 passages, removing 1" in caplog.text
    assert sum("cornea" in text.lower() for text in embedder.embedded) == 1  # the self-query, not the passage again
    assert nearest(again, "lens focuses light") == "lens"
    assert nearest(again, "damages optic nerve") != "glaucoma"
    assert lexical(again, "focuses") == ["lens"]


def test_index_is_built_again_when_it_lost_a_vector(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    base._vectors.delete(base.record.numbers()[:1])
    again = reopen(base)
    assert nearest(again, "clear window cornea") == "cornea"


def test_lexical_index_is_kept_on_disk_and_only_the_newest(folder: Path) -> None:
    base = make(folder, CORNEA)
    base.postings()
    base.add([LENS])
    base.postings()
    assert [path.name for path in folder.glob("bm25-*")] == [f"bm25-{base.record.generation}"]


def test_a_damaged_lexical_index_is_built_again(folder: Path) -> None:
    base = make(folder, CORNEA)
    base.postings()
    for path in (folder / f"bm25-{base.record.generation}").iterdir():
        path.write_bytes(b"")
    assert lexical(reopen(base), "window") == ["cornea"]


def test_another_embedder_is_refused_with_the_mend(folder: Path) -> None:
    base = make(folder, CORNEA)
    with pytest.raises(EmbedderMismatch, match=r"'hash'.*not with 'other'.*clara kb reindex --kb mine"):
        reopen(base, HashEmbedder("other"))


def test_discarding_lets_another_embedder_build_it_again(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    base.close()
    forget_chroma()
    discard(Settings(home=folder.parent.parent), folder.name)
    again = reopen(base, HashEmbedder("other"))
    assert nearest(again, "clear window cornea") == "cornea"


def test_a_second_writer_is_refused(folder: Path) -> None:
    base = make(folder, CORNEA)
    with exclusive(folder), pytest.raises(StoreError, match="another process is changing the knowledge base"):
        base.add([LENS])
    assert base.add([LENS]) == Change(added=1, passages=1)


@pytest.mark.parametrize(
    ("name", "mend"), [("ophthalmology", "run: clara kb build"), ("mine", "run: clara kb add --kb mine PATH")]
)
def test_a_missing_base_says_how_to_make_it(tmp_path: Path, name: str, mend: str) -> None:
    settings = Settings(home=tmp_path)
    with pytest.raises(NoKnowledgeBase, match=f"no knowledge base '{name}' .*{mend}"):
        KnowledgeBase.open(settings, name, HashEmbedder())
    assert not (tmp_path / "kb").exists()


def test_a_file_in_place_of_the_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "kb").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write the data folder .*kb.*CLARA_HOME"):
        KnowledgeBase(tmp_path / "kb" / "mine", HashEmbedder(), create=True)


@pytest.mark.parametrize("name", ["", "../up", "Upper", "with space", "-x", "a/b", "x" * 60])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a knowledge base"):
        kb_folder(Settings(home=tmp_path), name)


def test_a_good_name_lies_below_the_home(tmp_path: Path) -> None:
    assert kb_folder(Settings(home=tmp_path), "my_notes-2") == tmp_path / "kb" / "my_notes-2"


class Coarse(HashEmbedder):
    """Takes fewer tokens at once."""

    def __init__(self) -> None:
        super().__init__("coarse")
        self.info = EmbedderInfo("coarse", 32, "f1", max_tokens=20)


def test_recutting_follows_the_new_embedders_length(folder: Path) -> None:
    long = document("long", " ".join(f"Fact number {n} of the cornea." for n in range(30)))
    base = make(folder, long, LENS)
    before = base.record.counts()["passages"]
    base.close()
    forget_chroma()
    discard(Settings(home=folder.parent.parent), folder.name)
    again = KnowledgeBase(folder, Coarse(), check=False)
    again.recut()
    counts = again.record.counts()
    assert counts["documents"] == 2
    assert counts["passages"] > before
    assert again._vectors.numbers() == set(again.record.numbers())
    assert max(count_words([part.text for _, part in again.record.chunks()])) <= 20
    assert nearest(again, "lens focuses light") == "lens"
    assert again.add([long, LENS]) == Change(unchanged=2)


def test_reindexing_keeps_documents_and_finds_the_same(folder: Path) -> None:
    base = make(folder, CORNEA, LENS, GLAUCOMA)
    before = base.record.fingerprints(), base.nearest(["clear cornea"], 3)
    base.reindex()
    assert (base.record.fingerprints(), base.nearest(["clear cornea"], 3)) == before


def test_a_lexical_index_of_another_recipe_is_built_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = make(folder, CORNEA)
    base.postings()
    again = reopen(base)
    monkeypatch.setattr(lexical_module, "_RECIPE", "another")
    monkeypatch.setattr(Chunk, "weighted", property(lambda self: "sclera"))
    assert lexical(again, "window") == []
    assert lexical(again, "sclera") == ["cornea"]


def test_stats_tell_how_the_embedder_is_used(folder: Path) -> None:
    found = make(folder, CORNEA).stats()["embedder"]
    assert found == {
        "name": "hash",
        "dimension": 32,
        "fingerprint": "f1",
        "max_tokens": 512,
        "query_instruction": "",
        "document_instruction": "",
        "head_weight": 0.0,
    }


def test_a_record_whose_documents_have_no_origin_opens(folder: Path) -> None:
    base = make(folder, CORNEA)
    base.record._db.execute("UPDATE documents SET origin = ''")
    base.record._db.commit()
    again = reopen(base)
    assert again.record.ids_of("/somewhere") == {}
    assert again.record.origin_of("cornea") == ""
    assert again.add([CORNEA]) == Change(unchanged=1)


def test_a_reader_beside_a_writer_neither_repairs_nor_fails(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    base = make(folder, CORNEA, GLAUCOMA)
    base.record.put([(LENS, chunk(LENS))])  # the writer has not told Chroma yet
    with exclusive(folder):
        reader = reopen(base)
        assert "another process is changing" in caplog.text
        assert reader._vectors.count() == 2
        assert nearest(reader, "clear window cornea") == "cornea"
        assert lexical(reader, "focuses") == ["lens"]
        with pytest.raises(StoreError, match="another process"):
            reader.reindex()
    assert reopen(reader)._vectors.count() == 3


def test_a_document_that_moved_is_unchanged_and_belongs_to_its_new_place(folder: Path) -> None:
    base = make(folder, replace(CORNEA, origin="/old/cornea.md"))
    assert base.add([replace(CORNEA, origin="/new/cornea.md")]) == Change(unchanged=1)
    assert base.record.ids_of("/old") == {}
    assert base.record.ids_of("/new") == {"cornea": "/new/cornea.md"}


@pytest.mark.parametrize("suffix", [".sqlite3", ".pickle", ".bin"])
def test_damaged_files_of_chroma_are_made_anew_from_the_record(
    folder: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    many = [document(f"d{n}", f"Word{n} of the cornea.") for n in range(1100)]  # enough for Chroma to write its index
    make(folder, CORNEA, *many).close()
    forget_chroma()
    damaged = list((folder / "chroma").rglob(f"*{suffix}"))
    for path in damaged:
        path.write_bytes(b"garbage" * 100)
    again = KnowledgeBase(folder, HashEmbedder())
    assert damaged
    assert "is damaged" in caplog.text
    assert again._vectors.numbers() == set(again.record.numbers())
    assert nearest(again, "clear window cornea") == "cornea"


def test_what_another_process_added_is_found_in_its_language_too(folder: Path) -> None:
    reader = make(folder, CORNEA)
    assert lexical(reader, "focuses") == []
    writer = KnowledgeBase(folder, HashEmbedder())
    writer.add([LENS])
    assert lexical(reader, "focuses") == ["lens"]
    assert set(reader.postings().top("lens cornea", 5, LENS.language)) == set(reader.record.numbers())
    assert reader.postings().top("lens cornea", 5, "sw") == []
    writer.close()


def test_an_index_of_another_record_is_built_anew(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(folder, CORNEA).close()
    other = make(folder.with_name("other") / folder.name, LENS)
    other.close()
    forget_chroma()
    shutil.rmtree(folder / "chroma")
    shutil.copytree(other.folder / "chroma", folder / "chroma")  # the same name, generation and size
    again = KnowledgeBase(folder, HashEmbedder())
    assert "building it from the record" in caplog.text
    assert nearest(again, "lens focuses light") == "cornea"
    assert again.nearest(["clear window cornea"], 1)[0][0][1] > 0.5


def test_an_index_that_names_no_record_is_kept(folder: Path) -> None:
    base = make(folder, CORNEA)
    base._vectors._record = ""
    base._vectors.mark(base.record.generation)
    embedder = HashEmbedder()
    again = reopen(base, embedder)
    assert "Cornea" not in "".join(embedder.embedded[2:])  # probed, not embedded again
    assert again._vectors.record == again.record.identity


def test_discarding_beside_a_writer_is_refused_and_empties_nothing(folder: Path) -> None:
    base = make(folder, CORNEA)
    with exclusive(folder), pytest.raises(StoreError, match="another process is changing"):
        discard(Settings(home=folder.parent.parent), folder.name)
    assert base._vectors.count() == 1


def test_discarding_mends_a_damaged_database(folder: Path) -> None:
    base = make(folder, CORNEA)
    base.close()
    forget_chroma()
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 100)
    discard(Settings(home=folder.parent.parent), folder.name)
    assert nearest(KnowledgeBase(folder, HashEmbedder("other")), "clear window cornea") == "cornea"


def test_a_disk_that_cannot_keep_the_lexical_index_does_not_fail_the_search(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make(folder, CORNEA)

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    assert lexical(base, "window") == ["cornea"]
    assert not list(folder.glob("bm25-*"))


def test_every_emptied_file_of_the_lexical_index_is_mended(folder: Path) -> None:
    base = make(folder, CORNEA)
    base.postings()
    for path in (folder / f"bm25-{base.record.generation}").iterdir():
        path.write_bytes(b"")
        base = reopen(base)
        assert lexical(base, "window") == ["cornea"]


def test_closing_closes_chroma_and_a_reopened_base_answers(folder: Path) -> None:
    base = make(folder, CORNEA)
    assert SharedSystemClient._identifier_to_system
    base.close()
    assert str(folder / "chroma") not in SharedSystemClient._identifier_to_system
    assert nearest(KnowledgeBase(folder, HashEmbedder()), "clear window cornea") == "cornea"


@pytest.mark.parametrize("last", ["The cornea is clear.", "☃☃☃"])
def test_equal_passages_and_one_without_a_known_word_are_no_damage(
    folder: Path, caplog: pytest.LogCaptureFixture, last: str
) -> None:
    rows = [Document(f"row{n}", "Report", "No abnormality detected.") for n in range(60)]
    base = KnowledgeBase(folder, StaticEmbedder(), create=True)
    base.add([*rows, Document("last", "☃" if last == "☃☃☃" else "Report", last)])
    base.close()
    forget_chroma()
    with closing(KnowledgeBase(folder, StaticEmbedder())) as again:
        assert again.record.counts()["passages"] == 61
    assert not caplog.messages


def test_change_that_chroma_refused_is_made_up_for_by_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = make(folder, CORNEA, LENS)
    with monkeypatch.context() as refusing:
        refusing.setattr(base._vectors, "delete", _refuse)
        with pytest.raises(StoreError, match="refused"):
            base.add([replace(CORNEA, text="The cornea has five layers, of which the stroma is the thickest.")])
    base.add([GLAUCOMA])
    assert base._vectors.numbers() == set(base.record.numbers())
    assert nearest(base, "the stroma is the thickest of five layers") == CORNEA.id
    base.close()


def _refuse(_numbers: object) -> None:
    raise StoreError("Chroma refused")


def test_what_another_process_left_undone_is_done_before_a_change(folder: Path) -> None:
    base = make(folder, CORNEA, LENS)
    with closing(KnowledgeRecord(folder / "record.sqlite")) as killed:  # it had committed, and died before Chroma had it
        killed.put([(GLAUCOMA, chunk(GLAUCOMA, count_words))])
    base.remove([LENS.id])
    assert base._vectors.numbers() == set(base.record.numbers())
    assert nearest(base, GLAUCOMA.text) == GLAUCOMA.id
    base.close()


def test_a_knowledge_base_is_its_owners(folder: Path) -> None:
    before = os.umask(0)
    try:
        make(folder, CORNEA).close()
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "record.sqlite")] == [
        0o700,
        0o700,
        0o600,
    ]


@pytest.mark.parametrize("damage", [None, "chroma", "bm25"])
def test_a_knowledge_base_that_can_only_be_read_is_searched_and_left_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str | None
) -> None:
    with closing(make(folder, CORNEA, LENS)) as base:
        base.postings()
    forget_chroma()
    if damage is not None:
        for path in folder.glob(f"{damage}*"):
            shutil.rmtree(path)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    monkeypatch.setattr(store_module, "is_writable", lambda _folder: False)
    with closing(KnowledgeBase(folder, HashEmbedder())) as base:
        copy = base._place
        assert base.nearest(["cornea"], 1)[0]
        assert base.postings().top("cornea", 1)
        assert base.stats()["folder"] == str(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert not copy.exists()


def test_a_knowledge_base_that_can_only_be_read_takes_no_document(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder, CORNEA).close()
    forget_chroma()
    monkeypatch.setattr(store_module, "is_writable", lambda _folder: False)
    with closing(KnowledgeBase(folder, HashEmbedder())) as base, pytest.raises(StoreError, match="can only be read here"):
        base.add([LENS])


def test_an_array_of_the_lexical_index_with_zeros_in_it_is_built_again(folder: Path) -> None:
    documents = [document(str(n), f"Sign number {n} of glaucoma in word{n} and word{n + 1}.") for n in range(60)]
    base = make(folder, *documents)
    expected = lexical(base, "word7 glaucoma sign")
    for number, path in enumerate(sorted((folder / f"bm25-{base.record.generation}").glob("*.npy"))):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] + b"\0" * (len(data) - len(data) // 2))
        base = reopen(base)
        assert lexical(base, "word7 glaucoma sign") == expected, (number, path.name)
