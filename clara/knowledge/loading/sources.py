"""From what the user named to the files to read: folders, globs and single files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from glob import has_magic
from pathlib import Path

from clara.errors import KnowledgeError
from clara.knowledge.corpus.documents import storable
from clara.knowledge.loading.base import SourceFile, origin_of
from clara.knowledge.loading.formats import LOADERS
from clara.knowledge.loading.sandbox import Problem


def find_files(paths: Iterable[str]) -> Iterator[SourceFile | Problem]:
    """The files below ``paths``, in order of their names; of a folder not the hidden ones and those of other formats.

    A symbolic link that leads out of its folder is a Problem, for what it points to was not named.

    Raises:
        KnowledgeError: a path names nothing; raised before any file is read.
    """
    for root in find_roots(paths):
        if isinstance(root, Problem):
            yield root
        elif root.is_dir():
            yield from _below(root)
        elif root.is_file():
            yield SourceFile(root, root.name)
        else:
            yield Problem(root, "it is neither a file nor a folder")


def find_roots(paths: Iterable[str]) -> list[Path | Problem]:
    """The files and folders that ``paths`` name, globs expanded; a link that a glob came upon may be a Problem.

    Raises:
        KnowledgeError: a path names nothing.
    """
    return [root for path in paths for root in _expanded(path)]


def covered_by(path: str) -> tuple[str, Callable[[str], bool]]:
    """What ``path``, which names files or has named them, stands for among the origins of documents.

    Returns:
        The file or folder that holds all of it, and a function that says of an origin there if it belongs to it.
    """
    if not _is_glob(path):
        return origin_of(path), lambda _: True
    fixed, pattern = _parted(path)
    folder, wanted = origin_of(fixed), [storable(part) for part in pattern]
    return folder, lambda origin: _matches(Path(origin).relative_to(folder).parts, wanted)


def _expanded(path: str) -> list[Path | Problem]:
    found: dict[Path | Problem, None] = {}
    if _is_glob(path):
        fixed, pattern = _parted(path)
        found = dict.fromkeys(_search(fixed, pattern, fixed.resolve()))
    elif os.path.lexists(path):
        found = {Path(path): None}
    if not found:
        raise KnowledgeError(f"there is no file or folder {path}")
    return list(found)


def _is_glob(path: str) -> bool:
    return has_magic(path) and not os.path.lexists(path)


def _parted(path: str) -> tuple[Path, list[str]]:
    """The folder that a glob starts from, and the parts of the glob below it."""
    parts = Path(path).parts
    first = next(at for at, part in enumerate(parts) if has_magic(part))
    pattern = list(parts[first:])
    if path.endswith("/"):
        pattern.append("**")  # folders only, with all that is in them
    return Path(*parts[:first]), [part for at, part in enumerate(pattern) if part != "**" or pattern[at - 1 : at] != ["**"]]


def _search(folder: Path, pattern: list[str], inside: Path) -> Iterator[Path | Problem]:
    """What matches below ``folder``, by the rules of :mod:`glob`, but links are treated as they are below a folder.

    glob follows them, which leads out of the folder, and without end where two of them lead upwards.
    """
    if not pattern:
        yield folder
    if not pattern or not _is_folder(folder):
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
    for path in [folder / name for name in names if _fits(name, head)]:
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
    return name == part or (fnmatchcase(name, part) and (part.startswith(".") or not name.startswith(".")))


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


def _below(root: Path) -> Iterator[SourceFile | Problem]:
    inside, unread = root.resolve(), list[OSError]()
    for folder, folders, names in os.walk(root, onerror=unread.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for link in [name for name in folders if Path(folder, name).is_symlink()]:
            yield _linked_folder(Path(folder, link))
        for name in sorted(names):
            path = Path(folder, name)
            source = SourceFile(path, f"{inside.name}/{path.relative_to(root).as_posix()}")
            if name.startswith(".") or source.suffix not in LOADERS:
                continue
            if problem := _astray(path, inside):
                yield problem
            elif path.is_file():
                yield source
            else:
                yield Problem(path, "it is no regular file")
    for error in unread:
        yield _unlisted(error)


def _astray(path: Path, inside: Path) -> Problem | None:
    """What is wrong with a file that was come upon below the folder ``inside``, if it is a link."""
    try:
        leads_out = path.is_symlink() and not path.resolve().is_relative_to(inside)
    except (RuntimeError, OSError):
        return Problem(path, "the link leads nowhere")
    return Problem(path, "the link leads out of the folder; name its target if you want it read") if leads_out else None


def _linked_folder(link: Path) -> Problem:
    return Problem(link, "a linked folder is not followed; name it if you want it read")


def _unlisted(error: OSError) -> Problem:
    return Problem(Path(error.filename), f"the folder cannot be read: {error.strerror}")
