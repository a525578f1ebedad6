"""From files to a knowledge base: ``clara kb add`` and ``clara kb sync``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from clara.knowledge.corpus.augmentation import Augmenter
from clara.knowledge.corpus.documents import Document, storable
from clara.knowledge.index.store import Change, KnowledgeBase, ReportProgress
from clara.knowledge.loading import tables
from clara.knowledge.loading.base import Hints, SourceFile, origin_of
from clara.knowledge.loading.formats import LOADERS
from clara.knowledge.loading.sandbox import Problem, parse
from clara.knowledge.loading.sources import covered_by, find_files

MOST_PROBLEMS = 1000
"""Problems that are kept to be shown; all are counted."""
_SHOWN = 200
"""Characters of an id that a problem shows."""
_ROW = re.compile(r":\d+\Z")
"""What the id of a row has behind the name of its file."""


@dataclass(slots=True)
class Ingestion:
    """What became of the files."""

    change: Change = Change()
    files: int = 0
    problems: list[Problem] = field(default_factory=list[Problem])
    """The first MOST_PROBLEMS of them."""
    left_out: int = 0
    """All files and records that were left out."""

    def leave_out(self, problem: Problem) -> None:
        """Count a problem, and keep it if there is room."""
        self.left_out += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(replace(problem, path=Path(storable(str(problem.path)))))


@dataclass(slots=True)
class _Seen:
    """What came in this run."""

    origins: dict[str, str] = field(default_factory=dict[str, str])
    """Id of each document that was taken to its origin."""
    older: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Id and origin of those that a document of another file replaced within the run."""
    broken: set[str] = field(default_factory=set[str])
    """Files and folders that may hold more than came."""

    def holds(self, document: Document) -> bool:
        """True if its file gave a document of its id before."""
        return self.origins.get(document.id) == document.origin or (document.id, document.origin) in self.older

    def take(self, document: Document) -> None:
        """Remember it."""
        if other := self.origins.get(document.id):
            self.older.add((document.id, other))
        self.origins[document.id] = document.origin


def ingest(
    base: KnowledgeBase,
    paths: Iterable[str],
    hints: Hints | None = None,
    *,
    sync: bool = False,
    workers: int | None = None,
    augmenter: Augmenter | None = None,
    progress: ReportProgress | None = None,
) -> Ingestion:
    """Add what files hold. A file or record that cannot be read is left out and reported, and the run goes on.

    Args:
        base: the knowledge base.
        paths: files, folders and globs.
        hints: what the caller says about the files.
        sync: also remove the documents of these paths that are no longer there; those of a file with a problem stay.
        workers: parsing processes; None takes what the machine has.
        augmenter: writes to new and changed documents what is indexed with them.
        progress: called after every batch with documents read and passages added.

    Raises:
        KnowledgeError: a path names nothing.
        StoreError: the store refuses; what was added before stays.
    """
    named = list(paths)
    result, seen = Ingestion(), _Seen()
    files = _files(named, _names(base), result, seen)
    with closing(parse(files, hints or Hints(), workers=workers)) as parsed:
        result.change = base.add(_documents(base, parsed, result, seen), augmenter=augmenter, progress=progress)
    if sync:
        result.change = replace(result.change, removed=base.remove(_vanished(base, named, seen)))
    return result


def _names(base: KnowledgeBase) -> dict[str, str]:
    """Origin to the name under which a file's documents are known, where they are named after it."""
    names: dict[str, str] = {}
    for document, origin in base.record.ids_of("/").items():
        name = _ROW.sub("", document)
        if origin.endswith(f"/{name}"):
            names[origin] = name
    return names


def _files(paths: list[str], names: dict[str, str], result: Ingestion, seen: _Seen) -> Iterator[SourceFile]:
    """Each file once, under the name that it has already if it was added by another way."""
    once: set[str] = set()
    for found in find_files(paths):
        if isinstance(found, Problem):
            if (origin := origin_of(found.path)) not in seen.broken:
                seen.broken.add(origin)
                result.leave_out(found)
        elif found.origin not in once:
            once.add(found.origin)
            result.files += 1
            yield replace(found, name=names.get(found.origin, found.name))


def _documents(
    base: KnowledgeBase, parsed: Iterable[Document | Problem], result: Ingestion, seen: _Seen
) -> Iterator[Document]:
    for item in parsed:
        if isinstance(item, Problem):
            seen.broken.add(origin_of(item.path))
            result.leave_out(item)
        elif seen.holds(item):  # its file is not broken: all that it holds is known
            result.leave_out(
                Problem(Path(item.origin), f"its id {item.id[:_SHOWN]!r} stands twice in this file{_mend(item)}")
            )
        elif other := _taken(base, item, seen):
            seen.broken.add(item.origin)
            reason = f"its name {item.id[:_SHOWN]!r} is taken by {other}; add it with another --kb"
            result.leave_out(Problem(Path(item.origin), reason))
        else:
            seen.take(item)
            yield item


def _mend(document: Document) -> str:
    """What to do about an id that comes twice, where the caller has a say in it."""
    loader = LOADERS.get(SourceFile(Path(document.origin), "").suffix)
    return "; map another column with --field id=NAME" if loader in (tables.read_csv, tables.read_jsonl) else ""


def _taken(base: KnowledgeBase, document: Document, seen: _Seen) -> str | None:
    """The other file that a document named after its path would drive out, if it is of this run or still there.

    Records with an identity of their own (a PMID, an id column) may come again in a newer file and replace the old.
    """
    if not document.path_named:
        return None
    other = seen.origins.get(document.id) or base.record.origin_of(document.id)
    if other is None or origin_of(other) == document.origin:
        return None
    return other if document.id in seen.origins or Path(other).is_file() else None


def _vanished(base: KnowledgeBase, paths: list[str], seen: _Seen) -> list[str]:
    """Documents of these paths that no longer came; those of a file or below a folder with a problem may still be there."""
    gone: dict[str, None] = {}
    for path in paths:
        folder, covered = covered_by(path)
        for document, origin in base.record.ids_of(folder).items():
            if (
                document not in seen.origins
                and covered(origin)
                and seen.broken.isdisjoint({origin, *map(str, Path(origin).parents)})
            ):
                gone[document] = None
    return list(gone)
