"""JATS, the form of PubMed Central's articles: abstract and body with their sections, tables and captions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, language_of
from clara.knowledge.loading.formats.pubmed import text_of

_ADDRESSES = {"pmc": "https://pmc.ncbi.nlm.nih.gov/articles/PMC{}/", "doi": "https://doi.org/{}"}
"""Kinds of an article's numbers to where it is read, the preferred one first."""
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read_article(article: Any, source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """An article as one document, called by its number in PubMed Central or its DOI, else by its file."""
    blocks: list[str] = []
    for abstract in article.iterfind("{*}front//{*}abstract"):
        blocks += ["## Abstract", *_blocks(abstract, 3)]
    for body in article.iterfind("{*}body"):
        blocks += _blocks(body, 2)
    text = "\n\n".join(blocks)
    if not any(not block.startswith("#") for block in blocks):
        yield Unreadable("the article holds no text")
        return
    name, address = _number(article)
    journal = text_of(article.find("{*}front//{*}journal-title"))
    title = text_of(article.find("{*}front//{*}article-title"))
    yield Document(
        id=name or source.name,
        title=title or name or source.path.name.split(".")[0],
        text=text,
        source=", ".join(filter(None, (journal, address))) or source.path.name,
        kind=hints.kind or "article",
        language=language_of(text, hints, article.get(_LANGUAGE) or ""),
        naming="record" if name else "path",
    )


def _number(article: Any) -> tuple[str, str]:
    """What an article is called, and its address; empty where it has no number."""
    numbers: dict[str, str] = {}
    for number in article.iterfind("{*}front//{*}article-id"):
        kind = (number.get("pub-id-type") or "").replace("pmcid", "pmc")
        numbers[kind] = text_of(number)
    for kind, address in _ADDRESSES.items():
        number = numbers.get(kind, "").removeprefix("PMC")
        if number:
            return f"{kind}:{number}", address.format(number)
    return "", ""


def _blocks(element: Any, level: int) -> Iterator[str]:
    """Headings, paragraphs, items, captions and rows of a part of an article."""
    for child in element.iterchildren(tag="{*}*"):
        name = child.tag.rpartition("}")[2]
        if name == "title":
            heading = text_of(child)
            if heading:
                yield f"{'#' * min(level, 6)} {heading}"
        elif name == "p":
            yield from filter(None, (_without_numbers(child),))
        elif name == "tr":
            yield " | ".join(map(text_of, child.iterchildren(tag="{*}*")))
        elif name == "sec":
            yield from _blocks(child, level + 1 if element.tag == child.tag else level)
        elif name not in ("label", "ref-list", "graphic", "media", "object-id"):
            yield from _blocks(child, level)


def _without_numbers(paragraph: Any) -> str:
    """The text of a paragraph without the numbers of its references."""
    for reference in paragraph.iterfind(".//{*}xref[@ref-type='bibr']"):
        reference.text = ""
    return text_of(paragraph)
