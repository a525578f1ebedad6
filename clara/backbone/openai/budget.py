"""Fits a prompt to the model's context by leaving out the lowest-ranked passages; nothing else is ever cut.

Most prompts are far from the limit, and an estimate shows that without a request. Only near the limit does the server's
tokenizer count.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from clara.backbone.openai.structured import shown_passages, with_passages
from clara.tasks.model import TaskModel
from clara.tasks.prompts import Message

_CHARACTER, _EXTRA_BYTE = 0.28, 0.35
"""Tokens for a character, and for each byte beyond its first in UTF-8. The bytes tell the script: an English letter has
one, an accented or Cyrillic one two, an Indic or Chinese one three, which makes 0.3, 0.6 and 1.0 tokens; rough upper
values for the vocabularies of present multilingual models, corrected by what the server counts."""
_MESSAGE = 8
"""Tokens that a chat template adds to a message."""
_NEAR, _NEAR_UNKNOWN = 1.3, 4.0
"""An estimate that would not fit if it were so many times too low is checked by the server; the second holds until the
server has counted something."""
_MOST = 8.0

Render = Callable[[TaskModel], list[Message]]
Count = Callable[[list[Message]], Awaitable[int | None]]


class TokenEstimate:
    """Tokens of a chat without its tokenizer, corrected by what the server has counted so far."""

    def __init__(self) -> None:
        self._ratio = 1.0
        self._learned = False

    @property
    def near(self) -> float:
        """How many times too low the estimate may be."""
        if self._learned:
            return _NEAR
        return _NEAR_UNKNOWN

    def __call__(self, messages: Sequence[Message]) -> float:
        """Estimated tokens."""
        return self._ratio * _raw(messages)

    def learn(self, messages: Sequence[Message], counted: int) -> None:
        """A server has counted the tokens of a chat: rise to it at once, fall slowly."""
        if counted <= 0:
            return
        ratio = min(_MOST, counted / _raw(messages))
        if self._learned:
            ratio = max(ratio, 0.95 * self._ratio + 0.05 * ratio)
        self._ratio = ratio
        self._learned = True


async def fit(
    inputs: TaskModel, render: Render, *, room: int | None, estimate: TokenEstimate, count: Count, exact: bool = False
) -> tuple[TaskModel, list[Message], bool]:
    """The inputs with as many passages as fit, their messages, and whether those fit.

    Args:
        inputs: the task's input.
        render: its messages.
        room: tokens for the prompt; None if the context length is unknown.
        estimate: tokens without asking.
        count: tokens by the server, or None where it cannot count.
        exact: count in any case.
    """
    messages = render(inputs)
    if room is None:
        return inputs, messages, True
    if not exact and _surely_fits(messages, room):
        return inputs, messages, True
    while True:
        tokens = await _tokens(messages, room, estimate, count, exact=exact)
        if tokens <= room:
            return inputs, messages, True
        shown = shown_passages(inputs)
        if not shown:
            return inputs, messages, False
        inputs = with_passages(inputs, len(shown) - _surplus(shown, tokens - room, tokens / _raw(messages)))
        messages = render(inputs)


async def _tokens(messages: list[Message], room: int, estimate: TokenEstimate, count: Count, *, exact: bool) -> float:
    """Tokens of a chat: as the server counts them where the estimate is near the limit, else as estimated."""
    tokens = estimate(messages)
    if not exact and estimate.near * tokens <= room:
        return tokens
    counted = await count(messages)
    if counted is None:
        return tokens
    estimate.learn(messages, counted)
    return float(counted)


def left_out(before: TaskModel, after: TaskModel) -> tuple[str, ...]:
    """What the trace says about passages that did not fit; nothing if all did."""
    every = len(shown_passages(before))
    missing = every - len(shown_passages(after))
    if missing <= 0:
        return ()
    return (f"left out {missing} of {every} passages: the prompt did not fit",)


def _surplus(shown: Sequence[object], excess: float, ratio: float) -> int:
    """How many of the last passages make up the excess; at least one."""
    for number in range(1, len(shown)):
        texts = [str(getattr(passage, "text", "")) for passage in shown[-number:]]
        if ratio * sum(map(_raw_text, texts)) >= excess:
            return number
    return len(shown)


def _surely_fits(messages: Sequence[Message], room: int) -> bool:
    """A token is at least one byte in the vocabularies in use."""
    return sum(len(message["content"].encode()) + _MESSAGE for message in messages) <= room


def _raw(messages: Sequence[Message]) -> float:
    return sum(_raw_text(message["content"]) + _MESSAGE for message in messages)


def _raw_text(text: str) -> float:
    characters = len(text)
    if text.isascii():
        return _CHARACTER * characters
    return _CHARACTER * characters + _EXTRA_BYTE * (len(text.encode()) - characters)
