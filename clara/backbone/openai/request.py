"""A task as a chat completion: messages, limits, constraint, thinking or not; and the reply as the task's output."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from clara.backbone.base import BackboneInfo
from clara.backbone.openai.capabilities import Capabilities
from clara.backbone.openai.content import object_at_end
from clara.backbone.openai.labels import TOP, TOP_IN_JSON, confidence_of
from clara.backbone.openai.reply import AnswerTeller, Completion
from clara.backbone.openai.structured import Misfit, letters_of, read_letter, read_reply, reply_schema
from clara.config import Settings
from clara.events import REQUEST_ID
from clara.tasks.model import ChoiceOut, Task, TaskModel
from clara.tasks.prompts import Message, Prompt
from clara.types import Usage

_BLANK = "it was cut off while it wrote white space"
_BLANK_TAIL = 20
"""Characters of white space at the end of a cut-off reply that show a schema with free white space (docs/serving.md)."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WORDY = 48
"""Tokens for one letter where nothing holds the model to it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is known of the server when a request is built."""

    info: BackboneInfo
    can: Capabilities


@dataclass(slots=True)
class Request:
    """One task on its way; ``inputs`` loses passages if they do not fit."""

    task: Task[Any, Any]
    inputs: TaskModel
    prompt: Prompt
    seed: int
    temperature: float
    teller: AnswerTeller | None = None
    extra: list[Message] = field(default_factory=list[Message])
    """The refused reply and what was wrong with it, the second time."""
    notes: list[str] = field(default_factory=list[str])
    usage: Usage = Usage()
    unkept: bytes | None = None
    """Cache key of the last reply, if that came fresh from the server."""

    @property
    def letters(self) -> list[str]:
        """The letters whose probability is wanted."""
        if self.in_letter_form or self.task.output is ChoiceOut:
            return letters_of(self.inputs)
        return []

    @property
    def in_letter_form(self) -> bool:
        """True if the reply is a letter alone."""
        return self.task.form == "letter"

    def render(self, inputs: TaskModel) -> list[Message]:
        """The messages for an input of this task."""
        return [*self.prompt.render(inputs), *self.extra]


