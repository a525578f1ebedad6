"""HTML: the text of a page with its headings, lists and tables, without what stands around it on every page of a site.

trafilatura tells a page's text from what surrounds it (Barbaresi, "Trafilatura: A Web Scraping Library and Command-Line Tool
for Text Discovery and Extraction", ACL 2021). Where the page is too short to judge, or it leaves out too much, the own
reader counts, which looks at the names of elements.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, whole_file
from clara.knowledge.loading.formats.texts import text_bytes
from clara.knowledge.loading.titles import says_nothing

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_NO_CONTENT = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "iframe", "svg")
_CONTENT = ("main", "article")
_SURROUNDINGS = re.compile(
    r"(?:(?:site|page|main|top|bottom|global|cookie|newsletter|social|share|related)[-_]?)?"
    r"(?:cookies?|consent|gdpr|menu|nav|navbar|navigation|breadcrumbs?|footer|sidebar|newsletter|subscribe|share|sharing|social"
    r"|comments?|ads?|adverts?|advertisement|banner|popup|modal|login|related)"
    r"(?:[-_]?(?:bar|box|banner|links?|list|section|area|wrapper|container|form|popup|notice|message|posts?|\d+))?",
    re.IGNORECASE,
)
"""Classes and ids of what stands around a page's text."""
_HIDDEN_CLASSES = frozenset({"hidden", "d-none", "sr-only", "visually-hidden", "screen-reader-text"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LONG_ENOUGH = 1000
"""Characters of a page from which trafilatura can tell its text from the rest."""
_LEAST_SHARE = 0.5
"""Share of the own reader's text below which trafilatura has lost some of it."""


def read_html(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document: the page's text with its headings.

    Raises:
        Unreadable: it is something else, or holds no text.
    """
    page = text_bytes(source)
    if b"\x00" in page and not page.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("it is binary, not text")
    title, text = html_to_markdown(page, is_web_page=True)
    yield whole_file(source, text, title=title, kind="web", hints=hints)


def html_to_markdown(page: bytes | str, *, is_web_page: bool = False) -> tuple[str, str]:
    """Title and text of a page; of a web page without what stands around its text."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "lxml")
    title = soup.title.get_text() if soup.title else ""
    topmost = soup.find("h1")
    heading = topmost.get_text() if topmost else ""  # read now, for it may stand in a header that goes
    for element in soup(list(_NO_CONTENT)):
        # the header of a page is its menu, that of an article holds its title
        if element.name != "header" or not element.find_parent(_CONTENT):
            element.decompose()
    if is_web_page:
        _remove_surroundings(soup)
    body = soup.find("main") or soup.find("article") or soup.body or soup
    if says_nothing(title.strip()):
        first = body.find("h1")
        title = first.get_text() if first else heading
    text = _markdown(body)
    if is_web_page and len(text) >= _LONG_ENOUGH:
        text = _main_text(str(soup), text)
    return title, text


def _remove_surroundings(soup: BeautifulSoup) -> None:
    """Take away hidden elements, and menus, banners and the like, unless most of the page is in one."""
    most = len(soup.get_text()) / 2
    for element in soup.find_all(True):
        if element.decomposed or element.name in ("html", "body", *_CONTENT):
            continue
        names = {*element.get_attribute_list("class"), *element.get_attribute_list("id")}
        names.discard(None)
        if _is_hidden(element, names):
            element.decompose()
        elif any(map(_SURROUNDINGS.fullmatch, names)):
            holds_content = element.find(("h1", *_CONTENT)) is not None or len(element.get_text()) >= most
            if not holds_content:
                element.decompose()


def _is_hidden(element: Tag, classes: set[str]) -> bool:
    return bool(
        element.has_attr("hidden")
        or element.get("aria-hidden") == "true"
        or not _HIDDEN_CLASSES.isdisjoint(classes)
        or _HIDDEN_STYLE.search(str(element.get("style") or ""))
    )


def _markdown(element: Tag) -> str:
    from markdownify import MarkdownConverter

    converter = MarkdownConverter(
        heading_style="ATX",
        strip=["a", "img", "em", "strong", "b", "i"],
        escape_misc=False,
        table_infer_header=True,
    )
    return re.sub(r"\n{3,}", "\n\n", converter.convert_soup(element)).strip()


def _main_text(page: str, whole: str) -> str:
    """What trafilatura takes for the text of a page; ``whole`` if it leaves out too much of that."""
    import trafilatura

    text = trafilatura.extract(page, output_format="markdown", include_comments=False, favor_recall=True)
    if text is None or len(text) < _LEAST_SHARE * len(whole):
        return whole
    return text
