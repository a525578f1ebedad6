"""Answers in the form of OpenAI chat completions: Markdown for the reader, the whole answer as JSON beside it.

A draft is not sent as it is written: it is not checked yet, and in English where the answer is not. A stream brings what is
urgent at once, then the names of the steps as ``reasoning_content``, which clients show apart from the answer, then the
answer in paragraphs.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from clara.chat.export import answer_lines
from clara.errors import ClaraError
from clara.events import Final, Notice, StepStarted
from clara.language.messages import catalogue, say
from clara.service.protocol.conversation import Clarification, ReplyEvent
from clara.service.protocol.problems import problem, refusal_of
from clara.service.protocol.stream import event
from clara.types import Answer, Usage

DONE = b"data: [DONE]\n\n"
"""The end of a stream."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What all pieces of one reply have in common."""

    request_id: str
    model: str
    language: str
    """Of the names of the steps."""
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, last: Final | Clarification) -> dict[str, Any]:
        """The reply in one piece."""
        message = {"role": "assistant", "content": content_of(last, notice=True), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return self._head("chat.completion") | {"choices": [choice], "usage": usage_of(last), "clara": facts_of(last)}

    async def pieces(self, events: AsyncGenerator[ReplyEvent], *, include_usage: bool) -> AsyncGenerator[bytes]:
        """The reply as server-sent events. What fails after the first one is an event of its own, and the last."""
        begun = False
        try:
            async with aclosing(events):
                async for happened in events:
                    if not begun:
                        yield self._piece({"role": "assistant", "content": ""})
                        begun = True
                    for piece in self._pieces_of(happened, include_usage=include_usage):
                        yield piece
        except ClaraError as error:
            if not begun:
                raise
            refusal = refusal_of(error)
            yield event(problem(str(refusal), status=refusal.status, code=refusal.code, request_id=self.request_id))
            return
        yield DONE

    def _pieces_of(self, happened: ReplyEvent, *, include_usage: bool) -> Iterator[bytes]:
        if isinstance(happened, Notice):
            yield self._piece({"content": f"**{happened.text}**\n\n"})
        elif isinstance(happened, StepStarted):
            name = catalogue(self.language).get(f"step_{happened.step}", happened.step)
            yield self._piece({"reasoning_content": f"{name}\n"})
        elif isinstance(happened, Final | Clarification):
            for paragraph in content_of(happened, notice=False).split("\n\n"):
                yield self._piece({"content": f"{paragraph}\n\n"})
            yield self._piece({}, finish="stop", clara=facts_of(happened))
            if include_usage:
                yield event(self._head("chat.completion.chunk") | {"choices": [], "usage": usage_of(happened)})

    def _piece(self, delta: dict[str, Any], *, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event(self._head("chat.completion.chunk") | {"choices": [choice]} | more)

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": f"chatcmpl-{self.request_id}", "object": kind, "created": self.created, "model": self.model}


def content_of(last: Final | Clarification, *, notice: bool) -> str:
    """The reply as a reader sees it, in Markdown."""
    if isinstance(last, Clarification):
        head = f"**{last.notice}**\n\n" if last.notice and notice else ""
        return head + last.text
    answer = last.answer
    lines = answer_lines(answer, notice=notice)
    known = catalogue(answer.language)
    for warning in warnings_of(answer):
        lines += [f"*{known.get(warning, warning)}*", ""]
    lines.append(f"*{say('not_a_device', answer.language)}*")
    return "\n".join(lines)


def warnings_of(answer: Answer) -> list[str]:
    """The warnings without the sentence that an error left among them, which names servers and folders."""
    return [warning for warning in answer.warnings if not (answer.failure and warning == answer.verdict.reason)]


def answer_json(answer: Answer) -> dict[str, Any]:
    """The shape of ``ask --json``, without the words of an error that are for the operator only."""
    value = answer.to_json()
    if answer.failure == "no_response" and not answer.trace:
        value["warnings"] = warnings_of(answer)
        value["verdict"] = value["verdict"] | {"reason": ""}
    return value


def facts_of(last: Final | Clarification) -> dict[str, Any]:
    """What programs read beside the Markdown: the answer with its citations, or the question back."""
    if isinstance(last, Clarification):
        return {"clarification": last.text, "notice": last.notice, "language": last.language}
    return answer_json(last.answer)


def usage_of(last: Final | Clarification) -> dict[str, Any]:
    """Tokens that the model server counted for all calls of this answer; 0 in the embedded profile."""
    usage = last.answer.usage if isinstance(last, Final) else Usage()
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_prompt_tokens},
    }
