"""PubMed's citations, as XML (``PubmedArticle``) and in MEDLINE's tagged format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable
from clara.knowledge.loading.reading import read_lines
from clara.language.codes import Language, find_language

_TAG = re.compile(r"^([A-Z]{2,4}) *- ?(.*)$")


def read_article(article: Any, hints: Hints) -> Iterator[Document | Unreadable]:
    """The abstract of a ``PubmedArticle`` or ``PubmedBookArticle``."""
    other = article.find(".//OtherAbstract")
    yield from _citation(
        article.findtext(".//PMID") or "",
        text_of(article.find(".//ArticleTitle")),
        _abstract(article.find(".//Abstract")),
        _abstract(other),
        "" if other is None else other.get("Language", ""),
        hints,
    )


def _abstract(element: Any) -> str:
    """The parts of an abstract, those that are labelled as sections."""
    if element is None:
        return ""
    parts: list[str] = []
    for part in element.iterfind("AbstractText"):
        text, label = text_of(part), (part.get("Label") or "").capitalize()
        parts.append(f"## {label}\n\n{text}" if label else text)
    return "\n\n".join(filter(None, parts))


def text_of(element: Any) -> str:
    """The text of an element with that of its children (italics, superscripts); empty for None."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def _citation(
    pmid: str, title: str, abstract: str, other: str, other_language: str, hints: Hints
) -> Iterator[Document | Unreadable]:
    """A citation by its abstract, else by the one in another language; one without any is counted."""
    if not pmid:
        yield Unreadable("a citation without a PMID")
    elif abstract:
        yield _document(pmid, title, abstract, "en", hints)  # whatever language the article is in
    elif other:
        language = find_language(other_language)
        yield _document(pmid, title, other, "en" if language is None else language.code, hints)
        yield Notice(f"PMID {pmid}: no abstract in English; {_which(language)} is read")
    else:
        yield Notice(f"PMID {pmid}: no abstract")


def _which(language: Language | None) -> str:
    return "another" if language is None else f"the one in {language.name}"


def _document(pmid: str, title: str, text: str, language: str, hints: Hints) -> Document:
    return Document(
        id=f"pmid:{pmid}",
        title=title.rstrip(".") or f"PubMed {pmid}",
        text=text,
        source=f"PubMed, https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        kind=hints.kind or "abstract",
        language=hints.language or language,
        naming="record",
    )


def read_medline(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """An abstract a record of MEDLINE's tagged format (``.nbib``).

    Raises:
        Unreadable: it holds no record, or is damaged.
    """
    record: dict[str, str] = {}
    tag = ""
    has_record = False
    for line in read_lines(source.path):
        if line.problem and not line.text:
            yield Unreadable(f"line {line.number}: {line.problem}")
            continue
        text = line.text.rstrip("\r\n")
        match = _TAG.match(text)
        if match is not None:
            tag, value = match.groups()
            if tag == "PMID":
                has_record = True
                yield from _finished(record, hints)
                record = {}
            record[tag] = f"{record[tag]}; {value}" if tag in record else value
        elif tag and text.startswith("      "):
            record[tag] += f" {text.strip()}"
    yield from _finished(record, hints)
    if not has_record:
        raise Unreadable("it holds no PMID")


def _finished(record: dict[str, str], hints: Hints) -> Iterator[Document | Unreadable]:
    if "PMID" in record:
        pmid, title, abstract = record["PMID"], record.get("TI", ""), record.get("AB", "")
        yield from _citation(pmid, title, abstract, record.get("OAB", ""), record.get("OABL", ""), hints)
