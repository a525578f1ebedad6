"""An outside source behind its archive: what was found within the last month is not asked for again."""

from __future__ import annotations

import asyncio

from clara.knowledge.outside.archive import Archive
from clara.knowledge.outside.source import OutsideSource
from clara.tasks.model import Tool
from clara.types import Passage


class Archived:
    """The same source; failures are not kept."""

    def __init__(self, source: OutsideSource, archive: Archive) -> None:
        self._source = source
        self._archive = archive

    @property
    def name(self) -> str:
        """The source's own."""
        return self._source.name

    @property
    def tool(self) -> Tool:
        """The source's own."""
        return self._source.tool

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """From the archive, else from the source. Raises: as the source."""
        known = await asyncio.to_thread(self._archive.get, self.name, query, limit)
        if known is not None:
            return known
        found = await self._source.search(query, limit)
        await asyncio.to_thread(self._archive.put, self.name, query, limit, found)
        return found

    async def aclose(self) -> None:
        """Close the source."""
        await self._source.aclose()
