"""The knowledge base that ships: built once at first use, whatever other processes do meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from clara.config import Settings
from clara.errors import EmbedderMismatch, NoKnowledgeBase, StoreError
from clara.knowledge import shipped
from clara.knowledge.base import Embedder
from clara.knowledge.corpus.notes import Note
from clara.knowledge.index.store import KnowledgeBase
from clara.knowledge.retrieval import retriever
from clara.knowledge.retrieval.retriever import HybridRetriever
from clara.knowledge.shipped import build_shipped, ensure_shipped, is_missing


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> list[Note]:
    """The first three notes, so that a build takes no time."""
    some = list(shipped.read_notes())[:3]
    monkeypatch.setattr(shipped, "read_notes", lambda: iter(some))
    return some


@pytest.mark.usefixtures("notes")
def test_it_is_missing_until_it_is_built(isolated: Path) -> None:
    settings = Settings(home=isolated)
    assert is_missing(settings)
    progress: list[tuple[int, int]] = []
    change, stats = build_shipped(settings, lambda read, total: progress.append((read, total)))
    assert (change.added, stats["documents"]) == (3, 3)
    assert progress[-1] == (3, 3)
    assert not is_missing(settings)
    assert build_shipped(settings)[0].unchanged == 3


def test_what_no_longer_ships_goes(notes: list[Note], isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=isolated)
    build_shipped(settings)
    monkeypatch.setattr(shipped, "read_notes", lambda: iter(notes[:1]))
    change, stats = build_shipped(settings)
    assert (change.removed, stats["documents"]) == (2, 1)


@pytest.mark.usefixtures("notes")
def test_the_first_search_builds_it_and_says_so(isolated: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with closing(HybridRetriever.from_settings(Settings(home=isolated))) as retriever:
            assert len(retriever.bases) == 1
    assert [record.message for record in caplog.records].count(
        "first use: building the knowledge base 'ophthalmology' from the notes that ship, a few seconds"
    ) == 1


@pytest.mark.usefixtures("notes")
def test_a_first_build_that_was_cut_short_is_made_again(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=isolated)

    def killed(_settings: Settings) -> None:
        (isolated / "kb" / "ophthalmology").mkdir(parents=True)
        (isolated / "kb" / "ophthalmology" / "record.sqlite").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shipped, "build_shipped", killed)
        with pytest.raises(KeyboardInterrupt):
            ensure_shipped(settings)
    assert is_missing(settings)
    ensure_shipped(settings)
    assert not is_missing(settings)


@pytest.mark.usefixtures("notes")
def test_of_many_at_once_one_builds_and_the_others_wait(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=isolated)
    builds: list[int] = []
    build = shipped.build_shipped
    monkeypatch.setattr(shipped, "build_shipped", lambda settings: builds.append(1) or build(settings))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ensure_shipped, [settings] * 4))
    assert builds == [1]


@pytest.mark.parametrize("more", [{"embedder": "some/model"}, {"chroma_url": "http://127.0.0.1:9"}, {"kb": ("clinic",)}])
def test_only_the_shipped_one_is_built_by_itself_and_only_where_that_is_quick(
    more: dict[str, object], isolated: Path
) -> None:
    ensure_shipped(Settings(home=isolated, **more))  # type: ignore[arg-type]
    assert not (isolated / "kb").exists()


def test_another_knowledge_base_that_is_missing_stays_an_error(isolated: Path) -> None:
    with pytest.raises(NoKnowledgeBase, match="clara kb add --kb clinic"):
        HybridRetriever.from_settings(Settings(home=isolated, kb=("clinic",)))


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="CLARA_HOME"):
        ensure_shipped(Settings(home=tmp_path / "file"))


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the shipped embedder is another one."""
    build = shipped.build_embedder

    def rebuilt(settings: Settings) -> Embedder:
        embedder = build(settings)
        later = replace(embedder.info, fingerprint="of the next version")
        monkeypatch.setattr(type(embedder), "info", property(lambda _embedder: later))
        return embedder

    for module in (shipped, retriever):
        monkeypatch.setattr(module, "build_embedder", rebuilt)


@pytest.mark.usefixtures("notes")
def test_after_an_update_of_the_embedder_it_is_indexed_again_and_says_so(
    isolated: Path, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    settings = Settings(home=isolated)
    _, before = build_shipped(settings)
    request.getfixturevalue("next_version")
    for _ in range(2):
        with closing(HybridRetriever.from_settings(settings)) as opened:
            assert opened.bases[0].stats()["passages"] == before["passages"]
    assert [record.message for record in caplog.records].count(
        "this version searches with another embedder: indexing the knowledge base 'ophthalmology' again, a few seconds"
    ) == 1
    assert build_shipped(settings)[0].unchanged == 3


@pytest.mark.usefixtures("notes")
def test_after_an_update_of_the_embedder_ones_own_keeps_the_error_and_the_command(
    isolated: Path, request: pytest.FixtureRequest
) -> None:
    settings = Settings(home=isolated, kb=("clinic",))
    document = next(shipped.read_notes()).document()
    with closing(KnowledgeBase.open(settings, "clinic", shipped.build_embedder(settings), create=True)) as base:
        base.add([document])
    request.getfixturevalue("next_version")
    with pytest.raises(EmbedderMismatch, match="clara kb reindex --kb clinic"):
        HybridRetriever.from_settings(settings)
