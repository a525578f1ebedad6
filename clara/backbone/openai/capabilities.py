"""What a model server can do, found out by small calls and remembered: nothing is read from the text of an error.

A probe asks for the word "zebra" under a constraint that forbids it. A server that knows the constraint cannot say zebra,
one that ignores it can, and one that refuses it gives a status of the 400s. One that fails over it (5xx) but goes on
answering a plain call does not have it either.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

from clara.backbone.base import Skills
from clara.backbone.openai.labels import TOP, TOP_IN_JSON
from clara.backbone.openai.reply import Completion, parse_completion
from clara.backbone.servers.servers import ModelServers
from clara.backbone.servers.wire import CHAT
from clara.errors import BackboneOverloaded, BackboneRefused, WriteError
from clara.files import make_folder, replace_file

Support = Literal["yes", "ignored", "no"]
"""``ignored``: the server takes the parameter and does not keep to it."""

REMEMBERED = 24 * 3600.0
"""Seconds: the same version may come back with other flags."""
_ROOM, _ROOM_TO_THINK = 24, 1024
_WORDS = ["QX", "ZK"]
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string", "enum": _WORDS}},
    "required": ["word"],
    "additionalProperties": False,
}
_log = logging.getLogger(__name__)
K = TypeVar("K", "Capabilities", "Skills")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What works on a server with a model."""

    json_schema: Support = "no"
    """``response_format`` with a JSON schema, the portable way."""
    structured_json: Support = "no"
    """vLLM's ``structured_outputs`` with ``json``."""
    choice: Support = "no"
    """vLLM's ``structured_outputs`` with ``choice``."""
    regex: Support = "no"
    """vLLM's ``structured_outputs`` with ``regex``."""
    logprobs: int = 0
    """Alternatives to each token that ``top_logprobs`` gives with their log-probabilities; 0 if it gives none."""
    tokenize: bool = False
    """``/tokenize`` counts the tokens of a chat."""
    metrics: bool = False
    """``/metrics`` tells the length of the queue."""
    prefix_metrics: bool = False
    """``/metrics`` tells the hits of the prefix cache."""
    thinks: bool = False
    """The model thinks before it replies, unless told not to."""
    thinking_switch: bool = False
    """``chat_template_kwargs: enable_thinking`` stops that."""


async def probe(servers: ModelServers, model: str) -> Capabilities:
    """Ask the server about everything, with some ten calls of a few tokens.

    Raises:
        BackboneError: it cannot be reached, refuses even a plain call, or is overloaded.
    """
    thinks = _thinks(parse_completion(await servers.post(CHAT, _body(model, _ROOM), looks_into=True)))
    logprobs = await _alternatives(servers, model)
    quiet: dict[str, Any] = {}
    if thinks:
        calm = await _try(servers, model, {"chat_template_kwargs": {"enable_thinking": False}})
        if calm is not None and not _thinks(parse_completion(calm)):
            quiet = {"chat_template_kwargs": {"enable_thinking": False}}
    room = _ROOM
    if thinks and not quiet:
        room = _ROOM_TO_THINK

    async def keeps_to(constraint: dict[str, Any]) -> Support:
        reply = await _try(servers, model, {**quiet, **constraint}, room)
        if reply is None:
            return "no"
        if _obeys(parse_completion(reply)):
            return "yes"
        return "ignored"

    shape = {"type": "json_schema", "json_schema": {"name": "probe", "strict": True, "schema": _SCHEMA}}
    schema, own, choice, regex, counts, load = await asyncio.gather(
        keeps_to({"response_format": shape}),
        keeps_to({"structured_outputs": {"json": _SCHEMA}}),
        keeps_to({"structured_outputs": {"choice": _WORDS}}),
        keeps_to({"structured_outputs": {"regex": "|".join(_WORDS)}}),
        count_tokens(servers, model, _messages()),
        servers.load(),
    )
    return Capabilities(
        json_schema=schema,
        structured_json=own,
        choice=choice,
        regex=regex,
        logprobs=logprobs,
        tokenize=counts is not None,
        metrics=load.waiting is not None,
        prefix_metrics=load.prefix_queries is not None,
        thinks=thinks,
        thinking_switch=bool(quiet),
    )


