"""What a chat completion says: text, thinking, end, usage; read at once or from a stream."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx

from clara.backbone.base import TokenSink
from clara.backbone.openai.content import object_at_end, reply_within, text_of, thinking_of, whole, without_half
from clara.backbone.openai.labels import chosen_letter, letter_probabilities
from clara.backbone.servers.refusals import read_refusal
from clara.backbone.servers.retry import worth_retrying
from clara.backbone.servers.wire import SENT, first_piece_late, quoted, read_bytes, read_json
from clara.errors import BackboneError, BackboneOverloaded, BackboneRefused, BackboneUnreachable, ContextOverflow
from clara.language.replies.thinking import thoughts, visible
from clara.types import Usage

_GARBAGE = "the model server's reply is no chat completion; check --backbone"
_ANSWER = re.compile(r'"answer"\s*:\s*"((?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*)')
"""The field of a JSON object that may not be complete, as far as its escapes are."""
_ODD = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading a reply of another form raises."""
_STRING = re.compile(r'(?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*')


_EVENT = re.compile(rb"^(?:data|event|error):", re.MULTILINE)
"""A line of a stream."""
_DONE = "[DONE]"
"""The chunk that ends a stream."""
_CUT_OFF = frozenset({"length", "max_tokens", "max_length", "model_length", "token_limit"})
"""Names of the end that the limit on tokens made."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply."""

    text: str = ""
    finish: str = ""
    """``stop``; ``length`` if it was cut off."""
    usage: Usage = Usage()
    thinking: str = ""
    """What a reasoning model thought, where the server gives it apart from the text."""
    letters: dict[str, float] | None = None
    """Probability of each allowed option letter; empty if no token shows one, None if there are no log-probabilities."""
    letter: str = ""
    """The letter at whose token they were measured."""

    @property
    def visible(self) -> str:
        """The text without thinking; the reply that stands in the thinking where a server put it there."""
        said = visible(self.text)
        if said or self.finish == "length":
            return said
        return reply_within(self.thoughts)

    @property
    def thoughts(self) -> str:
        """The thinking, from its own field or from the text."""
        if self.thinking:
            return self.thinking
        return thoughts(self.text)


def answer_so_far(text: str) -> str:
    """The "answer" field of a JSON object that is still being written, as far as it can be read."""
    field = _ANSWER.search(text)
    if field is None:
        return ""
    try:
        written = json.loads(f'"{field[1]}"', strict=False)
    except ValueError:
        return ""
    return whole(without_half(written))


async def read_completion(response: httpx.Response, letters: Sequence[str] = (), *, in_json: bool = False) -> Completion:
    """A reply that comes at once; ``letters`` are those whose probability is wanted.

    Raises:
        BackboneOverloaded: it is garbage under a status of success, or an error that may pass.
        BackboneRefused: it is too large, or an error that trying again does not change.
    """
    status = response.status_code
    try:
        reply = await read_json(response)
    except BackboneRefused as error:
        if "larger" in str(error):
            raise
        raise BackboneOverloaded(_GARBAGE, status=status) from None
    problem = _error_of(reply)
    if problem is not None:
        raise problem
    if not reply.get("choices"):
        raise BackboneOverloaded(_GARBAGE, status=status)
    return parse_completion(reply, letters, in_json=in_json)


def _error_of(reply: dict[str, Any]) -> BackboneError | None:
    """The error in a body under a status of success or in a piece of a stream; its code decides whether to try again."""
    if not _is_error(reply):
        return None
    status = _status_of(reply)
    refusal = read_refusal(json.dumps(reply, ensure_ascii=False), status)
    words = quoted(refusal.words)
    if refusal.is_too_long:
        message = f"the prompt does not fit the model ({status} under a status of success){words}"
        return ContextOverflow(message, status=status, length=refusal.length)
    if worth_retrying(status):
        message = f"the model server reports an error ({status}) under a status of success{words}"
        return BackboneOverloaded(message, status=status, detail=refusal.named)
    message = f"the model server refuses the request ({status}) under a status of success; check --model{words}"
    return BackboneRefused(message, status=status, detail=refusal.named)


def _is_error(reply: dict[str, Any]) -> bool:
    """True for an error object, in a field of its own or instead of the reply."""
    if reply.get("error") or reply.get("object") == "error":
        return True
    if reply.get("choices"):
        return False
    return "message" in reply or "detail" in reply


def _status_of(reply: dict[str, Any]) -> int:
    """The status that an error object gives as a number or in digits; 500 where it gives none."""
    error = reply.get("error")
    places = [reply]
    if isinstance(error, dict):
        places.insert(0, cast("dict[str, Any]", error))
    for fields in places:
        for name in ("code", "status", "status_code"):
            code = str(fields.get(name, ""))
            if code.isascii() and code.isdigit():
                return int(code)
    return 500


def parse_completion(reply: dict[str, Any], letters: Sequence[str] = (), *, in_json: bool = False) -> Completion:
    """See :func:`read_completion`."""
    try:
        choice: dict[str, Any] = _filled(reply, "choices", [{}])[0]
        message: dict[str, Any] = _filled(choice, "message", choice)
        tokens: Any = ()
        probabilities: dict[str, float] | None = None
        if letters:
            tokens = _filled(_filled(choice, "logprobs", {}), "content", ())
        if tokens:
            probabilities = letter_probabilities(tokens, letters, in_json=in_json) or {}
        return Completion(
            text=whole(text_of(message)),
            finish=_finish(choice),
            usage=_usage(reply),
            thinking=whole(thinking_of(message)),
            letters=probabilities,
            letter=chosen_letter(tokens, letters, in_json=in_json),
        )
    except _ODD:
        raise BackboneRefused("the model server's reply is no chat completion; check --backbone") from None


