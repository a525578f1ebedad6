"""A language model behind any OpenAI-compatible server, as a backbone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any, cast

import httpx

from clara.backbone.base import BackboneInfo, Skills, TokenSink
from clara.backbone.openai.budget import TokenEstimate, fit, left_out
from clara.backbone.openai.cache import ReplyCache, SingleFlight, reply_key
from clara.backbone.openai.capabilities import Capabilities, Remembered, count_tokens, probe
from clara.backbone.openai.reply import AnswerTeller, Completion, read_completion, read_stream
from clara.backbone.openai.request import (
    Request,
    Setup,
    body_of,
    constraint,
    encoded,
    read_output,
    repair,
    reply_tokens,
    span_facts,
    thinking_switch,
)
from clara.backbone.openai.skills import measure
from clara.backbone.openai.structured import Misfit, shown_passages, with_passages
from clara.backbone.servers.greeting import greet
from clara.backbone.servers.refusals import names_parameter
from clara.backbone.servers.servers import ModelServers
from clara.config import Settings
from clara.errors import BackboneError, BackboneRefused, ContextOverflow
from clara.runtime.tracing import span
from clara.tasks.model import I, O, Task, TaskResult
from clara.tasks.prompts import Message, PromptLibrary
from clara.types import Usage

_STREAM = {"stream": True, "stream_options": {"include_usage": True}}
_CACHED = "answered from the reply cache"
_log = logging.getLogger(__name__)


class OpenAIBackbone:
    """Performs each task as one chat completion with a structured reply."""

    def __init__(self, servers: ModelServers, prompts: PromptLibrary, settings: Settings) -> None:
        folder = settings.home / "cache"
        self.servers = servers
        self._prompts = prompts
        self._settings = settings
        self._cache = ReplyCache(folder / "replies.sqlite", settings.cache_size_mb) if settings.cache else None
        self._flights = SingleFlight()
        self._remembered = Remembered(folder / "servers.json", Capabilities)
        self._skills_of = Remembered(folder / "skills.json", Skills)
        self._estimate = TokenEstimate()
        self._asking = asyncio.Lock()
        self._measuring = asyncio.Lock()
        self._skills: Skills | None = None
        self._info: BackboneInfo | None = None
        self._setup: Setup | None = None
        self._from_memory = False
        """True while the capabilities come from an earlier process."""

    @classmethod
    def from_settings(cls, settings: Settings) -> OpenAIBackbone:
        """A client for the servers that the settings name; connects on the first call."""
        return cls(ModelServers(settings), PromptLibrary(settings.prompts), settings)

    @property
    def concurrency(self) -> int:
        """Requests that may be in flight now: the setting, or what the servers were found to take. It changes."""
        return self.servers.limiter.limit

    async def info(self) -> BackboneInfo:
        """The model's name and context length, asked for once.

        Raises:
            BackboneError: no server can be reached, or one refuses or does not have the model.
        """
        async with self._asking:
            return await self._greeted()

    async def capabilities(self, *, afresh: bool = False) -> Capabilities:
        """What works on the server; found out by small calls the first time. Raises: see :meth:`info`.

        Args:
            afresh: do not believe what an earlier process found out.
        """
        if afresh:
            self._forget()
            self._setup = None
        return (await self._ready()).can

    async def skills(self) -> Skills:
        """What the model does well, measured by small trials at first use and remembered. Raises: see :meth:`info`."""
        async with self._measuring:
            if self._skills is None:
                self._skills = await self.known_skills() or await self._measured()
            return self._skills

    async def known_skills(self) -> Skills | None:
        """What was measured before, by this process or another; None if nothing was. Raises: see :meth:`info`."""
        if self._skills is not None:
            return self._skills
        return self._skills_of.get(self._skills_key(await self.info()))

    async def _measured(self) -> Skills:
        skills = await measure(self)
        self._skills_of.put(self._skills_key(await self.info()), skills)
        return skills

    def _skills_key(self, info: BackboneInfo) -> str:
        """The server and the prompts: with other prompts a model may do other things well."""
        return f"{self._memory_key(info)} {self._prompts.fingerprint}"

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
        prompt = self._prompts[task.name]
        warmth = next(t for t in (temperature, prompt.temperature, self._settings.temperature) if t is not None)
        if seed is None:
            seed = self._settings.seed
        request = Request(task, inputs, prompt, seed, warmth)
        if on_token is not None and "answer" in task.output.model_fields:
            request.teller = AnswerTeller(on_token)
        reply, reason = Completion(), ""

        def notes() -> tuple[str, ...]:
            return (*left_out(inputs, request.inputs), *request.notes)

        for turn in range(2):
            try:
                reply = await self._reply(request)
            except ContextOverflow:
                if turn == 0:
                    raise
                break  # there is no room to say what was wrong
            if self._settings.keep_thinking and reply.thoughts:
                request.notes.append(f"thinking: {reply.thoughts}")
            if not reply.visible and reply.finish != "length":
                reason = "the model's reply was empty"
                return TaskResult(None, request.usage, "no_response", reason, reply.text, notes())
            try:
                output = read_output(request, reply)
                if self._cache is not None and request.unkept is not None:
                    self._cache.put(request.unkept, reply)
                return TaskResult(cast("O", output), request.usage, notes=notes())
            except Misfit as error:
                reason = str(error)
                request.notes.append(f"the reply did not fit: {reason}")
                request.extra, request.teller = repair(request, reply.visible, reason), None
        return TaskResult(None, request.usage, "unparsed", reason, reply.text, notes())

    async def aclose(self) -> None:
        """Close the connections and the cache."""
        await self._flights.aclose()
        await self.servers.aclose()
        if self._cache is not None:
            await self._cache.aclose()

    # --- one reply -------------------------------------------------------------------------------------------------

    async def _reply(self, request: Request) -> Completion:
        """A reply to the request as it fits the server; what was refused once is tried with less.

        A reply that shows that the server is not what was remembered is asked for again, as the server is now.
        A status of 400 without a word may mean a prompt too long; what names a parameter does not.
        """
        exact = False
        while True:
            setup = await self._ready()
            messages, tokens = await self._fitted(request, setup, exact=exact)
            try:
                reply = await self._cached(request, body_of(request, messages, tokens, setup, self._settings), setup)
            except ContextOverflow as error:
                if not self._learns_length(error.length, setup) and not _drop_passage(request):
                    raise
                continue
            except BackboneRefused as error:
                if error.status not in (400, 422) or names_parameter(error.detail):
                    raise
                if not await self._probed_again(setup):
                    if not _shorten(request, setup, exact=exact):
                        raise
                    exact = True
                continue
            if reply.usage.prompt_tokens:
                self._estimate.learn(messages, reply.usage.prompt_tokens)
            request.usage += reply.usage
            if not await self._outdated(request, reply, setup):
                return reply
            request.notes.append("asked again: the model server is not what was remembered of it")
            if request.teller is not None:
                request.teller.begin_again()

    async def _fitted(self, request: Request, setup: Setup, *, exact: bool) -> tuple[list[Message], int]:
        """Messages that fit, and the tokens for the reply; ``exact`` lets the server count them in any case."""
        tokens = reply_tokens(request, setup, self._settings)
        length = setup.info.context_length
        switch = thinking_switch(request, setup.can, self._settings)
        template: dict[str, Any] = {}
        if switch is not None:
            template["chat_template_kwargs"] = {"enable_thinking": switch}

        async def count(messages: list[Message]) -> int | None:
            if not setup.can.tokenize:
                return None
            return await count_tokens(self.servers, setup.info.model, messages, **template)

        room: int | None = None
        if length is not None:
            room = length - tokens
        request.inputs, messages, fits = await fit(
            request.inputs, request.render, room=room, estimate=self._estimate, count=count, exact=exact
        )
        if not fits:
            raise ContextOverflow(
                f"the prompt of {request.task.name!r} and its reply of {tokens} tokens do not fit the {length} tokens of "
                f"context of {setup.info.model!r} at {self.servers.shown}, even with no passage; use a longer context",
                url=self.servers.shown,
            )
        return messages, tokens

    async def _cached(self, request: Request, body: dict[str, Any], setup: Setup) -> Completion:
        """The reply from the cache, from an identical call in flight, or from a server."""
        plain, request.unkept = encoded(body), None
        if self._cache is None:
            return await self._sent(request, body, plain)
        key = reply_key((replica.shown for replica in self.servers.pool.replicas), setup.info, plain)
        reply = await self._cache.get(key)
        if reply is not None:
            request.notes.append(_CACHED)
            if request.teller is not None:
                request.teller(reply.visible)
            return reply

        try:
            reply, joined = await self._flights.do(key, lambda: self._sent(request, body, plain))
        except asyncio.CancelledError:
            if request.teller is not None:
                request.teller.sink = None  # others may still wait for this reply
            raise
        if joined:
            request.notes.append("answered with an identical call in flight")
            if request.teller is not None:
                request.teller(reply.visible)
            return replace(reply, usage=Usage(cached_calls=1))
        request.unkept = key
        return reply

    async def _sent(self, request: Request, body: dict[str, Any], plain: bytes) -> Completion:
        with span(f"chat {body['model']}", span_facts(request, body, self.servers.shown), client=True) as opened:
            reply = await self._exchanged(request, body, plain)
            if opened is not None:
                opened.set_attributes(
                    {
                        "gen_ai.response.finish_reasons": [reply.finish],
                        "gen_ai.usage.input_tokens": reply.usage.prompt_tokens,
                        "gen_ai.usage.output_tokens": reply.usage.completion_tokens,
                    }
                )
            return reply

    async def _exchanged(self, request: Request, body: dict[str, Any], plain: bytes) -> Completion:
        teller = request.teller
        if teller is None:
            read = partial(read_completion, letters=request.letters, in_json=not request.in_letter_form)
            return await self.servers.chat(plain, read)

        async def read_pieces(response: httpx.Response) -> Completion:
            teller.begin_again()
            return await read_stream(response, teller, self._settings.first_token_timeout)

        first_within = self._settings.first_token_timeout
        return await self.servers.chat(encoded(body | _STREAM), read_pieces, first_within=first_within)

    # --- the server ------------------------------------------------------------------------------------------------

    async def _greeted(self) -> BackboneInfo:
        if self._info is None:
            self._info = await greet(self.servers, self._settings.model, self._settings.retries)
            self.servers.liveness.model = self._info.model
        return self._info

    async def _ready(self) -> Setup:
        if self._setup is not None:
            return self._setup
        async with self._asking:
            if self._setup is None:
                info = await self._greeted()
                can = self._remembered.get(self._memory_key(info))
                self._from_memory = can is not None
                self._setup = Setup(info, can or await self._probe(info))
            return self._setup

    async def _probe(self, info: BackboneInfo) -> Capabilities:
        can = await probe(self.servers, info.model)
        self._remembered.put(self._memory_key(info), can)
        return can

    async def _probed_again(self, setup: Setup) -> bool:
        """Ask again what the server can do, if that was remembered from before; True if it is not what it was."""
        async with self._asking:
            if self._setup is not setup:
                return True
            if not self._from_memory:
                return False
            self._from_memory = False
            # if the server cannot be probed now, the next process does it
            self._forget()
            can = await self._probe(setup.info)
            if can != setup.can:
                self._setup = Setup(setup.info, can)
            return can != setup.can

    def _learns_length(self, length: int | None, setup: Setup) -> bool:
        """Keep the context length that a refusal named; True if prompts are fitted to a shorter one from now on."""
        if self._setup is not setup:
            return True
        known = setup.info.context_length
        if length is None or (known is not None and known <= length):
            return False
        self._info = replace(setup.info, context_length=length)
        self._setup = Setup(self._info, setup.can)
        return True

    async def _outdated(self, request: Request, reply: Completion, setup: Setup) -> bool:
        """True if the reply is not one of the server that was remembered, and the server was found to be another."""
        if reply.usage.cached_calls or not _contradicts(request, reply, setup, self._settings):
            return False
        try:
            return await self._probed_again(setup)
        except BackboneError as error:
            # there is a reply, and it may do
            _log.warning("cannot find out again what the model server can do: %s", error)
            return False

    def _forget(self) -> None:
        self._remembered.forget(replica.shown for replica in self.servers.pool.replicas)

    def _memory_key(self, info: BackboneInfo) -> str:
        return f"{self.servers.shown} {info.server} {info.model}"


def _contradicts(request: Request, reply: Completion, setup: Setup, settings: Settings) -> bool:
    """True if the server, as it was found to be, would not have given this reply."""
    can = setup.can
    if reply.thoughts and not can.thinks and thinking_switch(request, can, settings) is not True:
        return True
    if can.logprobs and request.letters and request.teller is None and reply.text and reply.letters is None:
        return True
    if not request.in_letter_form or "structured_outputs" not in constraint(request, can):
        return False
    if can.thinks and reply.finish == "length":
        return False  # the limit on tokens may end a thought, and nothing holds that to a letter
    return reply.visible not in request.letters


def _shorten(request: Request, setup: Setup, *, exact: bool) -> bool:
    """Prepare a refused request for another try; False if it cannot be shorter.

    Where the server counts tokens, once: then it is known whether the prompt was too long. Elsewhere the last passage goes.
    """
    if setup.can.tokenize and setup.info.context_length is not None:
        return not exact
    return _drop_passage(request)


def _drop_passage(request: Request) -> bool:
    """Leave the last passage out; False if there is none."""
    shown = len(shown_passages(request.inputs))
    if shown:
        request.inputs = with_passages(request.inputs, shown - 1)
    return shown > 0