async def count_tokens(servers: ModelServers, model: str, messages: list[dict[str, str]], **template: Any) -> int | None:
    """Tokens of a chat by the server's own tokenizer, or None where it does not count.

    Raises:
        BackboneError: the server cannot be reached or is overloaded (408, 409, 429).
    """
    try:
        reply = await servers.post("/tokenize", {"model": model, "messages": messages, **template})
    except BackboneRefused:
        return None
    except BackboneOverloaded as error:
        # a gateway may have no way to it; a server that fails at all says so to the chat that follows
        if not _failed(error):
            raise
        return None
    count = reply.get("count")
    if isinstance(count, int):
        return count
    return None


class Remembered(Generic[K]):
    """What was found out about servers, on disk, by a key that begins with their addresses."""

    def __init__(self, file: Path, kind: type[K]) -> None:
        self._file = file
        self._kind = kind
        """A frozen data class of JSON values."""

    def get(self, key: str) -> K | None:
        """What was found out lately, if anything was."""
        entry = self._read().get(key)
        if not isinstance(entry, dict):
            return None
        values = cast("dict[str, Any]", entry)
        at, known = values.pop("at", 0), {field.name for field in fields(self._kind)}
        is_fresh = isinstance(at, int | float) and 0 <= time.time() - at < REMEMBERED
        if is_fresh and set(values) == known:
            return self._kind(**values)
        return None

    def put(self, key: str, found: K) -> None:
        """Remember; a folder that cannot be written is only told in the log."""
        self._write(self._read() | {key: {**asdict(found), "at": int(time.time())}})

    def forget(self, addresses: Iterable[str]) -> None:
        """Forget what was found out about any of these servers, alone or beside others."""
        gone, entries = set(addresses), self._read()
        kept = {key: entry for key, entry in entries.items() if gone.isdisjoint(key.replace(",", " ").split())}
        if kept != entries:
            self._write(kept)

    def _write(self, entries: dict[str, Any]) -> None:
        try:
            make_folder(self._file.parent)
            replace_file(self._file, json.dumps(entries, indent=1).encode())
        except WriteError as error:
            _log.warning("cannot remember what the model server can do: %s", error)

    def _read(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found: Any = json.loads(self._file.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return cast("dict[str, Any]", found)
        return {}


async def _try(servers: ModelServers, model: str, more: dict[str, Any], room: int = _ROOM) -> dict[str, Any] | None:
    """A reply, or None if the server refuses the request, or fails over it and not over a plain one."""
    try:
        return await servers.post(CHAT, _body(model, room) | more)
    except BackboneRefused as error:
        if error.status in (401, 403, 404):
            raise
    except BackboneOverloaded as error:
        if not _failed(error):
            raise
        # a server that is failing altogether must not be remembered as one that can do nothing
        await servers.post(CHAT, _body(model, _ROOM))
    return None


async def _alternatives(servers: ModelServers, model: str) -> int:
    """The most alternatives to a token that the server gives, of the two numbers that are asked for."""
    for top in (TOP, TOP_IN_JSON):
        reply = await _try(servers, model, {"logprobs": True, "top_logprobs": top})
        if reply is None:
            continue
        if _has_logprobs(reply):
            return top
        break
    return 0


def _failed(error: BackboneOverloaded) -> bool:
    return error.status is not None and error.status >= 500


def _messages() -> list[dict[str, str]]:
    return [{"role": "user", "content": "Say the word zebra and nothing else."}]


def _body(model: str, room: int) -> dict[str, Any]:
    return {"model": model, "messages": _messages(), "max_tokens": room, "temperature": 0.0, "seed": 0}


def _has_logprobs(reply: dict[str, Any]) -> bool:
    try:
        return bool(reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"])
    except (KeyError, IndexError, TypeError):
        return False


def _thinks(reply: Completion) -> bool:
    return bool(reply.thinking) or "<think>" in reply.text or "</think>" in reply.text


def _obeys(reply: Completion) -> bool:
    """True if the reply keeps to the constraint, or was cut off while it did."""
    compact = "".join(reply.visible.split())
    allowed = [*_WORDS, *(json.dumps({"word": word}, separators=(",", ":")) for word in _WORDS)]
    if compact in allowed:
        return True
    return reply.finish == "length" and not reply.thoughts and any(text.startswith(compact) for text in allowed)
