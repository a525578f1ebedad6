"""``clara kb add`` and ``clara kb sync``: files into a knowledge base."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.kb.build import the_one
from clara.cli.options import ConfigOption, DebugOption, JsonOption, KbOption, LanguageOption, QuietOption, settings_of
from clara.errors import DataError, UsageError

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.ingestion import Ingestion
    from clara.knowledge.loading.base import Hints

_SHOWN = 20
"""Problems that are listed; --json has more."""

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders and globs.")]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="FIELD=COLUMN",
        help="Of CSV and JSONL: the column that holds text, title, id, source, kind or language; repeatable.",
        show_default=False,
    ),
]
KindOption = Annotated[
    str | None, typer.Option("--kind", help="Source kind of all documents: textbook, guideline, ...", show_default=False)
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=64, help="Parsing processes.", show_default=False)
]


def add(
    paths: Paths,
    field: FieldOption = None,
    kind: KindOption = None,
    language: LanguageOption = None,
    workers: WorkersOption = None,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,
) -> None:
    """Add files: Markdown, text, HTML, PDF, DOCX, CSV, JSONL, MedQuAD, PubMed XML and MEDLINE, also as .gz.

    Unchanged documents are skipped, changed ones replaced; a file that cannot be read is named and left out.
    """
    settings = settings_of(config=config, kb=kb)
    hints = _hints(field or [], language, kind)
    _report(settings, _run(settings, paths, hints, workers, sync=False, quiet=quiet or as_json), as_json=as_json)


def sync(
    paths: Paths,
    field: FieldOption = None,
    kind: KindOption = None,
    language: LanguageOption = None,
    workers: WorkersOption = None,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,
) -> None:
    """Add files and folders as kb add does, and remove the documents that they no longer hold."""
    settings = settings_of(config=config, kb=kb)
    hints = _hints(field or [], language, kind)
    _report(settings, _run(settings, paths, hints, workers, sync=True, quiet=quiet or as_json), as_json=as_json)


def _hints(fields: list[str], language: str | None, kind: str | None) -> Hints:
    from clara.knowledge.loading.base import Hints
    from clara.knowledge.loading.tables import FIELDS
    from clara.languages import get_language

    mapping: dict[str, str] = {}
    for item in fields:
        name, equals, column = item.partition("=")
        if not equals or not column or name not in FIELDS:
            raise UsageError(f"--field {item!r} must look like text=COLUMN, with one of {', '.join(FIELDS)}")
        mapping[name] = column
    return Hints(mapping, get_language(language).code if language else None, kind)


def _run(settings: Settings, paths: list[str], hints: Hints, workers: int | None, *, sync: bool, quiet: bool) -> Ingestion:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from clara.cli.output import progress_console
    from clara.knowledge.embedders import build_embedder
    from clara.knowledge.ingestion import ingest
    from clara.knowledge.store import KnowledgeBase

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,} documents, {task.fields[passages]:,} passages, {task.fields[rate]} a second"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=progress_console(quiet=quiet), transient=True) as bar:
        task = bar.add_task("", total=None, passages=0, rate="-")

        def advance(read: int, passages: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(task, completed=read, passages=passages, rate=f"{read / elapsed:,.0f}" if elapsed else "-")

        with closing(KnowledgeBase.open(settings, the_one(settings), build_embedder(settings), create=True)) as base:
            result = ingest(base, paths, hints, sync=sync, workers=workers, progress=advance)
            base.lexical()
            return result


def _report(settings: Settings, result: Ingestion, *, as_json: bool) -> None:
    from clara.cli.output import print_json, show
    from clara.cli.render import plain

    name, change = the_one(settings), result.change
    counts: dict[str, Any] = {key: getattr(change, key) for key in ("added", "replaced", "unchanged", "removed", "passages")}
    if as_json:
        problems = [{"path": str(problem.path), "reason": problem.reason} for problem in result.problems]
        print_json({"name": name, "files": result.files, **counts, "left_out": result.left_out, "problems": problems})
    else:
        said = ", ".join(f"{counts[key]:,} {key}" for key in ("added", "replaced", "unchanged", "removed"))
        show(plain(f"{name}: {result.files:,} files read; documents: {said}; {change.passages:,} new passages"))
        for problem in result.problems[:_SHOWN]:
            show(plain(f"left out: {problem}"))
        if result.left_out > _SHOWN:
            show(plain(f"... and {result.left_out - _SHOWN:,} more"))
    read = change.added + change.replaced + change.unchanged
    if not read and result.left_out:
        raise DataError(f"nothing could be read: all of the {result.left_out:,} files or records were left out")
    if not read and not result.files:
        raise DataError("the paths hold no file of a format that is read")
