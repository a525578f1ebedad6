"""``clara kb``: build, search and inspect knowledge bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import (
    ConfigOption,
    DebugOption,
    JsonOption,
    KbOption,
    LanguageOption,
    QuietOption,
    settings_of,
)
from clara.errors import EmptyQuestion, UsageError

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.base import Query
    from clara.knowledge.documents import Document
    from clara.knowledge.store import Change

SHIPPED = "ophthalmology"
"""The knowledge base that the notes fill."""
_ORIGIN = "shipped"

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="Build, search and inspect knowledge bases.",
)


@app.command()
def build(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Discard the vectors first, whatever made them.")] = False,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,
) -> None:
    """Build the knowledge base that ships; a second run changes only what is new."""
    settings = settings_of(config=config, kb=kb)
    if settings.kb != (SHIPPED,):
        raise UsageError(f"clara kb build makes the knowledge base {SHIPPED!r} only, not {', '.join(settings.kb)}")
    from clara.knowledge.notes import read_notes

    documents = [note.document() for note in read_notes()]
    if rebuild:
        _discard(settings)
    change, stats = _fill(settings, documents, quiet=quiet or as_json)
    counts = {name: getattr(change, name) for name in ("added", "replaced", "unchanged", "removed", "passages")}
    from clara.cli.output import print_json, show

    if as_json:
        print_json({"name": SHIPPED, **counts, "stats": stats})
        return
    from clara.cli.render import plain

    said = ", ".join(f"{counts[name]} {name}" for name in ("added", "replaced", "unchanged", "removed"))
    show(plain(f"{SHIPPED}: {stats['documents']} documents, {stats['passages']} passages ({said})"))


def _fill(settings: Settings, documents: list[Document], *, quiet: bool) -> tuple[Change, dict[str, Any]]:
    """Add the documents while a bar on standard error shows how far."""
    from rich.progress import Progress

    from clara.cli.output import progress_console
    from clara.knowledge.embedders import build_embedder
    from clara.knowledge.store import KnowledgeBase

    with Progress(console=progress_console(quiet=quiet), transient=True) as bar:
        task = bar.add_task(SHIPPED, total=len(documents))

        def advance(read: int, _passages: int) -> None:
            bar.update(task, completed=read)

        base = KnowledgeBase.open(settings, SHIPPED, build_embedder(settings), create=True)
        try:
            change = base.add(documents, origin=_ORIGIN, replace_origin=True, progress=advance)
            base.lexical()
            return change, base.stats()
        finally:
            base.close()


def _discard(settings: Settings) -> None:
    from clara.knowledge.store import discard, kb_folder
    from clara.knowledge.vectors import open_client

    client = None
    if settings.chroma_url:
        token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
        client = open_client(None, settings.chroma_url, token)
    discard(kb_folder(settings, SHIPPED), client=client)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for, in any language.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 8,
    language: LanguageOption = None,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,  # noqa: ARG001
) -> None:
    """Show the passages that fit best."""
    from clara.knowledge.retriever import HybridRetriever

    settings = settings_of(config=config, kb=kb)
    query = _query(settings, text, language)
    retriever = HybridRetriever.from_settings(settings)
    try:
        passages = retriever.search_batch([(query, k)])[0]
    finally:
        retriever.close()
    from clara.cli.output import print_json, show

    if as_json:
        print_json({"query": text, "passages": [passage.to_json() for passage in passages]})
        return
    from clara.cli.render import passages_view

    show(passages_view(passages))


def _query(settings: Settings, text: str, language: str | None) -> Query:
    """The text, and the English terms that the glossary knows for its words."""
    from clara.detection import detect_language
    from clara.knowledge.base import Query
    from clara.knowledge.glossary import shipped_glossary
    from clara.languages import get_language

    if not text.strip():
        raise EmptyQuestion("the query is empty: give the text to look for")
    code = get_language(language).code if language else detect_language(text).code
    terms = " ".join(term.english for term in shipped_glossary().lookup(text, code)) if code != "en" else ""
    texts = tuple(dict.fromkeys(wording for wording in (text, terms) if wording))
    return Query(texts, kinds=settings.kind_weights)


@app.command()
def stats(
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,  # noqa: ARG001
    quiet: QuietOption = False,  # noqa: ARG001
) -> None:
    """Show what the knowledge bases hold."""
    from clara.cli.output import print_json, show
    from clara.knowledge.embedders import build_embedder
    from clara.knowledge.store import KnowledgeBase

    settings = settings_of(config=config, kb=kb)
    embedder = build_embedder(settings)
    found: list[dict[str, Any]] = []
    for name in settings.kb:
        base = KnowledgeBase.open(settings, name, embedder)
        try:
            found.append(base.stats())
        finally:
            base.close()
    if as_json:
        print_json({"knowledge_bases": found})
        return
    from clara.cli.render import facts_table

    for entry in found:
        show(facts_table((name, _words(value)) for name, value in entry.items()))


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return str(value)
