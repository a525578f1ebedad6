"""Model servers on this machine: the usual ones at their usual ports, asked on the loopback address only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

PORTS: Mapping[str, int] = {"vLLM": 8000, "Ollama": 11434, "llama.cpp": 8080, "LM Studio": 1234}
"""Program to the port that it takes unless it is told another."""
_PATIENCE = 1.5
"""Seconds that a server on this machine may take to name its models."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answered."""

    program: str
    """What usually answers at this port; nothing proves it."""
    url: str
    """Base address, ending in ``/v1``."""
    models: tuple[str, ...]
    """As the server names them; none where it asks for a key first."""


async def find_servers(ports: Mapping[str, int] = PORTS) -> list[LocalServer]:
    """The servers of this machine that name their models as OpenAI's API does, in the order of ``ports``."""
    import httpx

    async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
        servers = await asyncio.gather(*(_ask(client, program, port) for program, port in ports.items()))
    return [server for server in servers if server is not None]


async def _ask(client: httpx.AsyncClient, program: str, port: int) -> LocalServer | None:
    import httpx

    url = f"http://127.0.0.1:{port}/v1"
    try:
        reply = await client.get(f"{url}/models")
        if reply.status_code in (401, 403):
            return LocalServer(program, url, ())
        entries = reply.raise_for_status().json()["data"]
        return LocalServer(program, url, tuple(str(entry["id"]) for entry in entries))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return None  # nothing there, or something else
