"""Which embedder the settings name."""

from __future__ import annotations

from clara.config import Settings
from clara.knowledge.base import Embedder


def build_embedder(settings: Settings) -> Embedder:
    """The embedder of the settings: embedded, an ``/v1/embeddings`` server, or sentence-transformers.

    Raises:
        SettingsError: the extra that it needs is not installed.
        KnowledgeError: the files of the embedded one are missing.
    """
    if settings.embedder == "embedded":
        from clara.knowledge.embedding.static import StaticEmbedder

        return StaticEmbedder()
    if settings.embedder.startswith(("http://", "https://")):
        from clara.knowledge.embedding.remote import RemoteEmbedder

        return RemoteEmbedder(settings)
    from clara.knowledge.embedding.transformer import TransformerEmbedder

    return TransformerEmbedder(settings.embedder, revision=settings.embedder_revision)
