"""A language model behind any OpenAI-compatible server, as a backbone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from clara.backbone.base import BackboneInfo, TokenSink
from clara.backbone.http import ModelServers
from clara.backbone.structured import (
    Misfit,
    answer_so_far,
    read_reply,
    reply_schema,
    shown_passages,
    visible,
    with_passages,
)
from clara.config import Settings
from clara.errors import BackboneError, BackboneRefused, ContextOverflow
from clara.prompts import Message, Prompt, PromptLibrary
from clara.tasks import I, O, Task, TaskModel, TaskResult
from clara.types import Usage

_CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply."""

    text: str
    finish: str
    usage: Usage


@dataclass(slots=True)
class _Request:
    """One task on its way; ``inputs`` loses passages if they do not fit."""

    task: Task[Any, Any]
    inputs: TaskModel
    prompt: Prompt
    seed: int
    temperature: float
    on_token: TokenSink | None
    notes: list[str] = field(default_factory=list[str])
    usage: Usage = Usage()


class OpenAIBackbone:
    """Performs each task as one chat completion with a structured reply."""

    def __init__(self, servers: ModelServers, prompts: PromptLibrary, settings: Settings) -> None:
        self._servers = servers
        self._prompts = prompts
        self._settings = settings
        self._info: BackboneInfo | None = None
        self._asking = asyncio.Lock()
        self._takes_schema: bool | None = None
        """None until a reply shows whether the server knows ``response_format``."""

    @classmethod
    def from_settings(cls, settings: Settings) -> OpenAIBackbone:
        """A client for the servers that the settings name; connects on the first call."""
        key = settings.api_key.get_secret_value().strip() if settings.api_key else None
        servers = ModelServers(
            settings.backbone,
            api_key=key,
            connect_timeout=settings.connect_timeout,
            timeout=settings.timeout,
            retries=settings.retries,
        )
        return cls(servers, PromptLibrary(settings.prompts), settings)

    async def info(self) -> BackboneInfo:
        """The model's name and context length, asked for once.

        Raises:
            BackboneError: the server cannot be reached, refuses, or does not have the model.
        """
        async with self._asking:
            if self._info is None:
                self._info = await self._ask_info()
            return self._info

    async def perform(
        self,
        task: Task[I, O],
        inputs: I,
        *,
        seed: int | None = None,
        temperature: float | None = None,
        on_token: TokenSink | None = None,
    ) -> TaskResult[O]:
        """Perform one task; a reply that does not fit is asked for once more. See :class:`Backbone`."""
        sink = on_token if task.name == "answer_text" else None
        prompt = self._prompts[task.name]
        warmth = next(t for t in (temperature, prompt.temperature, self._settings.temperature) if t is not None)
        request = _Request(task, inputs, prompt, self._settings.seed if seed is None else seed, warmth, sink)
        reply, extra, reason = Completion("", "", Usage()), list[Message](), ""
        for _ in range(2):
            reply = await self._complete(request, extra)
            if not visible(reply.text) and reply.finish != "length":
                reason = "the model's reply was empty"
                return TaskResult(None, request.usage, "no_response", reason, reply.text, tuple(request.notes))
            try:
                if reply.finish == "length":
                    raise Misfit(f"the reply was cut off at {request.prompt.max_tokens} tokens; be shorter")
                output = read_reply(reply.text, task.output, request.inputs)
                return TaskResult(output, request.usage, notes=tuple(request.notes))
            except Misfit as error:
                reason = str(error)
                request.notes.append(f"the reply did not fit: {reason}")
                extra = _repair(reply.text, reason)
                request.on_token = None
        return TaskResult(None, request.usage, "unparsed", reason, reply.text, tuple(request.notes))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._servers.aclose()

    async def _complete(self, request: _Request, extra: list[Message]) -> Completion:
        """One reply, with fewer passages or without a schema where the server does not take the request as it is.

        A 400 may mean either; what it says is not read, only tried.
        """
        everything = len(shown_passages(request.inputs))
        while True:
            try:
                return await self._with_or_without_schema(request, extra)
            except BackboneRefused as error:
                left = len(shown_passages(request.inputs))
                if error.status != 400 or not everything:
                    raise
                if not left:
                    raise ContextOverflow(
                        f"the prompt of {request.task.name!r} does not fit the model at {error.url}, even with no passage; "
                        "use a model with a longer context",
                        url=error.url,
                        status=400,
                    ) from None
                request.inputs = with_passages(request.inputs, left - 1)
                note = f"left out {everything - left + 1} of {everything} passages: the prompt did not fit"
                request.notes[:] = [*(n for n in request.notes if not n.startswith("left out ")), note]

    async def _with_or_without_schema(self, request: _Request, extra: list[Message]) -> Completion:
        if self._takes_schema is not False:
            try:
                reply = await self._call(request, extra, schema=True)
            except BackboneRefused as error:
                if error.status != 400 or self._takes_schema:
                    raise
            else:
                self._takes_schema = True
                return reply
        reply = await self._call(request, extra, schema=False)
        self._takes_schema = False
        return reply

    async def _call(self, request: _Request, extra: list[Message], *, schema: bool) -> Completion:
        body = await self._body(request, extra, schema=schema)
        request.usage += Usage(calls=1)
        async with self._servers.send("POST", _CHAT, body) as response:
            if request.on_token is not None and "event-stream" in response.headers.get("content-type", ""):
                reply = await _read_stream(response.aiter_lines(), request.on_token)
            else:
                reply = _read_completion(await self._servers.json(response), self._servers.shown)
        request.usage += reply.usage
        return reply

    async def _body(self, request: _Request, extra: list[Message], *, schema: bool) -> dict[str, Any]:
        prompt, thinking = request.prompt, self._settings.thinking
        body: dict[str, Any] = {
            "model": (await self.info()).model,
            "messages": [*prompt.render(request.inputs), *extra],
            "max_tokens": prompt.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if schema:
            shape = {
                "name": request.task.name,
                "strict": True,
                "schema": reply_schema(request.task.output, request.inputs),
            }
            body["response_format"] = {"type": "json_schema", "json_schema": shape}
        if thinking != "default":
            think = thinking == "on" and prompt.thinking is not False
            body["chat_template_kwargs"] = {"enable_thinking": think}
        if request.on_token is not None:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    async def _ask_info(self) -> BackboneInfo:
        shown = self._servers.shown
        entries = _models(await self._servers.get("/v1/models"))
        names = [str(entry.get("id", "")) for entry in entries]
        model = self._settings.model or next(iter(names), None)
        if model is None:
            raise BackboneRefused(f"the model server at {shown} serves no model", url=shown)
        if model not in names:
            have = ", ".join(names) or "none"
            raise BackboneRefused(f"the model server at {shown} has no model {model!r}; it has: {have}", url=shown)
        length = entries[names.index(model)].get("max_model_len")
        return BackboneInfo(
            kind="openai",
            model=model,
            uses_model=True,
            server=await self._server_name(),
            context_length=length if isinstance(length, int) else None,
        )

    async def _server_name(self) -> str:
        """What ``/version`` says, which vLLM has and others need not."""
        try:
            found = await self._servers.get("/version")
        except BackboneError:
            return ""
        version: Any = cast("dict[str, Any]", found).get("version") if isinstance(found, dict) else None
        return f"vLLM {version}" if isinstance(version, str) else ""


def _repair(reply: str, reason: str) -> list[Message]:
    ask = f"That reply cannot be used: {reason}. Reply again with the one JSON object that was asked for, and nothing else."
    return [{"role": "assistant", "content": visible(reply)[:2000] or "{}"}, {"role": "user", "content": ask}]


def _models(found: Any) -> list[dict[str, Any]]:
    data: Any = cast("dict[str, Any]", found).get("data") if isinstance(found, dict) else None
    listed: list[Any] = cast("list[Any]", data) if isinstance(data, list) else []
    return [cast("dict[str, Any]", entry) for entry in listed if isinstance(entry, dict)]


def _read_completion(data: Any, shown: str) -> Completion:
    if not isinstance(data, dict):
        raise BackboneRefused(f"the server at {shown} does not speak the OpenAI protocol; check --backbone", url=shown)
    found = cast("dict[str, Any]", data)
    choice: dict[str, Any] = (found.get("choices") or [{}])[0]
    text = (choice.get("message") or {}).get("content")
    return Completion(text if isinstance(text, str) else "", str(choice.get("finish_reason") or ""), _usage(found))


def _usage(data: dict[str, Any]) -> Usage:
    found = data.get("usage") or {}
    details = found.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=int(found.get("prompt_tokens") or 0),
        completion_tokens=int(found.get("completion_tokens") or 0),
        cached_prompt_tokens=int(details.get("cached_tokens") or 0),
    )


async def _read_stream(lines: Any, on_token: TokenSink) -> Completion:
    """A reply from server-sent events; passes on the text of the answer as it grows."""
    text, finish, told, usage = "", "", 0, Usage()
    async for line in lines:
        payload = line.removeprefix("data:").strip()
        if not line.startswith("data:") or payload == "[DONE]":
            continue
        try:
            chunk: dict[str, Any] = json.loads(payload)
        except ValueError:
            continue
        if chunk.get("usage"):
            usage = _usage(chunk)
        # the last chunk carries the usage and no choice
        for choice in chunk.get("choices") or ():
            text += (choice.get("delta") or {}).get("content") or ""
            finish = choice.get("finish_reason") or finish
        answer = answer_so_far(visible(text))
        if len(answer) > told:
            on_token(answer[told:])
            told = len(answer)
    return Completion(text, finish, usage)
