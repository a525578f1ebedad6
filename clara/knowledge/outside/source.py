"""The protocol of an outside source."""

from __future__ import annotations

from typing import Protocol

from clara.tasks.model import Tool
from clara.types import Passage


class OutsideSource(Protocol):
    """Finds passages somewhere on the network. Only the English query leaves this machine."""

    @property
    def name(self) -> str:
        """As in the setting ``search``."""
        ...

    @property
    def tool(self) -> Tool:
        """Its name among the tools of the ``react`` strategy."""
        ...

    async def search(self, query: str, limit: int) -> tuple[Passage, ...]:
        """At most ``limit`` passages, best first; may be empty.

        Raises:
            SourceError: the source cannot be asked.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
