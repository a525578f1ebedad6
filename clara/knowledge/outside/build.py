"""The outside sources that the settings name."""

from __future__ import annotations

from clara.config import Settings
from clara.knowledge.outside import pubmed, wikipedia
from clara.knowledge.outside.archive import Archive
from clara.knowledge.outside.archived import Archived
from clara.knowledge.outside.source import OutsideSource

ADDRESSES = {"pubmed": pubmed.ADDRESS, "wikipedia": wikipedia.ADDRESS}
"""Source to the address that it contacts."""
PATIENCE = 15.0
"""Most seconds that one request may take, however long a model may think."""


def build_sources(settings: Settings) -> tuple[OutsideSource, ...]:
    """One source for each name of the setting ``search``; none, and no connection, where it is empty."""
    archive = Archive(settings.home / "outside.sqlite")
    timeout, connect = min(PATIENCE, settings.timeout), settings.connect_timeout
    kinds = {"pubmed": pubmed.PubMed, "wikipedia": wikipedia.Wikipedia}
    proxy = settings.proxy.get_secret_value() if settings.proxy else None
    sources = [kinds[name](timeout=timeout, connect_timeout=connect, proxy=proxy) for name in dict.fromkeys(settings.search)]
    return tuple(Archived(source, archive) if settings.cache else source for source in sources)
