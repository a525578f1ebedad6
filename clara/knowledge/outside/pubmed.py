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

ADDRESS = "https://eutils.ncbi.nlm.nih.gov"
_PATH = "/entrez/eutils"
_LONGEST = 2400
"""Characters of an abstract that are kept."""


class PubMed(WebSource):
    """Searches titles and abstracts, the most relevant first."""

    name = "pubmed"
    address = ADDRESS
    pause = 0.4
    tool: Tool = "search_pubmed"

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """See :class:`clara.knowledge.outside.source.OutsideSource`."""
        common: dict[str, str | int] = {"db": "pubmed", "tool": "clara-agent"}
        wanted = common | {"term": f"{query} AND hasabstract", "retmode": "json", "retmax": limit, "sort": "relevance"}
        numbers = self._numbers(await self._web.get(f"{_PATH}/esearch.fcgi", wanted))[:limit]
        if not numbers:
            return ()
        texts = common | {"id": ",".join(numbers), "rettype": "abstract", "retmode": "xml"}
        found = self._passages(await self._web.get(f"{_PATH}/efetch.fcgi", texts))
        return tuple(found[number] for number in numbers if number in found)

    def _numbers(self, body: bytes) -> list[str]:
        try:
            found: Any = json.loads(body)["esearchresult"]["idlist"]
        except (ValueError, KeyError, TypeError):
            raise self._web.error("sent no list of articles") from None
        return [number for number in map(str, found) if number.isdecimal()] if isinstance(found, list) else []

    def _passages(self, body: bytes) -> dict[str, Passage]:
        if b"<!ENTITY" in body:  # entities may expand without end; E-utilities send none
            raise self._web.error("sent XML with entities")
        try:
            root = ET.fromstring(body)  # noqa: S314
        except ET.ParseError:
            raise self._web.error("sent no readable articles") from None
        found = [_passage(article) for article in root.iter("PubmedArticle")]
        return {passage.id.removeprefix("pubmed:").removesuffix("#0"): passage for passage in found if passage}


def _passage(article: ET.Element) -> Passage | None:
    """An article as a passage; None if it has no number or no abstract."""
    number = (article.findtext(".//PMID") or "").strip()
    parts = [_part(part) for part in article.iterfind(".//Abstract/AbstractText")]
    text = " ".join(part for part in parts if part)[:_LONGEST]
    if not number or not text:
        return None
    year = article.findtext(".//PubDate/Year") or ""
    place = " ".join(part for part in (article.findtext(".//Journal/ISOAbbreviation") or "", year) if part)
    source = f"{place or 'PubMed'}, https://pubmed.ncbi.nlm.nih.gov/{number}/"
    return Passage(f"pubmed:{number}#0", _text(article.find(".//ArticleTitle")), text, source, "abstract")


def _part(part: ET.Element) -> str:
    label = part.get("Label", "")
    return f"{label.capitalize()}: {_text(part)}" if label else _text(part)


def _text(element: ET.Element | None) -> str:
    """The text of an element with that of its children (italics, superscripts)."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
