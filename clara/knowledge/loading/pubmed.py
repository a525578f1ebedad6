"""PubMed abstracts, as XML (``PubmedArticleSet``) and in MEDLINE's tagged format."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import LONGEST_LINE, Hints, SourceFile, Unreadable, open_binary, read_lines

_TAG = re.compile(r"^([A-Z]{2,4}) *- ?(.*)$")


def read_xml(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """An abstract a ``PubmedArticle``. Entities are not resolved and nothing outside the file is read."""
    etree: Any = import_module("lxml.etree")
    found = 0
    try:
        with open_binary(source.path) as file:
            articles = etree.iterparse(
                file,
                tag=("PubmedArticle", "PubmedBookArticle"),
                resolve_entities=False,
                load_dtd=False,
                no_network=True,
                huge_tree=False,
            )
            for _, article in articles:
                found += 1
                document = _article(article, hints)
                if document is not None:
                    yield document
                article.clear()
                while article.getprevious() is not None:
                    del article.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"the XML is damaged after {found} articles (line {error.lineno})") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or f"damaged ({error})"
        raise Unreadable(f"{reason}, after {found} articles") from None
    if not found:
        raise Unreadable("it holds no PubmedArticle")


def _article(article: Any, hints: Hints) -> Document | None:
    """None where there is no abstract."""
    parts: list[str] = []
    for part in article.iterfind(".//Abstract/AbstractText"):
        text = " ".join("".join(part.itertext()).split())
        label = (part.get("Label") or "").capitalize()
        parts.append(f"## {label}\n\n{text}" if label else text)
    pmid = article.findtext(".//PMID") or ""
    if not parts or not pmid:
        return None
    title = article.find(".//ArticleTitle")
    name = " ".join("".join(title.itertext()).split()) if title is not None else ""
    return _abstract(pmid, name, "\n\n".join(parts), hints)


def _abstract(pmid: str, title: str, text: str, hints: Hints) -> Document:
    return Document(
        id=f"pmid:{pmid}",
        title=title.rstrip(".") or f"PubMed {pmid}",
        text=text,
        source=f"PubMed, https://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        kind=hints.kind or "abstract",
        language=hints.language or "en",  # PubMed's abstracts are English whatever language the article is in
    )


def read_medline(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """An abstract a record of MEDLINE's tagged format (``.nbib``)."""
    record: dict[str, str] = {}
    tag, found = "", 0
    for number, line in read_lines(source.path):
        if line is None:
            yield Unreadable(f"line {number}: longer than {LONGEST_LINE >> 20} MiB")
            continue
        text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").rstrip("\r\n")
        if match := _TAG.match(text):
            tag, value = match.groups()
            if tag == "PMID" and record:
                yield from _finished(record, hints)
                record = {}
            found += tag == "PMID"
            record[tag] = f"{record[tag]}; {value}" if tag in record else value
        elif text.startswith("      ") and tag:
            record[tag] += f" {text.strip()}"
    yield from _finished(record, hints)
    if not found:
        raise Unreadable("it holds no PMID")


def _finished(record: dict[str, str], hints: Hints) -> Iterator[Document]:
    if record.get("PMID") and record.get("AB"):
        yield _abstract(record["PMID"], record.get("TI", ""), record["AB"], hints)
