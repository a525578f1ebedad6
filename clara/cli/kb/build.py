"""``clara kb build``, ``remove`` and ``reindex``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from clara.cli.kb.shared import fates, opened, the_one
from clara.cli.options import ConfigOption, JsonOption, KbOption, QuietOption, settings_of
from clara.cli.output import counted, print_json, progress_console, show
from clara.cli.wrapping import plain
from clara.config import SHIPPED_KB, Settings
from clara.errors import DataError, NoKnowledgeBase, UsageError

if TYPE_CHECKING:
    from clara.knowledge.index.store import Change


def build(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Discard the vectors first, whatever made them.")] = False,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build the knowledge base that ships; a second run changes only what is new."""
    settings = settings_of(config=config, kb=kb)
    if settings.kb != (SHIPPED_KB,):
        raise UsageError(f"clara kb build makes the knowledge base {SHIPPED_KB!r} only, not {', '.join(settings.kb)}")
    change, stats = build_with_bar(settings, rebuild=rebuild, quiet=quiet or as_json)
    if as_json:
        print_json({"name": SHIPPED_KB, **asdict(change), "stats": stats})
    else:
        show(plain(f"{SHIPPED_KB}: {stats['documents']} documents, {stats['passages']} passages ({fates(change)})"))


def build_with_bar(settings: Settings, *, rebuild: bool = False, quiet: bool = False) -> tuple[Change, dict[str, object]]:
    """Build the knowledge base that ships while a bar on standard error shows how far it is."""
    from clara.knowledge.index.store import discard
    from clara.knowledge.shipped import build_shipped

    if rebuild:
        discard(settings, SHIPPED_KB)
    with Progress(console=progress_console(quiet=quiet), transient=True) as bar:
        task = bar.add_task(SHIPPED_KB)
        return build_shipped(settings, lambda read, total: bar.update(task, completed=read, total=total))


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
    from clara.knowledge.embedding.build import build_embedder
    from clara.knowledge.index.folder import kb_folder, missing_message
    from clara.knowledge.index.store import index_again

    folder = kb_folder(settings, name)
    if not folder.is_dir():
        raise NoKnowledgeBase(missing_message(name, folder))
    embedder = build_embedder(settings)
    passages = index_again(settings, name, embedder)
    show(plain(f"{name}: {passages} passages embedded with {embedder.info.name}"))
