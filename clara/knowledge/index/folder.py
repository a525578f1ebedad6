"""The folder of a knowledge base: its name, its one writer, and what is removed from it."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from clara.config import SHIPPED_KB, Settings
from clara.errors import StoreError, UsageError, WriteError
from clara.files import FolderLock, make_folder

_NAME = re.compile(r"\A[a-z0-9][a-z0-9_-]{0,50}\Z")


def kb_folder(settings: Settings, name: str) -> Path:
    """The folder of a knowledge base.

    Raises:
        UsageError: the name could not be a folder's.
    """
    if not _NAME.match(name):
        raise UsageError(f"{name!r} cannot name a knowledge base: use lower-case letters, digits, - and _")
    return settings.home / "kb" / name


def missing_message(name: str, folder: Path) -> str:
    """What to do when a knowledge base is missing."""
    command = "clara kb build" if name == SHIPPED_KB else f"clara kb add --kb {name} PATH"
    return f"there is no knowledge base {name!r} in {folder.parent} yet; run: {command}"


@contextmanager
def exclusive(folder: Path) -> Generator[None]:
    """Keep a knowledge base to this process: Chroma's persistent store does not stand two writers.

    Raises:
        StoreError: another process is changing it, or its folder cannot be written.
    """
    lock = FolderLock(folder)
    try:
        is_ours = lock.take()
    except WriteError as error:
        raise StoreError(str(error)) from None
    if not is_ours:
        raise StoreError(f"another process is changing the knowledge base {folder}; wait for it to end")
    try:
        yield
    finally:
        lock.release()


def drop_chroma(place: Path) -> None:
    """Remove an embedded Chroma; the caller has the lock. The record holds everything."""
    try:
        shutil.rmtree(place)
    except OSError as error:
        raise StoreError(f"cannot remove the index {place}: {error.strerror}") from None


def make_kb_folder(folder: Path) -> None:
    """Make the folder if it is not there, for its owner only, its name synced to disk.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        make_folder(folder)
    except WriteError as error:
        raise StoreError(f"cannot write the data folder {folder}: {error.reason}; set CLARA_HOME to another") from None


def is_writable(folder: Path) -> bool:
    """False if the knowledge base in a folder can only be read: on a read-only disk, or by somebody without the right."""
    record = folder / "record.sqlite"
    return os.access(folder, os.W_OK) and (not record.exists() or os.access(record, os.W_OK))


@contextmanager
def copied(folder: Path) -> Generator[Path]:
    """A private copy of a knowledge base that cannot be changed, for as long as the block lasts.

    SQLite and Chroma write side files and locks beside what they read, even where they only read. What another process
    writes during the copy may be missing in it; an index that is torn by it is built again from the record, in the copy.

    Raises:
        StoreError: it cannot be read, or there is no room for the copy.
    """
    with ExitStack() as opened:
        try:
            place = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="clara-kb-"))) / folder.name
            shutil.copytree(folder, place, ignore=shutil.ignore_patterns("lock", "*.tmp"), copy_function=shutil.copyfile)
        except (OSError, shutil.Error) as error:
            raise StoreError(
                f"the knowledge base {folder} cannot be changed here, and no copy to search in can be made: {error}"
            ) from None
        place.chmod(0o700)
        yield place
