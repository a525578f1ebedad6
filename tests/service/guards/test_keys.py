"""Keys are stored as hashes, have names, and are withdrawn by deleting their line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clara.errors import DataError, UsageError
from clara.service.guards.keys import KeyRing, new_key


def test_a_key_is_known_by_its_name_and_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    ward, clinic = new_key(path, "ward"), new_key(path, "clinic")
    ring = KeyRing(path)
    assert (ring.name_of(ward), ring.name_of(clinic)) == ("ward", "clinic")
    assert ward not in path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["", "clara-", "ward", "\ud800", "k" * 100_000])
def test_anything_else_is_no_key(tmp_path: Path, key: str) -> None:
    new_key(tmp_path / "keys", "ward")
    assert KeyRing(tmp_path / "keys").name_of(key) is None


def test_a_key_whose_line_is_deleted_counts_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    ward, clinic = new_key(path, "ward"), new_key(path, "clinic")
    ring = KeyRing(path)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text(lines[1], "utf-8")
    assert ring.name_of(ward) is None
    assert ring.name_of(clinic) == "clinic"
    path.write_text("rubbish", "utf-8")
    assert ring.name_of(clinic) is None
    path.unlink()
    os.sync()
    assert ring.name_of(clinic) is None


@pytest.mark.parametrize("text", ["", "# only a comment\n", "ward sha256:12\n", "ward plain-text-key\n"])
def test_a_file_without_usable_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text, "utf-8")
    with pytest.raises(DataError):
        KeyRing(tmp_path / "keys")


@pytest.mark.parametrize("name", ["", "two words", "../up", "x" * 65, "ward"])
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str) -> None:
    new_key(tmp_path / "keys", "ward")
    with pytest.raises(UsageError):
        new_key(tmp_path / "keys", name)
