"""From what the user named to the files to read: folders, globs and single files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from clara.errors import KnowledgeError
from clara.knowledge.loading.base import SourceFile
from clara.knowledge.loading.formats import LOADERS
from clara.knowledge.loading.sandbox import Problem


def find_files(paths: Iterable[str]) -> Iterator[SourceFile | Problem]:
    """The files below ``paths``, in order of their names; of a folder not the hidden ones and those of other formats.

    A symbolic link that leads out of its folder is a Problem, for what it points to was not named.

    Raises:
        KnowledgeError: a path names nothing; raised before any file is read.
    """
    for root in find_roots(paths):
        if root.is_dir():
            yield from _below(root)
        elif root.is_file():
            yield SourceFile(root, root.name)
        else:
            yield Problem(root, "it is neither a file nor a folder")


def find_roots(paths: Iterable[str]) -> list[Path]:
    """The files and folders that ``paths`` name, globs expanded.

    Raises:
        KnowledgeError: a path names nothing.
    """
    return [root for path in paths for root in _expanded(path)]


def _expanded(path: str) -> list[Path]:
    if os.path.lexists(path):
        return [Path(path)]
    found = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise KnowledgeError(f"there is no file or folder {path}")
    return [Path(name) for name in found]


def _below(root: Path) -> Iterator[SourceFile | Problem]:
    inside, unread = root.resolve(), list[OSError]()
    for folder, folders, names in os.walk(root, onerror=unread.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for link in [name for name in folders if Path(folder, name).is_symlink()]:
            yield Problem(Path(folder, link), "a linked folder is not followed; name it if you want it read")
        for name in sorted(names):
            path = Path(folder, name)
            source = SourceFile(path, f"{inside.name}/{path.relative_to(root).as_posix()}")
            if name.startswith(".") or source.suffix not in LOADERS:
                continue
            try:
                leads_out = path.is_symlink() and not path.resolve().is_relative_to(inside)
            except (RuntimeError, OSError):
                yield Problem(path, "the link leads nowhere")
                continue
            if leads_out:
                yield Problem(path, "the link leads out of the folder; name its target if you want it read")
            elif path.is_file():
                yield source
            else:
                yield Problem(path, "it is no regular file")
    for error in unread:
        yield Problem(Path(error.filename), f"the folder cannot be read: {error.strerror}")
