"""``clara kb build``, ``remove`` and ``reindex``."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.kb.shared import fates, opened, the_one
from clara.cli.options import ConfigOption, JsonOption, KbOption, QuietOption, settings_of
from clara.errors import DataError, UsageError

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.corpus.documents import Document
    from clara.knowledge.index.store import Change

SHIPPED = "ophthalmology"
"""The knowledge base that the notes fill."""


def build(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Discard the vectors first, whatever made them.")] = False,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build the knowledge base that ships; a second run changes only what is new."""
    settings = settings_of(config=config, kb=kb)
    if settings.kb != (SHIPPED,):
        raise UsageError(f"clara kb build makes the knowledge base {SHIPPED!r} only, not {', '.join(settings.kb)}")
    from clara.knowledge.corpus.notes import read_notes
    from clara.knowledge.index.store import discard

    documents = [note.document() for note in read_notes()]
    if rebuild:
        discard(settings, SHIPPED)
    change, stats = _fill(settings, documents, quiet=quiet or as_json)
    from clara.cli.output import print_json, show

    if as_json:
        print_json({"name": SHIPPED, **asdict(change), "stats": stats})
        return
    from clara.cli.render import plain

    show(plain(f"{SHIPPED}: {stats['documents']} documents, {stats['passages']} passages ({fates(change)})"))


def _fill(settings: Settings, documents: list[Document], *, quiet: bool) -> tuple[Change, dict[str, Any]]:
    """Add the documents while a bar on standard error shows how far; what no longer ships goes."""
    from rich.progress import Progress

    from clara.cli.output import progress_console
    from clara.knowledge.corpus.notes import SHIPPED as ORIGIN

    with Progress(console=progress_console(quiet=quiet), transient=True) as bar:
        task = bar.add_task(SHIPPED, total=len(documents))

        def advance(read: int, _passages: int) -> None:
            bar.update(task, completed=read)

        with opened(settings, SHIPPED, create=True) as base:
            change = base.add(documents, progress=advance)
            gone = base.record.ids_of(ORIGIN).keys() - {document.id for document in documents}
            change = replace(change, removed=base.remove(gone))
            base.postings()
            return change, base.stats()


def remove(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Document ids, as kb search shows them before the last #.")
    ],
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove documents from a knowledge base."""
    settings = settings_of(config=config, kb=kb)
    name, ids = the_one(settings), list(dict.fromkeys(ids))
    from clara.cli.output import counted, print_json, show
    from clara.cli.render import plain

    with opened(settings, name) as base:
        unknown = [document for document in ids if base.record.origin_of(document) is None]
        removed = base.remove(ids)
    if as_json:
        print_json({"name": name, "removed": removed, "unknown": unknown})
    else:
        show(plain(f"{name}: {counted(removed, 'document')} removed"))
    if unknown:
        raise DataError(f"the knowledge base {name!r} has no document {', '.join(unknown)}")


def reindex(
    config: ConfigOption = None,
    kb: KbOption = None,
) -> None:
    """Cut and embed the stored documents again, with the embedder that the settings name now."""
    settings = settings_of(config=config, kb=kb)
    name = the_one(settings)
    from clara.cli.output import show
    from clara.cli.render import plain
    from clara.errors import NoKnowledgeBase
    from clara.knowledge.embedding.build import build_embedder
    from clara.knowledge.index.folder import kb_folder, missing_message
    from clara.knowledge.index.store import KnowledgeBase, discard

    folder = kb_folder(settings, name)
    if not folder.is_dir():
        raise NoKnowledgeBase(missing_message(name, folder))
    embedder = build_embedder(settings)
    discard(settings, name)
    with closing(KnowledgeBase.open(settings, name, embedder, check=False)) as base:
        base.recut()
        base.postings()
        passages = base.record.counts()["passages"]
    show(plain(f"{name}: {passages} passages embedded with {embedder.info.name}"))
