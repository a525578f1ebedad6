"""The text and the thinking of a message, or of a piece of one, in the forms in which servers write them.

``content`` is a text or a list of parts, some of which may be thinking (Magistral). Thinking stands in a field of its own
(``reasoning``, ``reasoning_content``), in ``reasoning_details`` (OpenRouter) or among the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from clara.language.replies.objects import objects

_HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: JSON can hold it, UTF-8 cannot."""
_THINKING_FIELDS = ("reasoning", "reasoning_content", "thinking", "reasoning_details")
"""Fields of a message; the first that holds a text counts, since some servers send it twice."""
_THINKING_PART = re.compile("think|reason|thought|summary")
_INNER = ("text", "content", "parts", "thinking", "reasoning", "summary", "value", "delta", "refusal")
"""Fields of a part that hold its text."""
_LETTER = re.compile(r"\W*[A-Za-z]\W*")


def text_of(message: Mapping[str, Any]) -> str:
    """What the message says, without thinking that stands apart from it; a refusal where that is all it says."""
    text = _said(message.get("content"))
    if not text:
        text = _said(message.get("text")) or _said(message.get("refusal"))
    return text


def thinking_of(message: Mapping[str, Any]) -> str:
    """The thinking of the message that stands in a field or a part of its own."""
    for name in _THINKING_FIELDS:
        thinking = "".join(text for text, _ in _parts(message.get(name), is_thinking=True))
        if thinking:
            return thinking
    return "".join(text for text, is_thinking in _parts(message.get("content")) if is_thinking)


def reply_within(thinking: str) -> str:
    """The reply that a server put into the thinking: an object at its end, or a letter that is all of it; else nothing.

    Servers that take thinking apart do so with constrained replies whose model did not think at all.
    """
    text = thinking.strip()
    if _LETTER.fullmatch(text):
        return text
    return object_at_end(text)


def object_at_end(text: str) -> str:
    """The JSON object that a text ends in, fenced or not; nothing where it ends in something else."""
    embedded = objects(text)
    if not embedded or text[embedded[-1].end :].strip(" \n`"):
        return ""
    return text[embedded[-1].start : embedded[-1].end]


def whole(text: str) -> str:
    """The text with its surrogate pairs joined and lone halves replaced, so that it can be sent, stored and printed."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _HALF.search(text) else text


def without_half(text: str) -> str:
    """The text less a first half of a surrogate pair at its end, which waits for the other."""
    return text[:-1] if text and "\ud800" <= text[-1] <= "\udbff" else text


def _said(content: object) -> str:
    return "".join(text for text, is_thinking in _parts(content) if not is_thinking)


def _parts(content: object, *, is_thinking: bool = False) -> Iterator[tuple[str, bool]]:
    """The texts of a content, each with whether it is thinking."""
    if isinstance(content, str):
        yield content, is_thinking
    elif isinstance(content, list):
        for part in cast("list[object]", content):
            yield from _parts(part, is_thinking=is_thinking)
    elif isinstance(content, dict):
        part = cast("dict[str, object]", content)
        kind = str(part.get("type", ""))
        thinks = is_thinking or bool(_THINKING_PART.search(kind)) or part.get("thought") is True
        for name in _INNER:
            if part.get(name):
                yield from _parts(part[name], is_thinking=thinks or bool(_THINKING_PART.search(name)))
                return
