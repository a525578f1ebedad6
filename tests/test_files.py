"""Whole writes, private files, the lock of a folder, and front matter."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clara.errors import KnowledgeError, PromptError, WriteError
from clara.files import FolderLock, make_folder, open_new, private_file, read_front_matter, replace_file, write_result


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_whole_and_no_draft_stays(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    replace_file(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert permissions(path) == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"cannot write .*report\.html: No space left on device; free some space") as caught:
        replace_file(path, b"new")
    assert (caught.value.path, caught.value.reason) == (path, "No space left on device")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["report.html"]


def test_a_link_in_the_place_of_a_file_is_replaced_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    link = tmp_path / "manifest.json"
    link.symlink_to(target)
    replace_file(link, b"new")
    assert target.read_bytes() == b"precious"
    assert not link.is_symlink()


def test_a_new_file_is_private_and_never_an_old_one_or_a_link(tmp_path: Path) -> None:
    path = tmp_path / "log"
    os.close(open_new(path))
    assert permissions(path) == 0o600
    with pytest.raises(FileExistsError):
        open_new(path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        open_new(tmp_path / "dangling")
    assert not (tmp_path / "nowhere").exists()


def test_a_private_file_is_narrowed_if_others_could_read_it(tmp_path: Path) -> None:
    path = tmp_path / "below" / "cache.sqlite"
    private_file(path)
    assert permissions(path.parent) == 0o700
    path.chmod(0o644)
    path.write_bytes(b"rows")
    private_file(path)
    assert permissions(path) == 0o600
    assert path.read_bytes() == b"rows"


def test_a_folder_is_made_with_those_above_it_and_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="a file is in the way: choose another folder"):
        make_folder(tmp_path / "file" / "below")


def test_a_second_process_is_refused_the_lock_and_learns_who_has_it(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert lock.take()
    code = f"from pathlib import Path; from clara.files import FolderLock; l = FolderLock(Path({str(tmp_path)!r}));"
    other = subprocess.run(
        [sys.executable, "-c", code + "print(l.take(), l.holder)"], capture_output=True, text=True, check=True
    )
    assert other.stdout.startswith(f"False process {os.getpid()} on ")
    lock.release()
    assert FolderLock(tmp_path).take()


def test_a_lock_follows_no_planted_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(target)
    with pytest.raises(WriteError, match="a link stands in its place: remove it"):
        FolderLock(tmp_path / "run").take()
    assert target.read_bytes() == b"precious"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.md"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_head_and_body_are_taken_apart_whatever_the_line_ends(tmp_path: Path, end: str) -> None:
    text = end.join(("---", "title: A", "tags: [x, y]", "---", "body", "--- not a head", ""))
    head, body = read_front_matter(written(tmp_path, text), "the note", KnowledgeError)
    assert head == {"title": "A", "tags": ["x", "y"]}
    assert body == "body\n--- not a head\n"


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert read_front_matter(written(tmp_path, "\ufeff---\na: 1\n---\nb"), "the note", KnowledgeError) == ({"a": 1}, "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no head", "no front matter between --- lines"),
        ("---\na: 1\n", "no front matter"),
        ("---\na: [1\n---\nb", "not valid YAML"),
        ("---\n- a\n---\nb", "must consist of lines like name: value"),
        ("---\n\n---\nb", "must consist of lines like name: value"),
    ],
)
def test_a_broken_head_is_the_callers_error_and_names_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PromptError, match=rf"a\.md.*{words}"):
        read_front_matter(written(tmp_path, text), "the prompt", PromptError)


def test_yaml_that_would_build_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="not valid YAML"):
        read_front_matter(written(tmp_path, "---\na: !!python/name:os.system\n---\n"), "the prompt", PromptError)


def test_a_file_that_cannot_be_read_says_what_it_should_have_been(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"cannot read the note .*none\.md: No such file"):
        read_front_matter(tmp_path / "none.md", "the note", KnowledgeError)
    path = tmp_path / "latin.md"
    path.write_bytes(b"---\na: \xff\n---\n")
    with pytest.raises(KnowledgeError, match=r"latin\.md: it is not UTF-8"):
        read_front_matter(path, "the note", KnowledgeError)


def test_what_a_user_asked_for_is_written_whole_and_the_old_one_stays_if_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "report.html"
    write_result(path, b"first")
    assert path.read_bytes() == b"first"

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"cannot write .*report\.html"):
        write_result(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_result(pipe, b"rows")
    assert os.read(reader, 100) == b"rows"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    os.close(reader)


def test_folders_and_private_files_are_their_owners_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(tmp_path / "home" / "runs" / "one")
        private_file(tmp_path / "data" / "kb" / "record.sqlite")
    finally:
        os.umask(before)
    for folder in ("home", "home/runs", "home/runs/one", "data", "data/kb"):
        assert permissions(tmp_path / folder) == 0o700, folder
    assert permissions(tmp_path / "data" / "kb" / "record.sqlite") == 0o600


def test_the_name_of_a_new_private_file_is_synced_before_anything_is_written_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("clara.files.sync_folder", synced.append)
    private_file(tmp_path / "kb" / "record.sqlite")
    private_file(tmp_path / "kb" / "record.sqlite")
    assert synced == [tmp_path, tmp_path / "kb"]
