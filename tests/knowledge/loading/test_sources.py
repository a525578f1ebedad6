from __future__ import annotations

import os
from pathlib import Path

import pytest

from clara.errors import KnowledgeError
from clara.knowledge.loading.base import SourceFile
from clara.knowledge.loading.sandbox import Omission
from clara.knowledge.loading.sources import find_files
from tests.knowledge.loading.makers import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.md", "a.txt", "deep/c.jsonl.gz", "picture.png", ".hidden.md", ".git/d.md"):
        write(tmp_path / "notes" / name, "text")
    return tmp_path / "notes"


def names(found: list[SourceFile | Omission]) -> list[str]:
    return [item.name for item in found if isinstance(item, SourceFile)]


def test_a_folder_gives_what_can_be_read_named_from_the_folder_on(folder: Path) -> None:
    assert names(list(find_files([str(folder)]))) == ["notes/a.txt", "notes/b.md", "notes/deep/c.jsonl.gz"]


def test_a_file_is_taken_whatever_its_type(folder: Path) -> None:
    assert names(list(find_files([str(folder / "picture.png")]))) == ["picture.png"]


def test_globs_are_expanded(folder: Path) -> None:
    assert names(list(find_files([str(folder / "**" / "*.md")]))) == ["b.md"]


@pytest.mark.parametrize("path", ["nothing", "*.nothing"])
def test_a_path_that_names_nothing_is_an_error_before_any_file_is_read(folder: Path, path: str) -> None:
    with pytest.raises(KnowledgeError, match="there is no file or folder"):
        next(find_files([str(folder / "b.md"), str(folder / path)]))


def test_links_out_of_the_folder_are_named_and_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.md", "secret")
    write(tmp_path / "other" / "e.md", "text")
    (folder / "link.md").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "inside.md").symlink_to(folder / "b.md")
    found = list(find_files([str(folder)]))
    assert names(found) == ["notes/a.txt", "notes/b.md", "notes/inside.md", "notes/deep/c.jsonl.gz"]
    assert [(item.path.name, "link" in item.reason) for item in found if isinstance(item, Omission)] == [
        ("linked", True),
        ("link.md", True),
    ]


def test_a_link_to_itself_is_a_problem(folder: Path) -> None:
    (folder / "c.md").symlink_to(folder / "c.md")
    found = list(find_files([str(folder)]))
    assert names(found) == ["notes/a.txt", "notes/b.md", "notes/deep/c.jsonl.gz"]
    assert [item.path.name for item in found if isinstance(item, Omission)] == ["c.md"]


def test_a_folder_that_cannot_be_listed_is_a_problem(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root may list every folder
    found = list(find_files([str(folder)]))
    assert names(found) == ["notes/a.txt", "notes/b.md"]
    assert [str(item) for item in found if isinstance(item, Omission)] == [
        f"{folder / 'deep'}: the folder cannot be read: Permission denied"
    ]


def test_a_glob_does_not_lead_out_of_its_folder(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "other" / "e.md", "text")
    (folder / "link.md").symlink_to(write(tmp_path / "secret.md", "secret"))
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "loop").symlink_to(folder)  # glob would follow both of these some 2 ** 40 ways
    (folder / "loop-2").symlink_to(folder)
    (folder / "c.md").symlink_to(folder / "c.md")
    (folder / "inside.md").symlink_to(folder / "b.md")
    for pattern in ("*.md", "**/*.md", "*/*.md", "**"):
        found = list(find_files([str(folder / pattern)]))
        assert not {"link.md", "e.md", "secret.md"} & {Path(name).name for name in names(found)}
    found = list(find_files([str(folder / "**" / "*.md")]))
    assert names(found) == ["b.md", "inside.md"]
    assert {(item.path.name, item.reason) for item in found if isinstance(item, Omission)} == {
        ("c.md", "the link leads nowhere"),
        ("link.md", "the link leads out of the folder; name its target if you want it read"),
        ("linked", "a linked folder is not followed; name it if you want it read"),
        ("loop", "a linked folder is not followed; name it if you want it read"),
        ("loop-2", "a linked folder is not followed; name it if you want it read"),
    }
    assert len(found) == 7


def test_a_link_that_is_named_without_a_glob_is_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.md").symlink_to(write(tmp_path / "secret.md", "text"))
    (tmp_path / "way").symlink_to(folder)
    assert names(list(find_files([str(folder / "link.md")]))) == ["link.md"]
    assert names(list(find_files([str(tmp_path / "way" / "b*.md")]))) == ["b.md"]
