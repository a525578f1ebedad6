"""The fake model server of the backbone's tests, for what is seen of it here."""

from __future__ import annotations

from tests.backbone.conftest import connect, prompts, server, vllm

__all__ = ["connect", "prompts", "server", "vllm"]
