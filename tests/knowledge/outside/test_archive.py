"""What was found is kept, and only for a while; nothing is sent twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clara.assembly import OUTSIDE_SOURCES, build_sources
from clara.config import Settings
from clara.errors import SourceError
from clara.knowledge.outside.archive import KEPT, Archive, Archived
from clara.types import Passage
from tests.agent.fakes import Outside

FOUND = (Passage("pubmed:1#0", "T", "text with ü", "S, https://a.example/", "abstract"),)


def test_what_was_kept_comes_back_whole(tmp_path: Path) -> None:
    Archive(tmp_path / "deep" / "outside.sqlite").put("pubmed", "cornea", 3, FOUND)
    again = Archive(tmp_path / "deep" / "outside.sqlite")
    assert again.get("pubmed", "cornea", 3) == FOUND
    assert [again.get(*key) for key in (("pubmed", "iris", 3), ("wikipedia", "cornea", 3), ("pubmed", "cornea", 4))] == [
        None
    ] * 3


def test_an_old_entry_is_forgotten(tmp_path: Path) -> None:
    now = 1000.0
    archive = Archive(tmp_path / "outside.sqlite", clock=lambda: now)
    archive.put("pubmed", "cornea", 3, FOUND)
    now += KEPT - 1
    assert archive.get("pubmed", "cornea", 3) == FOUND
    now += 2
    assert archive.get("pubmed", "cornea", 3) is None


def test_a_damaged_file_keeps_nothing_and_fails_nothing(tmp_path: Path) -> None:
    path = tmp_path / "outside.sqlite"
    path.write_bytes(b"this is no database" * 100)
    archive = Archive(path)
    archive.put("pubmed", "cornea", 3, FOUND)
    assert archive.get("pubmed", "cornea", 3) is None


@pytest.mark.parametrize("kept", ['[{"id": "1", "colour": "red"}]', '["text"]', "7", "no JSON", "[{}]"])
def test_an_entry_of_another_version_counts_as_none(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "outside.sqlite"
    archive = Archive(path)
    archive.put("pubmed", "cornea", 3, FOUND)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE found SET passages = ?", (kept,))
    assert archive.get("pubmed", "cornea", 3) is None


def test_only_the_owner_may_read_the_file_also_one_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "outside.sqlite"
    for _ in range(2):
        Archive(path).put("pubmed", "cornea", 3, FOUND)
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)


async def test_the_same_query_is_sent_once(tmp_path: Path) -> None:
    inner = Outside("pubmed", *FOUND)
    source = Archived(inner, Archive(tmp_path / "outside.sqlite"))
    assert [await source.search("cornea", 3) for _ in range(3)] == [FOUND] * 3
    assert inner.queries == ["cornea"]
    assert (source.name, source.tool) == ("pubmed", "search_pubmed")


async def test_finding_nothing_is_kept_too_but_a_failure_is_not(tmp_path: Path) -> None:
    empty, failing = Outside("pubmed"), Outside("wikipedia", fails=True)
    archive = Archive(tmp_path / "outside.sqlite")
    for _ in range(2):
        assert await Archived(empty, archive).search("q", 3) == ()
        with pytest.raises(SourceError):
            await Archived(failing, archive).search("q", 3)
    assert (empty.queries, failing.queries) == (["q"], ["q", "q"])


def test_no_source_is_built_unless_the_settings_name_it(tmp_path: Path) -> None:
    assert build_sources(Settings(home=tmp_path)) == ()
    named = build_sources(Settings(home=tmp_path, search=("wikipedia", "pubmed", "wikipedia")))
    assert [source.name for source in named] == ["wikipedia", "pubmed"]
    assert set(OUTSIDE_SOURCES) == {"wikipedia", "pubmed"}


def test_without_the_cache_nothing_is_kept(tmp_path: Path) -> None:
    [source] = build_sources(Settings(home=tmp_path, search=("pubmed",), cache=False))
    assert not isinstance(source, Archived)
