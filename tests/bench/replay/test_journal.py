"""A run folder survives a crash, and takes one writer and one run."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from clara.bench.replay.journal import Journal, encode, read_run
from clara.errors import JournalError, WriteError

MANIFEST = {"version": 2, "model": "m", "repeat": 1}


def write(folder, *ids, **more):
    with Journal(folder, MANIFEST, **more) as journal:
        for key in ids:
            journal.append({"id": key})


def ids(folder):
    return [record["id"] for record in read_run(folder)[1]]


def kept(journal):
    return [record["id"] for record in journal.records()]


def test_appended_record_is_on_disk_when_its_future_is_done(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size))
    with Journal(tmp_path / "run", MANIFEST) as journal:
        journal.append({"id": "a"}).result(timeout=10)
        assert ids(tmp_path / "run") == ["a"]
        assert synced[-1] == (tmp_path / "run" / "journal.jsonl").stat().st_size


def test_many_appends_share_few_syncs(tmp_path, monkeypatch):
    with Journal(tmp_path / "run", MANIFEST) as journal:
        calls = []
        real = os.fsync
        monkeypatch.setattr(os, "fsync", lambda file: (calls.append(file), real(file)))
        waiting = [journal.append({"id": str(n)}) for n in range(500)]
        for future in waiting:
            future.result(timeout=10)
        assert len(calls) < 50
    assert ids(tmp_path / "run") == [str(n) for n in range(500)]


def test_one_waiter_that_gives_up_does_not_lose_the_record_of_another(tmp_path):
    with Journal(tmp_path / "run", MANIFEST) as journal:
        first, second = journal.append({"id": "a"}), journal.append({"id": "b"})
        assert not first.cancel()
        second.result(timeout=10)
    assert ids(tmp_path / "run") == ["a", "b"]


@pytest.mark.parametrize("torn", [b'{"crc": 1, "rec', b"{", b"\0" * 100])
def test_torn_last_line_is_cut_and_resume_goes_on(tmp_path, torn):
    folder = tmp_path / "run"
    write(folder, "a", "b")
    whole = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(whole + torn)
    manifest, records = read_run(folder)
    assert [record["id"] for record in records] == ["a", "b"]
    assert "damaged_lines" not in manifest
    with Journal(folder, MANIFEST, resume=True) as journal:
        assert (folder / "journal.jsonl").read_bytes() == whole
        assert kept(journal) == ["a", "b"]
        journal.append({"id": "c"})
    assert ids(folder) == ["a", "b", "c"]


@pytest.mark.parametrize("length", range(0, 80, 7))
def test_journal_cut_anywhere_keeps_every_whole_line(tmp_path, length):
    write(tmp_path / "run", "a", "b", "c")
    path = tmp_path / "run" / "journal.jsonl"
    raw = path.read_bytes()[:length]
    path.write_bytes(raw)
    whole = raw.count(b"\n")
    write(tmp_path / "run", "z", resume=True)
    assert ids(tmp_path / "run") == [*"abc"[:whole], "z"]


def test_damaged_line_is_named_left_out_and_moved_aside(tmp_path):
    folder = tmp_path / "run"
    write(folder, "a", "b", "c")
    path = folder / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    broken = lines[1].replace(b'"b"', b'"z"')
    path.write_bytes(lines[0] + broken + lines[2])
    manifest, records = read_run(folder)
    assert manifest["damaged_lines"] == [2]
    assert [record["id"] for record in records] == ["a", "c"]
    with Journal(folder, MANIFEST, resume=True) as journal:
        assert journal.damaged == (2,)
        assert kept(journal) == ["a", "c"]
    assert path.read_bytes() == lines[0] + lines[2]
    assert (folder / "aside.jsonl").read_bytes() == broken


def test_records_to_make_again_are_moved_aside(tmp_path):
    write(tmp_path / "run", "a", "b", "c")
    with Journal(tmp_path / "run", MANIFEST, resume=True, again=lambda record: record["id"] == "b") as journal:
        assert kept(journal) == ["a", "c"]
        assert journal.damaged == ()
        journal.append({"id": "b"})
    assert ids(tmp_path / "run") == ["a", "c", "b"]


def test_mismatch_names_the_field_and_both_values(tmp_path):
    write(tmp_path / "run", "a")
    with pytest.raises(JournalError, match=r"it differs in model \(m there, other now\); "):
        Journal(tmp_path / "run", MANIFEST | {"model": "other"}, resume=True)
    assert ids(tmp_path / "run") == ["a"]
    write(tmp_path / "run", "b", resume=True)  # the refusal let go of the folder


def test_existing_run_without_resume_is_refused(tmp_path):
    write(tmp_path / "run", "a")
    with pytest.raises(JournalError, match="holds a run: go on with --resume"):
        Journal(tmp_path / "run", MANIFEST)
    assert ids(tmp_path / "run") == ["a"]


@pytest.mark.parametrize("resume", [False, True])
def test_folder_with_other_files_is_refused(tmp_path, resume):
    (tmp_path / "thesis.tex").write_text("...")
    with pytest.raises(JournalError, match="is not empty and holds no run"):
        Journal(tmp_path, MANIFEST, resume=resume)


def test_kill_before_the_manifest_leaves_a_folder_that_can_be_started(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "lock").write_text("process 1 on nowhere")
    (folder / ".manifest.json.0a1b2c3d.tmp").write_text('{"ver')
    write(folder, "a")
    assert ids(folder) == ["a"]


def test_two_writers_are_refused_and_the_first_is_named(tmp_path):
    with (
        Journal(tmp_path / "run", MANIFEST),
        pytest.raises(JournalError, match=f"another process is writing to the run folder .*: process {os.getpid()} on "),
    ):
        Journal(tmp_path / "run", MANIFEST, resume=True)
    with Journal(tmp_path / "run", MANIFEST, resume=True) as journal:
        assert kept(journal) == []


def test_a_journal_follows_no_planted_link(tmp_path):
    folder = tmp_path / "run"
    write(folder, "a")
    target = tmp_path / "target"
    (folder / "journal.jsonl").rename(target)
    (folder / "journal.jsonl").symlink_to(target)
    before = target.read_bytes()
    with pytest.raises(WriteError, match="a link stands in its place"):
        write(folder, "b", resume=True)
    assert target.read_bytes() == before


def test_the_name_of_a_new_journal_is_synced_before_its_first_line(tmp_path, monkeypatch):
    folders = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (folders.append(Path(f"/proc/self/fd/{file}").readlink()), real(file)))
    Journal(tmp_path / "run", MANIFEST).close()
    assert folders[-1] == tmp_path / "run"


def test_lock_of_a_killed_process_does_not_block(tmp_path):
    code = f"""
