"""``clara kb search`` and ``clara kb stats``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import (
    ConfigOption,
    JsonOption,
    KbOption,
    LanguageOption,
    interface_of,
    settings_of,
)
from clara.errors import EmptyQuestion
from clara.language.codes import get_language

if TYPE_CHECKING:
    from clara.config import Settings
    from clara.knowledge.base import Query


def search(
    text: Annotated[str, typer.Argument(help="What to look for, in any language.")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 8,
    language: LanguageOption = None,
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the passages that fit best."""
    from clara.knowledge.retrieval.retriever import HybridRetriever

    settings = settings_of(config=config, kb=kb)
    query = _query(settings, text, language)
    with closing(HybridRetriever.from_settings(settings)) as retriever:
        passages = retriever.search_batch([(query, k)])[0]
    from clara.cli.output import print_json, show

    if as_json:
        print_json({"query": text, "passages": [passage.to_json() for passage in passages]})
        return
    from clara.cli.render import passages_view

    show(passages_view(passages))


def _query(settings: Settings, text: str, language: str | None) -> Query:
    """The text, and the English terms that the glossary knows for its words."""
    from clara.knowledge.base import Query
    from clara.knowledge.glossary import shipped_glossary
    from clara.language.detection import detect_language

    if not text.strip():
        raise EmptyQuestion("the query is empty: give the text to look for")
    interface = interface_of(settings)
    code = get_language(language).code if language else detect_language(text, interface).code
    terms = " ".join(term.english for term in shipped_glossary().lookup(text, code)) if code != "en" else ""
    texts = tuple(dict.fromkeys(wording for wording in (text, terms) if wording))
    return Query(texts, kinds=settings.kind_weights, language=code)


def stats(
    config: ConfigOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the knowledge bases hold."""
    from clara.cli.output import print_json, show
    from clara.knowledge.embedding.build import build_embedder
    from clara.knowledge.index.store import KnowledgeBase

    settings = settings_of(config=config, kb=kb)
    embedder = build_embedder(settings)
    entries: list[dict[str, Any]] = []
    for name in settings.kb:
        with closing(KnowledgeBase.open(settings, name, embedder)) as base:
            entries.append(base.stats())
    if as_json:
        print_json({"knowledge_bases": entries})
        return
    from clara.cli.render import facts_table

    for entry in entries:
        show(facts_table((name, _words(value)) for name, value in entry.items()))


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items())
    return str(value)


def _plain(value: object) -> str:
    if isinstance(value, str) and (not value or value != value.strip() or "\n" in value):
        return repr(value)
    return str(value)