async def read_stream(response: httpx.Response, tell: Callable[[str], None], first_within: float) -> Completion:
    """A reply that comes in pieces; ``tell`` gets the visible text so far after each.

    What is called something else than a stream is read whole, and may be one all the same.

    Raises:
        BackboneUnreachable: the first piece did not come within ``first_within`` seconds of the request, or the stream broke
            off.
        BackboneRefused: a piece is no chunk of a chat completion.
    """
    if "event-stream" not in response.headers.get("content-type", ""):
        body = await read_bytes(response)
        response = httpx.Response(response.status_code, content=body, request=response.request)
        if not _EVENT.search(body):
            reply = await read_completion(response)
            tell(reply.visible)
            return reply
    sent: float = response.extensions.get(SENT, asyncio.get_running_loop().time())
    chunks = _chunks(response.aiter_lines())
    try:
        async with asyncio.timeout_at(sent + first_within):
            first = await anext(chunks, None)
    except TimeoutError:
        raise first_piece_late(first_within) from None
    text, thinking, finish, usage = _Joined(), _Joined(), "", Usage()
    chunk = first
    while chunk is not None:
        if _DONE in chunk:
            if not finish:
                finish = "stop"  # some servers say that it is over, and not why
            break
        piece = _piece(chunk)
        text.add(piece.text)
        thinking.add(piece.thinking)
        if piece.finish:
            finish = piece.finish
        if piece.usage.calls:
            usage = piece.usage
        tell(visible(text.whole))
        chunk = await anext(chunks, None)
    reply = Completion(text.end(), finish, usage, thinking.end())
    if not finish and not object_at_end(reply.visible):
        raise BackboneUnreachable("the stream of a reply broke off before its end")
    return reply


class AnswerTeller:
    """Passes on what is new in the "answer" field of a reply that is being written."""

    def __init__(self, sink: TokenSink) -> None:
        self.sink: TokenSink | None = sink
        self._told = 0

    def __call__(self, text: str) -> None:
        """Take the visible reply so far."""
        if self.sink is None:
            return
        answer = answer_so_far(text)
        if len(answer) > self._told:
            self.sink(answer[self._told :])
            self._told = len(answer)

    def begin_again(self) -> None:
        """The reply is written again; what was told cannot be taken back, so no more is."""
        if self._told:
            self.sink = None


class _Joined:
    """The text of a stream, whose chunks may cut a surrogate pair in two."""

    def __init__(self) -> None:
        self.whole = ""
        """What has come so far, without a half that waits for the next chunk."""
        self._half = ""

    def add(self, piece: str) -> None:
        piece = self._half + piece
        ready = without_half(piece)
        self.whole, self._half = self.whole + whole(ready), piece[len(ready) :]

    def end(self) -> str:
        """All of it; no more comes."""
        return self.whole + whole(self._half)


async def _chunks(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    async for line in lines:
        name, _, payload = line.partition(":")
        payload = payload.strip()
        if name not in ("data", "error") or not payload:  # "error": llama.cpp
            continue
        if payload == "[DONE]":
            yield {_DONE: True}
            return
        try:
            chunk: Any = json.loads(payload)
        except (ValueError, RecursionError):
            chunk = None
        if not isinstance(chunk, dict):
            raise BackboneRefused("a piece of the model server's stream is no JSON object; check --backbone")
        fields = cast("dict[str, Any]", chunk)
        if name == "error":
            fields = {"error": fields}
        problem = _error_of(fields)
        if problem is not None:
            raise problem
        yield fields


def _piece(chunk: dict[str, Any]) -> Completion:
    """What one chunk of a stream adds; the last one carries the usage and no choice."""
    text, thinking, finish, usage = "", "", "", Usage()
    try:
        for choice in _filled(chunk, "choices", ()):
            delta = _filled(choice, "delta", _filled(choice, "message", choice))
            text += text_of(delta)
            thinking += thinking_of(delta)
            if choice.get("finish_reason"):
                finish = _finish(choice)
        if chunk.get("usage"):
            usage = _usage(chunk)
        return Completion(text, finish, usage, thinking)
    except _ODD:
        raise BackboneRefused("a piece of the model server's stream is no chat completion; check --backbone") from None


def _filled(fields: dict[str, Any], name: str, empty: Any) -> Any:
    """The value of a field; ``empty`` where the field is missing, null or empty."""
    value = fields.get(name)
    if not value:
        return empty
    return value


def _finish(choice: dict[str, Any]) -> str:
    """Why a reply ended; ``length`` by whatever name."""
    finish = str(_filled(choice, "finish_reason", ""))
    if finish.casefold() in _CUT_OFF:
        return "length"
    return finish


def _usage(reply: dict[str, Any]) -> Usage:
    usage = _filled(reply, "usage", {})
    details = _filled(usage, "prompt_tokens_details", {})
    return Usage(
        calls=1,
        prompt_tokens=int(_filled(usage, "prompt_tokens", 0)),
        completion_tokens=int(_filled(usage, "completion_tokens", 0)),
        cached_prompt_tokens=int(_filled(details, "cached_tokens", 0)),
    )
