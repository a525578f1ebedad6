"""Markdown, plain text and HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from clara.knowledge.documents import Document, headings
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, read_bytes, read_text, whole_file

_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n(.*)\Z", re.DOTALL)
_NO_CONTENT = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "iframe", "svg")


def read_markdown(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; front matter may give its title, source and kind, else the first heading is the title."""
    text = read_text(source.path)
    head: dict[str, Any] = {}
    if match := _FRONT_MATTER.match(text):
        head, text = _head(match[1]), match[2]
    title = str(head.get("title") or next((name for _, _, name in headings(text)), ""))
    kind, language = str(head.get("kind") or "document"), str(head.get("language") or "")
    yield _named(whole_file(source, text, title=title, kind=kind, language=language, hints=hints), head)


def _head(text: str) -> dict[str, Any]:
    import yaml

    try:
        head: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        raise Unreadable("its front matter is not valid YAML") from None
    return head if isinstance(head, dict) else {}


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
    """The ``source`` of the front matter, or the first of the ``sources`` that CLARA's own notes have."""
    listed = head.get("sources")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first: dict[str, Any] = listed[0]
        return ", ".join(str(first[key]) for key in ("name", "url") if first.get(key))
    return str(head.get("source") or "")


def read_plain(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; a short first line followed by an empty one is its title."""
    text = read_text(source.path)
    first, _, rest = text.lstrip().partition("\n")
    is_title = len(first) <= 120 and rest.startswith(("\n", "\r\n"))
    yield whole_file(source, text, title=first if is_title else "", hints=hints)


def read_html(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document: the page's text with its headings, without menus and scripts."""
    title, text = html_to_markdown(read_bytes(source.path))
    yield whole_file(source, text, title=title, kind="web", hints=hints)


def html_to_markdown(page: bytes | str) -> tuple[str, str]:
    """Title and text of a page."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(page, "lxml")
    title = soup.title.get_text() if soup.title else ""
    for element in soup(list(_NO_CONTENT)):
        element.decompose()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    if not title and (first := body.find("h1")):
        title = first.get_text()
    converter = MarkdownConverter(heading_style="ATX", strip=["a", "img", "em", "strong", "b", "i"], escape_misc=False)
    text = converter.convert_soup(body)
    return title, re.sub(r"\n{3,}", "\n\n", text).strip()
