"""From files to a knowledge base: ``clara kb add`` and ``clara kb sync``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from clara.knowledge.augmentation import Augmenter
from clara.knowledge.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile
from clara.knowledge.loading.sandbox import Problem, parse
from clara.knowledge.loading.sources import find_files
from clara.knowledge.store import Change, KnowledgeBase, Progress

MOST_PROBLEMS = 1000
"""Problems that are kept to be shown; all are counted."""


@dataclass(slots=True)
class Ingestion:
    """What became of the files."""

    change: Change = Change()
    files: int = 0
    problems: list[Problem] = field(default_factory=list[Problem])
    """The first MOST_PROBLEMS of them."""
    left_out: int = 0
    """All files and records that were left out."""


def ingest(
    base: KnowledgeBase,
    paths: Iterable[str],
    hints: Hints | None = None,
    *,
    sync: bool = False,
    workers: int | None = None,
    augmenter: Augmenter | None = None,
    progress: Progress | None = None,
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
    result, seen = Ingestion(), set[str]()

    def leave_out(problem: Problem) -> None:
        result.left_out += 1
        if len(result.problems) < MOST_PROBLEMS:
            result.problems.append(problem)

    files = _files(named, result, leave_out)
    with closing(parse(files, hints or Hints(), workers=workers)) as parsed:
        result.change = base.add(_documents(base, parsed, seen, leave_out), augmenter=augmenter, progress=progress)
    if sync:
        result.change = replace(result.change, removed=base.remove(_vanished(base, named, seen, result)))
    return result


def _files(paths: list[str], result: Ingestion, leave_out: Callable[[Problem], None]) -> Iterator[SourceFile]:
    for found in find_files(paths):
        if isinstance(found, Problem):
            leave_out(found)
        else:
            result.files += 1
            yield found


def _documents(
    base: KnowledgeBase,
    parsed: Iterable[Document | Problem],
    seen: set[str],
    leave_out: Callable[[Problem], None],
) -> Iterator[Document]:
    for item in parsed:
        if isinstance(item, Problem):
            leave_out(item)
        elif other := _taken(base, item):
            leave_out(Problem(Path(item.origin), f"its name {item.id!r} is taken by {other}; add it with another --kb"))
        else:
            seen.add(item.id)
            yield item


def _taken(base: KnowledgeBase, document: Document) -> str | None:
    """The other file that a document named after its path would drive out, if that file is still there.

    Records with an identity of their own (a PMID, an id column) may come again in a newer file and replace the old.
    """
    if not document.origin.endswith(document.id):
        return None
    other = base.record.origin_of(document.id)
    return other if other is not None and other != document.origin and Path(other).is_file() else None


def _vanished(base: KnowledgeBase, paths: list[str], seen: set[str], result: Ingestion) -> list[str]:
    broken = {str(problem.path.absolute()) for problem in result.problems}
    if result.left_out > len(result.problems):
        return []  # not all problems are known by name: what looks vanished may only be unreadable today
    gone: list[str] = []
    for path in paths:
        for document, origin in base.record.ids_of(str(Path(path).absolute())).items():
            if document not in seen and origin not in broken:
                gone.append(document)
    return gone