def reply_tokens(request: Request, setup: Setup, settings: Settings) -> int:
    """Most tokens of the reply, thinking included."""
    tokens = request.prompt.max_tokens
    if request.in_letter_form and "structured_outputs" not in constraint(request, setup.can):
        tokens = max(tokens, _WORDY)
    thinking, part = 0, 2
    if _will_think(setup.can, thinking_switch(request, setup.can, settings)):
        thinking, part = settings.thinking_tokens, 4
    length = setup.info.context_length
    if length is not None:
        # a short context must hold the prompt too
        tokens, thinking = max(1, min(tokens, length // part)), min(thinking, length // 2)
    return tokens + thinking


def _will_think(can: Capabilities, switch: bool | None) -> bool:
    """True if the model thinks before its reply; one that has no switch does so whatever it is sent."""
    if switch is True:
        return True
    if switch is False and can.thinking_switch:
        return False
    return can.thinks


def body_of(request: Request, messages: list[Message], max_tokens: int, setup: Setup, settings: Settings) -> dict[str, Any]:
    """The request's body, without streaming, which does not change the reply."""
    body: dict[str, Any] = {
        "model": setup.info.model,
        "messages": messages,
        "max_tokens": max_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
        **constraint(request, setup.can),
    }
    if setup.can.logprobs and request.letters:
        top = TOP if request.in_letter_form else TOP_IN_JSON
        body |= {"logprobs": True, "top_logprobs": min(top, setup.can.logprobs)}
    think = thinking_switch(request, setup.can, settings)
    if think is not None:
        body["chat_template_kwargs"] = {"enable_thinking": think}
    return body


def encoded(body: dict[str, Any]) -> bytes:
    """The body as it is sent and as it is keyed in the cache."""
    return _encode(body).encode()


def constraint(request: Request, can: Capabilities) -> dict[str, Any]:
    """What holds the reply to its form, as far as the server can: never more than one way at once."""
    if request.in_letter_form:
        letters = letters_of(request.inputs)
        if can.choice == "yes":
            return {"structured_outputs": {"choice": letters}}
        if can.regex == "yes":
            return {"structured_outputs": {"regex": f"[{''.join(letters)}]"}}
        if can.json_schema != "yes":
            return {}
    return _json_constraint(request.task.name, reply_schema(request.task.output, request.inputs), can)


def _json_constraint(name: str, schema: dict[str, Any], can: Capabilities) -> dict[str, Any]:
    portable = {"response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}}
    if can.json_schema == "yes":
        return portable
    if can.structured_json == "yes":
        return {"structured_outputs": {"json": schema}}
    if can.json_schema == "ignored":
        return portable
    return {}


def thinking_switch(request: Request, can: Capabilities, settings: Settings) -> bool | None:
    """Whether the model is told to think; None where it is left to itself.

    ``thinking = "on"`` or ``"off"`` is sent to every server. By default a step whose prompt says ``thinking: false``, and a
    reply of one letter, switch it off, on servers with a model that thinks and can be told not to.
    """
    quiet = request.prompt.thinking is False or request.in_letter_form
    if settings.thinking != "default":
        return settings.thinking == "on" and not quiet
    if not can.thinking_switch:
        return None
    if quiet:
        return False
    return request.prompt.thinking


def read_output(request: Request, reply: Completion) -> TaskModel:
    """The reply as the task's output, its confidence measured where the server gave log-probabilities.

    Raises:
        Misfit: it is not what was asked for.
    """
    is_whole = not request.in_letter_form and bool(object_at_end(reply.visible))
    if reply.finish == "length" and not is_whole:
        if reply.text[-_BLANK_TAIL:].isspace():
            raise Misfit(_BLANK)
        raise Misfit("it was cut off before its end; be shorter")
    if request.in_letter_form:
        letter = read_letter(reply.visible, request.inputs)
        confidence, margin = confidence_of(letter.label, _measured(reply, letter.label))
        return letter.model_copy(
            update={"confidence": confidence, "margin": margin, "probabilities": dict(reply.letters or {})}
        )
    output: TaskModel = read_reply(reply.visible, request.task.output, request.inputs)
    if isinstance(output, ChoiceOut):
        measured, _ = confidence_of(output.label.upper(), _measured(reply, output.label.upper()))
        if measured is not None:
            return output.model_copy(update={"confidence": measured})
    return output


def repair(request: Request, reply: str, reason: str) -> list[Message]:
    """What is said to a model whose reply was not what was asked for."""
    form = "the one letter" if request.in_letter_form else "the one JSON object"
    ask = f"That reply cannot be used: {reason}. Reply again with {form} that was asked for, and nothing else."
    return [{"role": "assistant", "content": reply[:2000] or "{}"}, {"role": "user", "content": ask}]


def _measured(reply: Completion, label: str) -> dict[str, float] | None:
    """The probabilities, if they are those of the token that gave the label."""
    if reply.letter != label:
        return None
    return reply.letters


def span_facts(request: Request, body: dict[str, Any], shown: str) -> dict[str, Any]:
    """What a span says of a call: no text. Which of several servers is asked is not known yet."""
    server = urlsplit(shown if ", " not in shown else "")
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",  # the protocol; the address says whose server it is
        "gen_ai.request.model": body["model"],
        "gen_ai.request.max_tokens": body["max_tokens"],
        "gen_ai.request.temperature": body["temperature"],
        "gen_ai.request.seed": body["seed"],
        "gen_ai.output.type": "json" if "response_format" in body else "text",
        "server.address": server.hostname,
        "server.port": server.port,
        "clara.task": request.task.name,
        "clara.request_id": REQUEST_ID.get(),
    }
