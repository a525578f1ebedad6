"""A run folder survives a crash, and takes one writer and one run."""

from __future__ import annotations

import pytest

from clara.bench.journal import Journal, read_run
from clara.errors import JournalError

MANIFEST = {"version": 1, "model": "m", "repeat": 1}


def write(folder, *ids):
    with Journal(folder, MANIFEST) as journal:
        for key in ids:
            journal.append({"id": key})


def ids(folder):
    return [record["id"] for record in read_run(folder)[1]]


@pytest.mark.parametrize("torn", [b'{"crc": 1, "rec', b'{"crc": 1, "record": {"id": "x"}}\n'])
def test_torn_last_line_is_cut_and_resume_goes_on(tmp_path, torn):
    folder = tmp_path / "run"
    write(folder, "a", "b")
    whole = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(whole + torn)
    assert ids(folder) == ["a", "b"]
    with Journal(folder, MANIFEST, resume=True) as journal:
        assert (folder / "journal.jsonl").read_bytes() == whole
        assert [record["id"] for record in journal.records] == ["a", "b"]
        journal.append({"id": "c"})
    assert ids(folder) == ["a", "b", "c"]


def test_broken_line_in_the_middle_is_refused(tmp_path):
    write(tmp_path / "run", "a", "b", "c")
    path = tmp_path / "run" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"z"'))
    with pytest.raises(JournalError, match="line 2 is broken"):
        read_run(tmp_path / "run")


def test_mismatch_names_the_field(tmp_path):
    write(tmp_path / "run", "a")
    with pytest.raises(JournalError, match="it differs in model; "):
        Journal(tmp_path / "run", MANIFEST | {"model": "other"}, resume=True)
    assert ids(tmp_path / "run") == ["a"]


def test_existing_folder_without_resume_is_refused(tmp_path):
    write(tmp_path / "run", "a")
    with pytest.raises(JournalError, match="is not empty: go on with --resume"):
        Journal(tmp_path / "run", MANIFEST)
    assert ids(tmp_path / "run") == ["a"]


def test_two_writers_are_refused(tmp_path):
    with (
        Journal(tmp_path / "run", MANIFEST),
        pytest.raises(JournalError, match="another process is writing"),
    ):
        Journal(tmp_path / "run", MANIFEST, resume=True)
    with Journal(tmp_path / "run", MANIFEST, resume=True) as journal:
        assert journal.records == []


def test_no_run_folder(tmp_path):
    with pytest.raises(JournalError, match="is no run folder"):
        read_run(tmp_path)
