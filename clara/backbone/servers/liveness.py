"""Whether a server lives: ``/health`` may go on saying 200 over a dead engine, so only a token is life."""

from __future__ import annotations

import asyncio
import json
import time

from clara.backbone.servers.listing import listed_models, listed_name
from clara.backbone.servers.metrics import ServerLoad, read_metrics
from clara.backbone.servers.replicas import Replica
from clara.backbone.servers.wire import CHAT, Wire, read_json, read_text
from clara.errors import BackboneError

SILENCE = 20.0
"""Seconds without any reply from a busy server before it is asked for a token, and seconds that it has for that."""
_METRICS = 5.0
"""Seconds to read ``/metrics``."""


class Liveness:
    """Asks one server at a time whether it works.

    Args:
        wire: the way to the servers.
        silence: see ``SILENCE``; tests shorten it.
    """

    def __init__(self, wire: Wire, silence: float = SILENCE) -> None:
        self.model: str | None = None
        """The model that a server must have; known after the first greeting."""
        self.silence = silence
        self._wire = wire

    async def works(self, replica: Replica) -> bool:
        """True if the server has the model and its engine gives a token."""
        deadline = asyncio.get_running_loop().time() + self.silence
        try:
            reply = await self._wire.exchange(replica, "GET", "/v1/models", None, read_json, deadline=deadline)
        except BackboneError:
            return False
        names = [entry["id"] for entry in listed_models(reply)]
        model = self.model or next(iter(names), None)
        if model is None or listed_name(model, names) is None:
            return False
        return await self.gives_token(replica, model)

    async def healthy(self, replica: Replica) -> bool:
        """False if ``/health`` says that the engine is dead; a server without it is not asked for more."""
        deadline = asyncio.get_running_loop().time() + self.silence
        try:
            await self._wire.exchange(replica, "GET", "/health", None, read_text, deadline=deadline)
        except BackboneError as error:
            return _is_refusal(error)
        return True

    async def gives_token(self, replica: Replica, model: str) -> bool:
        """True if a call for one token comes back, with whatever it says."""
        deadline = asyncio.get_running_loop().time() + self.silence
        ask = {"model": model, "messages": [{"role": "user", "content": "."}], "max_tokens": 1}
        try:
            await self._wire.exchange(replica, "POST", CHAT, json.dumps(ask).encode(), read_json, deadline=deadline)
        except BackboneError as error:
            return _is_refusal(error)
        return True

    async def has_chat(self, replica: Replica, model: str) -> bool:
        """True if there are chat completions at the address that the server has now."""
        deadline = asyncio.get_running_loop().time() + self.silence
        ask = {"model": model, "messages": [{"role": "user", "content": "."}], "max_tokens": 1}
        try:
            await self._wire.exchange(replica, "POST", CHAT, json.dumps(ask).encode(), read_json, deadline=deadline)
        except BackboneError as error:
            return error.status not in (None, 200, 404, 405)
        return True

    async def load(self, replica: Replica) -> ServerLoad:
        """What its ``/metrics`` tell; nothing where it has none."""
        deadline = asyncio.get_running_loop().time() + _METRICS
        try:
            text = await self._wire.exchange(replica, "GET", "/metrics", None, read_text, deadline=deadline)
        except BackboneError:
            return ServerLoad()
        return read_metrics(text)

    async def dead(self, replica: Replica) -> bool:
        """True if the engine of a busy and silent server is dead.

        A full server may leave even one token waiting for long; then its counter of tokens moves. Of a server that counts
        nothing it is not known, and its calls end at their deadline.
        """
        began, before = time.monotonic(), (await self.load(replica)).tokens
        if before is None or self.model is None:
            return False
        if await self.gives_token(replica, self.model):
            return False
        after = (await self.load(replica)).tokens
        return after in (None, before) and replica.last_sign <= began


def _is_refusal(error: BackboneError) -> bool:
    """True if a server that works gave the error as a status, not a broken one or none at all."""
    return error.status is not None and error.status < 500
