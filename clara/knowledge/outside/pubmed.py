"""Abstracts from PubMed through NCBI's E-utilities.

Reference: Sayers, "A General Introduction to the E-utilities", NCBI Bookshelf NBK25497; without a key at most three
requests a second are allowed.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from clara.knowledge.outside.web import WebSource
from clara.tasks.model import Tool
from clara.types import Passage

_PATH = "/entrez/eutils"
_LONGEST = 2400
"""Characters of an abstract that are kept."""


class PubMed(WebSource):
    """Searches titles and abstracts, the most relevant first."""

    name = "pubmed"
    address = "https://eutils.ncbi.nlm.nih.gov"
    pause = 0.4
    tool: Tool = "search_pubmed"

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """See :class:`clara.knowledge.outside.source.OutsideSource`."""
        common: dict[str, str | int] = {"db": "pubmed", "tool": "clara-agent"}
        terms = common | {"term": f"{query} AND hasabstract", "retmode": "json", "retmax": limit, "sort": "relevance"}
        numbers = self._numbers(await self._web.get(f"{_PATH}/esearch.fcgi", terms))[:limit]
        if not numbers:
            return ()
        texts = common | {"id": ",".join(numbers), "rettype": "abstract", "retmode": "xml"}
        passages = self._passages(await self._web.get(f"{_PATH}/efetch.fcgi", texts))
        return tuple(passages[number] for number in numbers if number in passages)

    def _numbers(self, body: bytes) -> list[str]:
        try:
            listed: Any = json.loads(body)["esearchresult"]["idlist"]
        except (ValueError, KeyError, TypeError):
            raise self._web.error("sent no list of articles") from None
        if not isinstance(listed, list):
            return []
        return list(filter(str.isdecimal, map(str, listed)))

    def _passages(self, body: bytes) -> dict[str, Passage]:
        if b"<!ENTITY" in body:  # entities may expand without end; E-utilities send none
            raise self._web.error("sent XML with entities")
        try:
            root = ET.fromstring(body)  # noqa: S314
        except ET.ParseError:
            raise self._web.error("sent no readable articles") from None
        passages: dict[str, Passage] = {}
        for article in root.iter("PubmedArticle"):
            number = (article.findtext(".//PMID") or "").strip()
            text = _abstract(article)
            if number and text:
                passages[number] = _passage(article, number, text)
        return passages


def _abstract(article: ET.Element) -> str:
    parts = map(_part, article.iterfind(".//Abstract/AbstractText"))
    return " ".join(filter(None, parts))[:_LONGEST]


def _passage(article: ET.Element, number: str, text: str) -> Passage:
    journal = article.findtext(".//Journal/ISOAbbreviation") or ""
    year = article.findtext(".//PubDate/Year") or ""
    place = f"{journal} {year}".strip() or "PubMed"
    source = f"{place}, https://pubmed.ncbi.nlm.nih.gov/{number}/"
    return Passage(f"pubmed:{number}#0", _text(article.find(".//ArticleTitle")), text, source, "abstract")


def _part(part: ET.Element) -> str:
    label = part.get("Label", "")
    return f"{label.capitalize()}: {_text(part)}" if label else _text(part)


def _text(element: ET.Element | None) -> str:
    """The text of an element with that of its children (italics, superscripts)."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