import os, signal
from pathlib import Path
from clara.bench.replay.journal import Journal
journal = Journal(Path({str(tmp_path / "run")!r}), {MANIFEST!r})
journal.append({{"id": "a"}}).result()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    write(tmp_path / "run", "b", resume=True)
    assert ids(tmp_path / "run") == ["a", "b"]


def test_no_run_folder(tmp_path):
    with pytest.raises(JournalError, match="is no run folder"):
        read_run(tmp_path)


@pytest.mark.parametrize("content", ["{", "[1]", ""])
def test_broken_manifest_is_named(tmp_path, content):
    write(tmp_path / "run", "a")
    (tmp_path / "run" / "manifest.json").write_text(content)
    with pytest.raises(JournalError, match=r"manifest\.json is broken"):
        read_run(tmp_path / "run")


def test_journal_of_the_first_version_can_be_read(tmp_path):
    """Its lines had sorted keys and ASCII escapes, and their checksum was of the same bytes."""
    record = {"id": "q1", "language": "hindi", "note": "आँख", "outcome": "correct"}
    body = json.dumps(record, ensure_ascii=True, sort_keys=True)
    (tmp_path / "manifest.json").write_text('{"version": 1, "model": "m"}')
    (tmp_path / "journal.jsonl").write_text(f'{{"crc": {zlib.crc32(body.encode())}, "record": {body}}}\n')
    assert read_run(tmp_path) == ({"version": 1, "model": "m"}, [record])
    with pytest.raises(JournalError, match=r"it differs in version \(1 there, 2 now\)"):
        Journal(tmp_path, MANIFEST, resume=True)


def test_any_text_comes_back_as_it_was(tmp_path):
    record = {"id": "आँख\r\n\u2028\x00", "half": "\ud800", "answer": {"trace": [{"step": "détecter"}]}}
    with Journal(tmp_path / "run", MANIFEST) as journal:
        journal.append(record)
    assert read_run(tmp_path / "run")[1] == [record]
    assert read_run(tmp_path / "run", paths=False)[1] == [{"id": record["id"], "half": "\ud800"}]


def test_a_session_is_noted_each_time_the_run_is_opened(tmp_path):
    started = {"sessions": [{"started": "2026-01-01", "versions": {}, "server": ""}]}
    for resume in (False, True):
        with Journal(tmp_path / "run", MANIFEST | started, resume=resume) as journal:
            journal.append({"id": str(resume)})
    sessions = read_run(tmp_path / "run")[0]["sessions"]
    assert [entry.get("kept") for entry in sessions] == [None, 1]


class FullDisk:
    """Stands in for ``os.write`` on a disk with so many bytes left."""

    def __init__(self, left):
        self.left = left
        self.write = os.write

    def __call__(self, file, data):
        if not self.left:
            raise OSError(errno.ENOSPC, "No space left on device")
        part = bytes(data[: self.left])
        self.left -= len(part)
        return self.write(file, part)


