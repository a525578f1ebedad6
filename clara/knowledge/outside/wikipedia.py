"""The opening sections of English Wikipedia articles, through the MediaWiki API (search with extracts)."""

from __future__ import annotations

import json
from typing import Any, cast

from clara.knowledge.outside.web import WebSource
from clara.language.text import sentences
from clara.tasks.model import Tool
from clara.types import Passage

_LONGEST = 1800
"""Characters of an article that are kept, whole sentences."""


class Wikipedia(WebSource):
    """Full-text search, the best match first."""

    name = "wikipedia"
    address = "https://en.wikipedia.org"
    pause = 0.5
    tool: Tool = "search_wikipedia"

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """See :class:`clara.knowledge.outside.source.OutsideSource`."""
        parameters: dict[str, str | int] = {
            "action": "query",
            "generator": "search",
            "gsrsearch": query,
            "gsrlimit": limit,
            "prop": "extracts",
            "exintro": 1,
            "explaintext": 1,
            "exlimit": "max",
            "format": "json",
            "formatversion": 2,
        }
        pages = self._pages(await self._web.get("/w/api.php", parameters))
        ranked = sorted(pages, key=lambda page: int(page.get("index") or 0))
        return tuple(filter(None, map(_passage, ranked[:limit])))

    def _pages(self, body: bytes) -> list[dict[str, Any]]:
        try:
            reply: Any = json.loads(body)
            if "error" in reply:
                raise self._web.error(f"refused the search ({reply['error'].get('code')})")
            pages: Any = reply.get("query", {}).get("pages", [])
        except (ValueError, TypeError, AttributeError):
            raise self._web.error("sent no list of articles") from None
        listed = cast("list[Any]", pages) if isinstance(pages, list) else []
        return [cast("dict[str, Any]", page) for page in listed if isinstance(page, dict)]


def _passage(page: dict[str, Any]) -> Passage | None:
    """An article's opening as a passage; None if it has no text."""
    number, title, text = page.get("pageid"), str(page.get("title") or ""), str(page.get("extract") or "")
    if not isinstance(number, int) or not text.strip():
        return None
    source = f"Wikipedia, https://en.wikipedia.org/?curid={number}"
    return Passage(f"wikipedia:{number}#0", title, _opening(text), source, "encyclopaedia")


def _opening(text: str) -> str:
    opening = ""
    for sentence in sentences(text):
        longer = f"{opening} {sentence}".strip()
        if opening and len(longer) > _LONGEST:
            break
        opening = longer
    return opening[:_LONGEST]
