"""``clara kb add`` and ``clara kb sync``: files into a knowledge base."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from clara.cli.kb.shared import fates, opened, the_one
from clara.cli.options import (
    BackboneOption,
    ConfigOption,
    JsonOption,
    KbOption,
    LanguageOption,
    ModelOption,
    QuietOption,
    settings_of,
)
from clara.errors import DataError, UsageError
from clara.language.codes import SEVEN, get_language

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.corpus.augmentation import Augmenter
    from clara.knowledge.ingestion import Ingestion
    from clara.knowledge.loading.base import Hints


class AugmentBy(StrEnum):
    """The values of ``--augment``."""

    glossary = "glossary"
    model = "model"


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

AugmentOption = Annotated[
    AugmentBy | None,
    typer.Option(
        "--augment",
        help="Index names (glossary) or questions (model) in other languages with each document.",
        show_default=False,
    ),
]
AugmentLanguagesOption = Annotated[
    str | None,
    typer.Option(
        "--augment-languages", metavar="L,...", help="Languages for --augment; the seven if left out.", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class _Options:
    """The options of add and sync."""

    paths: list[str]
    hints: Hints
    workers: int | None
    augment: AugmentBy | None
    languages: tuple[str, ...]


def _filling(name: str, text: str, *, sync: bool) -> Callable[..., None]:
    """The command ``name``: both take the same options, and differ in what becomes of documents that are gone."""

    def command(
        paths: Paths,
        field: FieldOption = None,
        kind: KindOption = None,
        language: LanguageOption = None,
        workers: WorkersOption = None,
        augment: AugmentOption = None,
        augment_languages: AugmentLanguagesOption = None,
        backbone: BackboneOption = None,
        model: ModelOption = None,
        config: ConfigOption = None,
        kb: KbOption = None,
        as_json: JsonOption = False,
        quiet: QuietOption = False,
    ) -> None:
        settings = settings_of(config=config, backbone=backbone, model=model, kb=kb)
        hints, languages = _hints(field or [], language, kind), _languages(augment, augment_languages)
        given = _Options(paths, hints, workers, augment, languages)
        _report(settings, _run(settings, given, sync=sync, quiet=quiet or as_json), sync=sync, as_json=as_json)

    command.__name__, command.__doc__ = name, text  # as Typer shows them
    return command


add = _filling(
    "add",
    """Add files: Markdown, text, HTML, PDF, DOCX, CSV, JSON, JSONL, MedQuAD, PubMed, MEDLINE and JATS, also as .gz.

    Unchanged documents are skipped, changed ones replaced; a file that cannot be read is named and left out.
    """,
    sync=False,
)
sync = _filling(
    "sync", "Add files and folders as kb add does, and remove the documents that they no longer hold.", sync=True
)


def _hints(fields: list[str], language: str | None, kind: str | None) -> Hints:
    from clara.knowledge.loading.base import Hints
    from clara.knowledge.loading.formats.records import FIELDS

    mapping: dict[str, str] = {}
    for item in fields:
        name, equals, column = item.partition("=")
        if not equals or not column or name not in FIELDS:
            raise UsageError(f"--field {item!r} must look like text=COLUMN, with one of {', '.join(FIELDS)}")
        mapping[name] = column
    return Hints(mapping, get_language(language).code if language else None, kind)


def _languages(augment: AugmentBy | None, named: str | None) -> tuple[str, ...]:
    """The languages to write in, as codes in a fixed order.

    Raises:
        UsageError: they are named without --augment, or one is unknown, or the glossary does not hold it.
    """
    if named is None:
        return tuple(SEVEN)
    if augment is None:
        raise UsageError("--augment-languages needs --augment glossary or --augment model")
    names = filter(None, map(str.strip, named.split(",")))
    codes = sorted({get_language(name).code for name in names})
    if not codes:
        raise UsageError(f"--augment-languages {named!r} names no language")
    others = sorted(set(codes).difference(SEVEN))
    if others and augment is AugmentBy.glossary:
        raise UsageError(
            f"the glossary has no names in {', '.join(others)}, only in {', '.join(SEVEN)}; use --augment model"
        )
    return tuple(codes)


def _augmenter(settings: Settings, given: _Options, stack: ExitStack) -> Augmenter | None:
    if given.augment is None:
        return None
    from clara.knowledge.corpus.augmentation import GlossaryAugmenter, ModelAugmenter
    from clara.knowledge.glossary import shipped_glossary

    if given.augment is AugmentBy.glossary:
        return GlossaryAugmenter(shipped_glossary(), given.languages)
    if not settings.uses_model:
        raise UsageError("--augment model needs a model server: give --backbone URL, or use --augment glossary")
    from clara.assembly import build_backbone

    return stack.enter_context(closing(ModelAugmenter(build_backbone(settings), given.languages)))


def _run(settings: Settings, given: _Options, *, sync: bool, quiet: bool) -> Ingestion:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from clara.cli.output import progress_console
    from clara.knowledge.ingestion import ingest
    from clara.knowledge.loading.sources import find_roots

    find_roots(given.paths)  # a path that names nothing is refused before a knowledge base is made
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed:,} documents, {task.fields[passages]:,} passages, {task.fields[rate]} a second"),
        TimeElapsedColumn(),
    )
    with ExitStack() as stack:
        augmenter = _augmenter(settings, given, stack)
        bar = stack.enter_context(Progress(*columns, console=progress_console(quiet=quiet), transient=True))
        task = bar.add_task("", total=None, passages=0, rate="-")

        def advance(read: int, passages: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            rate = "-"
            if elapsed:
                rate = f"{read / elapsed:,.0f}"
            bar.update(task, completed=read, passages=passages, rate=rate)

        base = stack.enter_context(opened(settings, the_one(settings), create=True))
        result = ingest(
            base, given.paths, given.hints, sync=sync, workers=given.workers, augmenter=augmenter, progress=advance
        )
        base.postings()
        return result


def _report(settings: Settings, result: Ingestion, *, sync: bool, as_json: bool) -> None:
    from clara.cli.output import counted, print_json, show
    from clara.cli.render import plain

    name, change = the_one(settings), result.change
    if as_json:
        problems = [{"path": str(problem.path), "reason": problem.reason} for problem in result.problems]
        about = {"left_out": result.left_out, "problems": problems}
        print_json({"name": name, "files": result.files, **asdict(change), **about})
    else:
        read, new = counted(result.files, "file"), counted(change.passages, "new passage")
        show(plain(f"{name}: {read} read; documents: {fates(change)}; {new}"))
        for problem in result.problems[:_SHOWN]:
            show(plain(f"{'note' if problem.is_notice else 'left out'}: {problem}"))
        if result.left_out > _SHOWN:
            show(plain(f"... and {result.left_out - _SHOWN:,} more"))
    read = change.added + change.replaced + change.unchanged
    if not read and result.left_out:
        raise DataError(f"nothing could be read: all of the {result.left_out:,} files or records were left out")
    if not read and not result.files and not sync:  # what sync reads may have become empty
        raise DataError("the paths hold no file of a format that is read")