def test_full_disk_is_one_sentence_and_the_journal_stays_whole(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    line = len(encode({"id": "a"}))
    journal = Journal(folder, MANIFEST)
    monkeypatch.setattr(os, "write", FullDisk(line * 2 + 5))
    journal.append({"id": "a"}).result(timeout=10)
    journal.append({"id": "b"}).result(timeout=10)
    half = journal.append({"id": "c"})
    assert isinstance(half.exception(timeout=10), WriteError)
    with pytest.raises(WriteError, match="No space left"):
        journal.append({"id": "d"})
    with pytest.raises(WriteError, match=r"cannot write .*journal\.jsonl: No space left on device; free some space"):
        journal.close()
    monkeypatch.undo()
    assert ids(folder) == ["a", "b"]
    assert (folder / "journal.jsonl").stat().st_size == 2 * line
    write(folder, "c", resume=True)
    assert ids(folder) == ["a", "b", "c"]


def test_manifest_that_cannot_be_written_leaves_no_run(tmp_path, monkeypatch):
    def fsync(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    folder = tmp_path / "run"
    folder.mkdir()
    with pytest.raises(WriteError, match=r"cannot write .*manifest\.json: No space left on device; free some space"):
        Journal(folder, MANIFEST)
    monkeypatch.undo()
    write(folder, "a")
    assert ids(folder) == ["a"]


def test_file_in_the_folders_place_is_named(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(WriteError, match=r"cannot write .*run: File exists; a file is in the way: choose another folder"):
        Journal(tmp_path / "run", MANIFEST)
    with pytest.raises(WriteError, match="a file is in the way"):
        Journal(tmp_path / "run" / "below", MANIFEST)


@pytest.fixture
def read_only(tmp_path):
    """A folder that nobody may write into; file modes do not stop root, a read-only file system does."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid():
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this root may not mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_read_only_folder_is_one_sentence_with_its_mend(read_only):
    for folder in (read_only, read_only / "run"):
        with pytest.raises(
            WriteError, match=r"cannot write .*: (Read-only file|Permission denied).*; .* choose another folder"
        ):
            Journal(folder, MANIFEST)


def test_torn_line_that_is_moved_aside_ends_there(tmp_path):
    folder = tmp_path / "run"
    write(folder, "a", "b")
    path = folder / "journal.jsonl"
    for _ in range(2):
        path.write_bytes(b"damaged\n" + path.read_bytes() + b'{"crc": 1, "rec')
        write(folder, resume=True)
    assert (folder / "aside.jsonl").read_bytes().splitlines() == [b"damaged", b'{"crc": 1, "rec'] * 2
    assert ids(folder) == ["a", "b"]


def test_older_run_that_goes_on_learns_what_only_tells_about_it(tmp_path):
    write(tmp_path / "run", "a")
    with Journal(tmp_path / "run", {**MANIFEST, "n_items": 4, "sessions": [{"started": "now"}]}, resume=True):
        pass
    manifest, _ = read_run(tmp_path / "run")
    assert (manifest["n_items"], len(manifest["sessions"])) == (4, 1)


def test_a_repair_follows_no_planted_link(tmp_path):
    folder = tmp_path / "run"
    write(folder, "a", "b")
    victims = {"journal.jsonl.tmp": tmp_path / "draft", "aside.jsonl": tmp_path / "aside"}
    for name, victim in victims.items():
        victim.write_text("precious")
        (folder / name).symlink_to(victim)
    with pytest.raises(WriteError, match="a link stands in its place"):
        Journal(folder, MANIFEST, resume=True, again=lambda record: record["id"] == "a")
    (folder / "aside.jsonl").unlink()
    write(folder, "c", resume=True, again=lambda record: record["id"] == "a")
    assert ids(folder) == ["b", "c"]
    assert [victim.read_text() for victim in victims.values()] == ["precious", "precious"]


def test_a_torn_line_behind_a_planted_link_is_not_cut(tmp_path):
    folder = tmp_path / "run"
    write(folder, "a")
    victim = tmp_path / "victim"
    victim.write_text("no newline at its end")
    (folder / "journal.jsonl").unlink()
    (folder / "journal.jsonl").symlink_to(victim)
    with pytest.raises(WriteError, match="a link stands in its place"):
        Journal(folder, MANIFEST, resume=True)
    assert victim.read_text() == "no newline at its end"


def test_run_folder_and_all_in_it_are_their_owners_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        write(tmp_path / "runs" / "run", "a", "b")
        write(tmp_path / "runs" / "run", resume=True, again=lambda record: record["id"] == "a")
    finally:
        os.umask(before)
    for name, mode in (
        ("runs", 0o700),
        ("runs/run", 0o700),
        ("runs/run/journal.jsonl", 0o600),
        ("runs/run/aside.jsonl", 0o600),
    ):
        assert (tmp_path / name).stat().st_mode & 0o777 == mode, name
