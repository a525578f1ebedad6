"""Markdown, plain text and HTML."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clara.knowledge.corpus.documents import Document, headings
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, decode, read_bytes, whole_file

_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_NAME = re.compile(r"^[A-Za-z_][\w-]*:(?:\s|$)", re.MULTILINE)
"""A line of front matter."""
_NO_CONTENT = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "iframe", "svg")
_CONTENT = ("main", "article")
_OTHER = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive, such as DOCX"}
"""What files begin with that are no text, though a parser of text would take it."""


def _bytes(source: SourceFile) -> bytes:
    """What a file of text holds.

    Raises:
        Unreadable: it holds something else, or cannot be read.
    """
    data = read_bytes(source.path)
    for magic, kind in _OTHER.items():
        if data.startswith(magic):
            raise Unreadable(f"it is {kind}, not what its name says")
    return data


def read_markdown(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; front matter may give its title, source and kind, else the first heading is the title."""
    text = decode(_bytes(source))
    head: dict[str, Any] = {}
    if (match := _FRONT_MATTER.match(text)) and (found := _head(match[1])) is not None:
        head, text = found, match[2]
    title = str(head.get("title") or next((name for _, _, name in headings(text)), ""))
    kind, language = str(head.get("kind") or "document"), str(head.get("language") or "")
    yield _named(whole_file(source, text, title=title, kind=kind, language=language, hints=hints), head)


def _head(block: str) -> dict[str, Any] | None:
    """The front matter; None if the block is text between two rules, as it is where an empty line follows the first."""
    import yaml

    if not block.strip():
        return {}
    if not block.splitlines()[0].strip():
        return None
    try:
        try:
            head: Any = yaml.safe_load(block)
        except (ValueError, KeyError, AttributeError):
            # a date that does not exist, for example: then all values are kept as they are written
            head = yaml.load(block, yaml.BaseLoader)  # noqa: S506 - it makes strings, lists and mappings only
    except yaml.YAMLError:
        if not _NAME.search(block):
            return None
        raise Unreadable("its front matter is not valid YAML") from None
    return head if isinstance(head, dict) else None


def _named(document: Document, head: dict[str, Any]) -> Document:
    names = head.get("synonyms")
    titles = head.get("titles")
    also = [*(names if isinstance(names, list) else ()), *(titles.values() if isinstance(titles, dict) else ())]
    return replace(
        document,
        id=str(head.get("id") or document.id),
        source=_source(head) or document.source,
        also=tuple(str(name) for name in also),
    )


def _source(head: dict[str, Any]) -> str:
    """The ``source`` of the front matter, or the first reference of those that CLARA's own notes have."""
    listed = head.get("sources") or head.get("further_reading")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first: dict[str, Any] = listed[0]
        return ", ".join(str(first[key]) for key in ("name", "url") if first.get(key))
    return str(head.get("source") or "")


def read_plain(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; a short first line followed by an empty one is its title."""
    text = decode(_bytes(source))
    first, _, rest = text.lstrip().partition("\n")
    is_title = len(first) <= 120 and rest.startswith(("\n", "\r\n"))
    yield whole_file(source, text, title=first if is_title else "", hints=hints)


def read_html(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document: the page's text with its headings, without menus and scripts."""
    page = _bytes(source)
    if b"\x00" in page and not page.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("it is binary, not text")
    title, text = html_to_markdown(page)
    yield whole_file(source, text, title=title, kind="web", hints=hints)


def html_to_markdown(page: bytes | str) -> tuple[str, str]:
    """Title and text of a page."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(page, "lxml")
    title = soup.title.get_text() if soup.title else ""
    topmost = soup.find("h1")
    topmost = topmost.get_text() if topmost else ""  # read now, for it may stand in a header that goes
    for element in soup(list(_NO_CONTENT)):
        # the header of a page is its menu, that of an article holds its title
        if element.name != "header" or not element.find_parent(_CONTENT):
            element.decompose()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    if not title:
        first = body.find("h1")
        title = first.get_text() if first else topmost
    converter = MarkdownConverter(heading_style="ATX", strip=["a", "img", "em", "strong", "b", "i"], escape_misc=False)
    text = converter.convert_soup(body)
    return title, re.sub(r"\n{3,}", "\n\n", text).strip()
