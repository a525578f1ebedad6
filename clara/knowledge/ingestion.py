"""From files to a knowledge base: ``clara kb add`` and ``clara kb sync``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from clara.knowledge.corpus.augmentation import Augmenter
from clara.knowledge.corpus.documents import Document, Naming, storable
from clara.knowledge.corpus.notes import SHIPPED
from clara.knowledge.index.store import Change, KnowledgeBase, ReportProgress
from clara.knowledge.loading.base import Hints, SourceFile, origin_of
from clara.knowledge.loading.formats import jsons, tables
from clara.knowledge.loading.loaders import LOADERS, RECORD_SUFFIXES
from clara.knowledge.loading.sandbox import Omission, parse
from clara.knowledge.loading.sources import covered_by, find_files

MOST_PROBLEMS = 1000
"""Problems that are listed; all are counted."""
_SHOWN = 200
"""Characters of an id that a problem shows."""
_ROW = re.compile(r":\d+\Z")
"""What the id of a row has behind the name of its file."""


@dataclass(slots=True)
class Ingestion:
    """What became of the files."""

    change: Change = Change()
    files: int = 0
    problems: list[Omission] = field(default_factory=list[Omission])
    """The first MOST_PROBLEMS of them."""
    left_out: int = 0
    """All files and records that were left out."""

    def leave_out(self, omission: Omission) -> None:
        """Count what was left out, and list it if there is room."""
        self.left_out += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(replace(omission, path=Path(storable(str(omission.path)))))


@dataclass(frozen=True, slots=True)
class _Taken:
    """A document of this run."""

    origin: str
    naming: Naming


@dataclass(slots=True)
class _Seen:
    """What came in this run."""

    documents: dict[str, _Taken] = field(default_factory=dict[str, _Taken])
    """Id to the document that was taken."""
    replaced: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Id and origin of those that a document of another file replaced within the run."""
    broken: set[str] = field(default_factory=set[str])
    """Files and folders that may hold more than came."""

    def holds(self, document: Document) -> bool:
        """True if its file gave a document of its id before."""
        earlier = self.documents.get(document.id)
        is_latest = earlier is not None and earlier.origin == document.origin
        return is_latest or (document.id, document.origin) in self.replaced

    def take(self, document: Document) -> None:
        """Remember it."""
        earlier = self.documents.get(document.id)
        if earlier is not None:
            self.replaced.add((document.id, earlier.origin))
        self.documents[document.id] = _Taken(document.origin, document.naming)


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
    for item in find_files(paths):
        if isinstance(item, Omission):
            origin = origin_of(item.path)
            if origin not in seen.broken:
                seen.broken.add(origin)
                result.leave_out(item)
        elif item.origin not in once:
            once.add(item.origin)
            result.files += 1
            yield replace(item, name=names.get(item.origin, item.name))


def _documents(
    base: KnowledgeBase, parsed: Iterable[Document | Omission], result: Ingestion, seen: _Seen
) -> Iterator[Document]:
    for item in parsed:
        if isinstance(item, Omission):
            if not item.is_notice:
                seen.broken.add(origin_of(item.path))
            result.leave_out(item)
            continue
        if seen.holds(item):  # its file is not broken: all that it holds is known
            reason = f"its id {item.id[:_SHOWN]!r} stands twice in this file{_remedy(item)}"
            result.leave_out(Omission(Path(item.origin), reason))
            continue
        other = _owner(base, item, seen)
        if other is not None:
            seen.broken.add(item.origin)
            name = "name" if item.naming == "path" else "id"
            reason = f"its {name} {item.id[:_SHOWN]!r} is taken by {other}; add it with another --kb"
            result.leave_out(Omission(Path(item.origin), reason))
        else:
            seen.take(item)
            yield item


def _remedy(document: Document) -> str:
    """What to do about an id that comes twice, where the caller can choose it."""
    loader = LOADERS.get(_suffix(document.origin))
    return "; map another column with --field id=NAME" if loader in (tables.read_csv, jsons.read_jsonl) else ""


def _suffix(origin: str) -> str:
    return SourceFile(Path(origin), "").suffix


def _owner(base: KnowledgeBase, document: Document, seen: _Seen) -> str | None:
    """The other file whose document this one would drive out, if that is of this run or still there.

    Records with an identity of their own (a PMID, an id column) may come again in a newer file and replace the old. What is
    named after a path, or names itself, replaces nothing, and no record replaces that: anybody can write any id.
    """
    earlier = seen.documents.get(document.id)
    other = earlier.origin if earlier is not None else base.record.origin_of(document.id)
    if other is None or origin_of(other) == document.origin:
        return None
    if earlier is None and other != SHIPPED and not Path(other).is_file():
        return None
    was_record = earlier.naming == "record" if earlier is not None else _is_record(document.id, other)
    return None if was_record and document.naming == "record" else other


def _is_record(document: str, origin: str) -> bool:
    """True for a stored document that is a record with an identity of its own."""
    if document.startswith("pmid:"):
        return True
    is_path_named = origin.endswith(f"/{_ROW.sub('', document)}")
    return _suffix(origin) in RECORD_SUFFIXES and not is_path_named


def _vanished(base: KnowledgeBase, paths: list[str], seen: _Seen) -> list[str]:
    """Documents of these paths that no longer came; those of a file or below a folder with a problem may still be there."""
    vanished: dict[str, None] = {}
    for path in paths:
        folder, covered = covered_by(path)
        for document, origin in base.record.ids_of(folder).items():
            if document in seen.documents or not covered(origin):
                continue
            if seen.broken.isdisjoint({origin, *map(str, Path(origin).parents)}):
                vanished[document] = None
    return list(vanished)
