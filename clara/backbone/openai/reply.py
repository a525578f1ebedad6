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
from clara.backbone.openai.labels import chosen_letter, letter_probabilities
from clara.backbone.servers.parameters import spoken_of
from clara.backbone.servers.retry import worth_retrying
from clara.backbone.servers.wire import SENT, first_piece_late, read_json
from clara.errors import BackboneError, BackboneOverloaded, BackboneRefused, BackboneUnreachable
from clara.language.replies.thinking import thoughts, visible
from clara.types import Usage

_GARBAGE = "the model server's reply is no chat completion; check --backbone"
_ANSWER = re.compile(r'"answer"\s*:\s*"((?:[^"\\]|\\(?:u[0-9a-fA-F]{4}|[^u]))*)')
"""The field of a JSON object that may not be complete, as far as its escapes are."""
_ODD = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What reading a reply of another form raises."""
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: JSON can hold it, UTF-8 cannot."""
_DONE = "[DONE]"
"""The chunk that ends a stream."""


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
        """The text without thinking."""
        return visible(self.text)

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
    return _whole(_without_half(written))


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
    if reply.get("error"):
        raise _error_in_body(reply["error"])
    if not reply.get("choices"):
        raise BackboneOverloaded(_GARBAGE, status=status)
    return parse_completion(reply, letters, in_json=in_json)


def _error_in_body(error: Any) -> BackboneError:
    """What an error object under a status of success means; its code decides whether to try again."""
    fields: dict[str, Any] = {"message": error}
    if isinstance(error, dict):
        fields = cast("dict[str, Any]", error)
    status = _status_of(fields.get("code", fields.get("status")))
    detail = spoken_of(str(fields.get("message", "")))
    if worth_retrying(status):
        return BackboneOverloaded(f"the model server reports an error ({status}) under a status of success", status=status)
    message = f"the model server refuses the request ({status}) under a status of success; check --model"
    return BackboneRefused(message, status=status, detail=detail)


def _status_of(code: object) -> int:
    """The status that an error object gives as a number or in digits; 500 where it gives none."""
    if isinstance(code, int):
        return int(code)
    if isinstance(code, str) and code.isdigit():
        return int(code)
    return 500


def parse_completion(reply: dict[str, Any], letters: Sequence[str] = (), *, in_json: bool = False) -> Completion:
    """See :func:`read_completion`."""
    try:
        choice: dict[str, Any] = _filled(reply, "choices", [{}])[0]
        message: dict[str, Any] = _filled(choice, "message", {})
        tokens: Any = ()
        probabilities: dict[str, float] | None = None
        if letters:
            tokens = _filled(_filled(choice, "logprobs", {}), "content", ())
        if tokens:
            probabilities = letter_probabilities(tokens, letters, in_json=in_json) or {}
        return Completion(
            text=_whole(_string(message.get("content"))),
            finish=str(_filled(choice, "finish_reason", "")),
            usage=_usage(reply),
            thinking=_whole(_thinking_of(message)),
            letters=probabilities,
            letter=chosen_letter(tokens, letters, in_json=in_json),
        )
    except _ODD:
        raise BackboneRefused("the model server's reply is no chat completion; check --backbone") from None


async def read_stream(response: httpx.Response, tell: Callable[[str], None], first_within: float) -> Completion:
    """A reply that comes in pieces; ``tell`` gets the visible text so far after each.

    Raises:
        BackboneUnreachable: the first piece did not come within ``first_within`` seconds of the request, or the stream broke
            off.
        BackboneRefused: a piece is no chunk of a chat completion.
    """
    if "event-stream" not in response.headers.get("content-type", ""):
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
    if not finish:
        raise BackboneUnreachable("the stream of a reply broke off before its end")
    return Completion(text.end(), finish, usage, thinking.end())


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
        """The reply is written anew; what was told cannot be taken back, so no more is."""
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
        ready = _without_half(piece)
        self.whole, self._half = self.whole + _whole(ready), piece[len(ready) :]

    def end(self) -> str:
        """All of it; no more comes."""
        return self.whole + _whole(self._half)


async def _chunks(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    async for line in lines:
        payload = line.removeprefix("data:").strip()
        if not line.startswith("data:") or not payload:
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
        if fields.get("error"):
            raise BackboneUnreachable("the model server ended a stream with an error")
        yield fields


def _piece(chunk: dict[str, Any]) -> Completion:
    """What one chunk of a stream adds; the last one carries the usage and no choice."""
    text, thinking, finish, usage = "", "", "", Usage()
    try:
        for choice in _filled(chunk, "choices", ()):
            delta = _filled(choice, "delta", {})
            text += _string(delta.get("content"))
            thinking += _thinking_of(delta)
            finish = str(_filled(choice, "finish_reason", finish))
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


def _thinking_of(message: dict[str, Any]) -> str:
    """The thinking of a message or a piece of one, under either of the names that servers give it."""
    for name in ("reasoning", "reasoning_content"):
        text = _string(message.get(name))
        if text:
            return text
    return ""


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    return ""


def _whole(text: str) -> str:
    """The text with its surrogate pairs joined and lone halves replaced, so that it can be sent, stored and printed."""
    if not _HALF.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_half(text: str) -> str:
    """The text less a first half of a surrogate pair at its end, which waits for the other."""
    if "\ud800" <= text[-1:] <= "\udbff":
        return text[:-1]
    return text


def _usage(reply: dict[str, Any]) -> Usage:
    usage = _filled(reply, "usage", {})
    details = _filled(usage, "prompt_tokens_details", {})
    return Usage(
        calls=1,
        prompt_tokens=int(_filled(usage, "prompt_tokens", 0)),
        completion_tokens=int(_filled(usage, "completion_tokens", 0)),
        cached_prompt_tokens=int(_filled(details, "cached_tokens", 0)),
    )
