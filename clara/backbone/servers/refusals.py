"""What a server's refusal says: its words without secrets, the parameters that it names, and whether the prompt is too long.

A refusal may repeat a key or the whole request, so that only these parts of it leave this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

PARAMETERS = (
    "temperature",
    "seed",
    "stream_options",
    "top_logprobs",
    "logprobs",
    "response_format",
    "structured_outputs",
    "chat_template_kwargs",
    "max_completion_tokens",
    "max_tokens",
)
"""What a request of CLARA's may hold besides model, messages and ``stream``."""
SYSTEM = re.compile(
    r"\bsystem['\"`]?\s+(?:role|message|instruction|prompt)|\brole\b.{0,30}\bsystem\b|developer instruction"
    r"|roles? must alternate|only ['\"`]?user['\"`]?,? and ['\"`]?assistant|messages?[.\[]\W?0\b.{0,20}\brole\b"
)
STREAM = re.compile(r"\bstream(?:ing)?\b(?!_)")
_BOUND = (
    r"maximum|at most|less than or equal to|max (?:value|allowed)|<=|exceed\w*|limit|too (?:large|high|big)|greater than"
    r"|positive|range|between|\bvalid\b"
)
_NAMED = re.compile(rf"{'|'.join(PARAMETERS)}|{SYSTEM.pattern}|{STREAM.pattern}|{_BOUND}|context|\b\d+(?:\.\d+)?\b")
_REFUSES = re.compile(
    r"unsupported|not\s+(?:\w+\s+)?(?:support|allow|permit|recogni|implement|valid|accept|avail)\w*|(?:n't|cannot) "
    r"|unknown|unrecogni[sz]ed|unexpected|invalid|extra|only|must|deprecated"
)
"""Words that say no; an error of the server itself may name a parameter too, where it repeats the request."""
_TOO_LONG = re.compile(
    r"context[\s_-]*(?:length|window|size|limit)|exceed\w*[\s_]context|model(?:'s)? (?:maximum|context) length"
    r"|max_model_len|n_ctx|reduce (?:the length|your message|your prompt)|max(?:imum)? length"
    r"|\b(?:prompt|inputs?|sequence|query|text|messages?)\b.{0,60}?"
    r"(?:too long|too large|too many tokens|longer than|exceeds?\b)"
    r"|\b(?:request|payload)\b (?:(?:is|was|body|entity|size) ){0,2}(?:too long|too large)"
    r"|too many (?:input |prompt |total )?tokens|input (?:length|token)|inputs\W? (?:tokens? \+|must have)"
    r"|超过.{0,8}长度|长度超|输入过长|上下文(?:长度|窗口)|超出.{0,8}(?:长度|上下文)",
    re.DOTALL,
)
_TOO_LONG_CODE = re.compile(r"context_length_exceeded|exceed_context_size|string_above_max_length")
"""What stands in the field ``code`` or ``type``."""
_LENGTHS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:context|sequence|model|maximum|max) (?:length|size|window|limit)\D{0,30}?(\d{3,8})\b",
        r"(?:n_ctx|max_model_len|limit)\D{0,12}(\d{3,8})\b",
        r"(\d{3,8}) maximum",
        r"(?:at most|maximum|exceeds?|<=|<|>|less than|longer than|greater than)\D{0,40}?(\d{3,8})\b",
        r"\[\s*\d+\s*,\s*(\d{3,8})\s*\]",
    )
)
_REPLY_LIMIT = re.compile(r"max(?:imum)?_(?:completion_|new_)?tokens|completion tokens|output tokens")
_PROMPT = re.compile(
    r"context|prompt|inputs?\W{0,2} (?:tokens?|length)|model(?:'s)? (?:maximum|context) length|max_model_len"
)
"""A refusal that names the limit of the reply and not the prompt speaks of that limit."""
_RATE_LIMITED = 429
_ENTITY_TOO_LARGE = 413
_CODE = re.compile(r"[\"']?\b(?:status|status_?code|code)[\"']?\s*[:=]\s*[\"']?\d+")
_SECRET = re.compile(r"\b(?:sk|pk|rk|gsk|hf|xai|key|AIza|Bearer|Basic)[-_ ]\S{6,}|[A-Za-z0-9+/_=-]{24,}")
_MESSAGES = ("message", "detail", "msg", "error", "errors", "title")
_SHOWN = 200
"""Characters of a server's words that are shown."""
_LOOKED_AT = 4000
_SHORTEST = 256
"""Tokens of a context below which a number means something else."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What may be known of a refusal."""

    words: str = ""
    """The server's own sentence, without secrets and cut; empty where it gives none."""
    named: str = ""
    """The parameters, roles, bounds and numbers that it names, in its order."""
    is_too_long: bool = False
    """True if it says that the prompt does not fit."""
    length: int | None = None
    """The most tokens that fit, where it says that too."""


def read_refusal(text: str, status: int, secrets: Collection[str] = ()) -> Refusal:
    """Read the body of an error.

    Args:
        text: the body, JSON or not.
        status: its status, or the code of an error under a status of success.
        secrets: what must not be shown, such as the key.
    """
    if status in (401, 403):  # these repeat what they were given
        return Refusal()
    sentence = _sentence(text)
    lower = _CODE.sub("", text[:_LOOKED_AT].casefold())
    is_too_long = status == _ENTITY_TOO_LARGE or _TOO_LONG_CODE.search(lower) is not None
    is_too_long = is_too_long or _says_too_long(sentence.casefold() or lower, status)
    names = (status < 500 or _REFUSES.search(lower) is not None) and not is_too_long
    return Refusal(
        words=_without_secrets(sentence, secrets),
        named=spoken_of(lower) if names else "",
        is_too_long=is_too_long,
        length=_length(sentence.casefold()) if is_too_long else None,
    )


def spoken_of(refusal: str) -> str:
    """The parameters, roles, bounds and numbers that a refusal names, in its order."""
    return " ".join(match.group() for match in _NAMED.finditer(refusal.casefold()))


def names_parameter(named: str) -> bool:
    """True if a refusal names a parameter of the request: then the prompt is not the cause."""
    return any(name in named for name in PARAMETERS)


def _says_too_long(lower: str, status: int) -> bool:
    if status == _RATE_LIMITED and "too large" not in lower:  # a rate of input tokens, which passes
        return False
    if _TOO_LONG.search(lower) is None:
        return False
    return _PROMPT.search(lower) is not None or _REPLY_LIMIT.search(lower) is None


def _length(lower: str) -> int | None:
    for pattern in _LENGTHS:
        match = pattern.search(lower)
        if match is not None and int(match[1]) >= _SHORTEST:
            return int(match[1])
    return None


def _sentence(text: str) -> str:
    """The message of an error in JSON; a text of another form is not shown."""
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = cast("list[Any]", value)[0]
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            value = next((fields[name] for name in _MESSAGES if fields.get(name)), "")
    return value if isinstance(value, str) else ""


def _without_secrets(sentence: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        if secret:
            sentence = sentence.replace(secret, "***")
    printable = "".join(char if char.isprintable() else " " for char in sentence)
    shown = " ".join(_SECRET.sub("***", printable).split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
