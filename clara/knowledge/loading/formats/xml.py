"""XML: PubMed's citations, MedQuAD's documents and JATS articles, one after the other, each freed when it is read."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable
from clara.knowledge.loading.formats import jats, pubmed
from clara.knowledge.loading.formats.records import answers
from clara.knowledge.loading.reading import damage, open_binary

_CITATIONS = frozenset({"PubmedArticle", "PubmedBookArticle"})
_RECORDS = ("{*}PubmedArticle", "{*}PubmedBookArticle", "{*}Document", "{*}article")
_ROOTS = frozenset(
    {*_CITATIONS, "PubmedArticleSet", "PubmedBookArticleSet", "Document", "article", "pmc-articleset", "OAI-PMH"}
)
"""Elements that a file of these records begins with."""
_OTHER = "it holds no articles of PubMed, PubMed Central (JATS) or MedQuAD"


def read_xml(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """A document an article. Entities are not resolved and nothing outside the file is read.

    Raises:
        Unreadable: it holds none, or is damaged.
    """
    etree: Any = import_module("lxml.etree")
    pairs: Counter[str] = Counter()
    count = 0
    try:
        with open_binary(source.path) as file:
            _check_root(etree, file)
        with open_binary(source.path) as file:
            for _, record in _parsed(etree, file, ("end",), _RECORDS):
                count += 1
                yield from _read(record, pairs, source, hints)
                record.clear()
                while record.getprevious() is not None:
                    del record.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"the XML is damaged after {count} articles (line {error.lineno})") from None
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"{damage(error)}, after {count} articles") from None
    if not count:
        raise Unreadable(_OTHER)


def _parsed(etree: Any, file: Any, events: tuple[str, ...], tags: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    return etree.iterparse(
        file, events=events, tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )


def _check_root(etree: Any, file: Any) -> None:
    """Look at the first element, for a file of something else may be large."""
    for _, root in _parsed(etree, file, ("start",), ("{*}*",)):
        name = _name(root)
        if name not in _ROOTS:
            raise Unreadable(f"{_OTHER}: it begins with <{name[:40]}>")
        return


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _read(record: Any, pairs: Counter[str], source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    name = _name(record)
    if name in _CITATIONS:
        return pubmed.read_article(record, hints)
    if name == "article":
        return jats.read_article(record, source, hints)
    return _medquad(record, pairs, source, hints)


def _medquad(document: Any, pairs: Counter[str], source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """The answers of a MedQuAD document; some were removed for their publishers' sake, and leave an empty element."""
    name = document.get("id") or source.name
    origin = ", ".join(filter(None, (document.get("source"), document.get("url"))))
    title = pubmed.text_of(document.find("Focus"))
    texts = (_paragraphs(answer) for answer in document.iterfind(".//QAPair/Answer"))
    return answers(name, title, origin, texts, pairs, hints)


def _paragraphs(answer: Any) -> str:
    lines = (" ".join(line.split()) for line in "".join(answer.itertext()).splitlines())
    return "\n".join(filter(None, lines))
