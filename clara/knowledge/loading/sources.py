"""From what the user named to the files to read: folders, globs and single files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import chain
from pathlib import Path

from clara.errors import KnowledgeError
from clara.knowledge.corpus.documents import storable
from clara.knowledge.loading.base import SourceFile, origin_of
from clara.knowledge.loading.loaders import LOADERS
from clara.knowledge.loading.sandbox import Omission


def find_files(paths: Iterable[str]) -> Iterator[SourceFile | Omission]:
    """The files below ``paths``, in order of their names; of a folder not the hidden ones and those of other formats.

    A symbolic link that leads out of its folder is an Omission, for what it points to was not named.

    Raises:
        KnowledgeError: a path names nothing; raised before any file is read.
    """
    for root in find_roots(paths):
        if isinstance(root, Omission):
            yield root
        elif root.is_dir():
            yield from _below(root)
        elif root.is_file():
            yield SourceFile(root, root.name)
        else:
            yield Omission(root, "it is neither a file nor a folder")


def find_roots(paths: Iterable[str]) -> list[Path | Omission]:
    """The files and folders that ``paths`` name, globs expanded; a link that a glob met may be an Omission.

    Raises:
        KnowledgeError: a path names nothing.
    """
    return list(chain.from_iterable(map(_expanded, paths)))


def covered_by(path: str) -> tuple[str, Callable[[str], bool]]:
    """What ``path``, which names files or has named them, stands for among the origins of documents.

    Returns:
        The file or folder that holds all of it, and a function that says of an origin there if it belongs to it.
    """
    if not _is_glob(path):
        return origin_of(path), lambda _: True
    fixed, pattern = _parted(path)
    folder, parts = origin_of(fixed), list(map(storable, pattern))
    return folder, lambda origin: _matches(Path(origin).relative_to(folder).parts, parts)


def _expanded(path: str) -> list[Path | Omission]:
    roots: list[Path | Omission] = []
    if _is_glob(path):
        fixed, pattern = _parted(path)
        roots += dict.fromkeys(_search(fixed, pattern, fixed.resolve()))
    elif os.path.lexists(path):
        roots.append(Path(path))
    if not roots:
        raise KnowledgeError(f"there is no file or folder {path}")
    return roots


def _is_glob(path: str) -> bool:
    return has_magic(path) and not os.path.lexists(path)


def _parted(path: str) -> tuple[Path, list[str]]:
    """The folder that a glob starts from, and the parts of the glob below it."""
    fixed: list[str] = []
    pattern: list[str] = []
    for part in Path(path).parts:
        if not pattern and not has_magic(part):
            fixed.append(part)
        elif part != "**" or pattern[-1:] != ["**"]:  # two in a row are as one
            pattern.append(part)
    if path.endswith("/") and pattern[-1] != "**":
        pattern.append("**")  # folders only, with all that is in them
    return Path(*fixed), pattern


def _search(folder: Path, pattern: list[str], inside: Path) -> Iterator[Path | Omission]:
    """What matches below ``folder``, by the rules of :mod:`glob`, but links are treated as they are below a folder.

    glob follows them, which leads out of the folder, and without end where two of them lead upwards.
    """
    if not pattern:
        yield folder
        return
    if not _is_folder(folder):
        return
    if pattern == ["**"]:
        yield folder
        return
    head, rest = pattern[0], pattern[1:]
    try:
        names = sorted(path.name for path in folder.iterdir()) if has_magic(head) else [head]
    except OSError as error:
        yield _unlisted(error)
        return
    if head == "**":
        yield from _search(folder, rest, inside)
    for name in names:
        path = folder / name
        if not _fits(name, head):
            continue
        if _is_folder(path) and path.is_symlink():
            yield _linked_folder(path)
        elif _is_folder(path):
            yield from _search(path, pattern if head == "**" else rest, inside)
        elif not rest and os.path.lexists(path):
            yield _astray(path, inside) or path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # what holds it may be listed, but not entered
        return False


def _fits(name: str, part: str) -> bool:
    """True if a name matches a part of a glob; one that begins with a dot only if the part does too."""
    if name.startswith(".") and not part.startswith("."):
        return name == part
    return name == part or fnmatchcase(name, part)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """True for a file that :func:`_search` would find, or that lies below a folder which it would find."""
    if not pattern:
        return True
    if not parts:
        return False
    head, rest = pattern[0], pattern[1:]
    if head == "**" and (not rest or _matches(parts, rest)):
        return True
    return _fits(parts[0], head) and _matches(parts[1:], pattern if head == "**" else rest)


def _below(root: Path) -> Iterator[SourceFile | Omission]:
    inside, unread = root.resolve(), list[OSError]()
    for folder, folders, names in os.walk(root, onerror=unread.append):
        folders[:] = filter(_is_shown, sorted(folders))
        for name in folders:
            path = Path(folder, name)
            if path.is_symlink():
                yield _linked_folder(path)
        for name in filter(_is_shown, sorted(names)):
            path = Path(folder, name)
            source = SourceFile(path, f"{inside.name}/{path.relative_to(root).as_posix()}")
            if source.suffix in LOADERS:
                yield _astray(path, inside) or _regular(source)
    yield from map(_unlisted, unread)


def _is_shown(name: str) -> bool:
    return not name.startswith(".")


def _regular(source: SourceFile) -> SourceFile | Omission:
    return source if source.path.is_file() else Omission(source.path, "it is no regular file")


def _astray(path: Path, inside: Path) -> Omission | None:
    """What is wrong with a file that was met below the folder ``inside``, if it is a link."""
    try:
        leads_out = path.is_symlink() and not path.resolve().is_relative_to(inside)
    except (RuntimeError, OSError):
        return Omission(path, "the link leads nowhere")
    if leads_out:
        return Omission(path, "the link leads out of the folder; name its target if you want it read")
    return None


def _linked_folder(link: Path) -> Omission:
    return Omission(link, "a linked folder is not followed; name it if you want it read")


def _unlisted(error: OSError) -> Omission:
    return Omission(Path(error.filename), f"the folder cannot be read: {error.strerror}")
