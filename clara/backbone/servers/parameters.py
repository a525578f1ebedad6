"""Parameters of a chat completion that a server refuses are left out or replaced from then on, found out by its refusals."""

from __future__ import annotations

import json
import re
from typing import Any

_DROPPED = (
    "temperature",
    "seed",
    "stream_options",
    "logprobs",
    "response_format",
    "structured_outputs",
    "chat_template_kwargs",
)
"""What a reply can do without."""
_LIMITS = ("max_tokens", "max_completion_tokens")
"""The names of the limit on a reply's tokens; a request has one of them."""
_CAP = re.compile(
    r"(?:maximum|at most|less than or equal to|max(?:imum)? (?:value|allowed)|<=|exceeds?|limit)\D{0,40}(\d{2,6})"
)
_SYSTEM = re.compile(r"system['\"`]?\s+(?:role|message|instruction|prompt)|role['\"`:\s]+system|developer instruction")
_SPOKEN_OF = re.compile(
    "|".join((*_DROPPED, "max_completion_tokens", "max_tokens", "context", _SYSTEM.pattern))
    + r"|maximum|at most|less than or equal to|max (?:value|allowed)|<=|exceeds?|limit|\b\d{2,6}\b"
)


def spoken_of(refusal: str) -> str:
    """The parameters, roles and numbers that a refusal names, in its order."""
    return " ".join(match.group() for match in _SPOKEN_OF.finditer(refusal.casefold()))


class Parameters:
    """What has to change in every request, learnt from the refusals of the servers."""

    def __init__(self) -> None:
        self._dropped: set[str] = set()
        self._renames_max = False
        self._most: int | None = None
        self._merges_system = False

    def learn(self, detail: str, body: bytes) -> bool:
        """Read a refusal of ``body``; True if it names a parameter that can still be changed.

        Args:
            detail: the server's words.
            body: the request as it was sent.
        """
        words = detail.casefold()
        sent: dict[str, Any] = json.loads(body)
        if not self._renames_max and "max_completion_tokens" in words and "max_tokens" in sent:
            self._renames_max = True
            return True
        if self._learns_cap(words, sent):
            return True
        for name in (name for name in _DROPPED if name not in self._dropped):
            if name in words and name in sent:
                self._dropped.add(name)
                return True
        if not self._merges_system and _SYSTEM.search(words) and sent["messages"][0]["role"] == "system":
            self._merges_system = True
            return True
        return False

    def applied(self, body: bytes) -> bytes:
        """The request as the servers take it."""
        if not (self._dropped or self._renames_max or self._most or self._merges_system):
            return body
        request: dict[str, Any] = json.loads(body)
        for name in self._dropped:
            request.pop(name, None)
        if "logprobs" in self._dropped:
            request.pop("top_logprobs", None)
        if self._most is not None and "max_tokens" in request:
            request["max_tokens"] = min(request["max_tokens"], self._most)
        if self._renames_max and "max_tokens" in request:
            request["max_completion_tokens"] = request.pop("max_tokens")
        if self._merges_system:
            request["messages"] = _merged(request["messages"])
        return json.dumps(request, ensure_ascii=False).encode()

    def _learns_cap(self, words: str, sent: dict[str, Any]) -> bool:
        if not any(name in words for name in _LIMITS) or "context" in words:  # a prompt too long is another matter
            return False
        tokens = max(int(sent.get(name, 0)) for name in _LIMITS)
        lower = [int(number) for number in _CAP.findall(words) if int(number) < tokens]
        if not lower:
            return False
        self._most = max(lower)
        return True


def _merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The system message at the head of the user's."""
    if len(messages) < 2 or messages[0]["role"] != "system" or messages[1]["role"] != "user":
        return messages
    user = {"role": "user", "content": f"{messages[0]['content']}\n\n{messages[1]['content']}"}
    return [user, *messages[2:]]
