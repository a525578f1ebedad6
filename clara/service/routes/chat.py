"""The OpenAI protocol: chat completions and the list of models."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from clara.errors import ClaraError
from clara.events import REQUEST_ID, Final
from clara.language.detection import detect_language
from clara.service.protocol.completions import Completion
from clara.service.protocol.conversation import Clarification, ReplyEvent, converse
from clara.service.protocol.shapes import ChatRequest
from clara.service.protocol.strategies import MODELS, strategy_of
from clara.service.protocol.stream import EventStream, until_left
from clara.service.routes.shared import PROBLEMS, caller_of, service_of

router = APIRouter(tags=["OpenAI protocol"])
_CREATED = 1_700_000_000
"""The protocol wants a time at which a model was made; a strategy has none, so it is the same for all."""


@router.get("/v1/models", responses=PROBLEMS)
async def models() -> dict[str, Any]:
    """The strategies as models: `clara` is the whole loop, `clara-direct` and the others are there to compare."""
    return {"object": "list", "data": [_model(name) for name in MODELS]}


@router.get("/v1/models/{model}", responses=PROBLEMS)
async def model(model: str) -> dict[str, Any]:
    """One model."""
    strategy_of(model)
    return _model(model)


def _model(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "clara",
        "description": MODELS[name].summary,
    }


@router.post("/v1/chat/completions", responses=PROBLEMS)
async def chat_completions(request: Request, body: ChatRequest) -> Response:
    """Answer the last message in the light of those before it.

    The reply is Markdown: what is urgent first, the answer, then its sources. Beside it, `clara` holds the JSON of
    `clara ask --json`, or the question that CLARA asks back. A stream names the steps as `reasoning_content`.
    """
    service, caller = service_of(request), caller_of(request)
    strategy = strategy_of(body.model)
    body.check(service.options.max_question)
    service.rate.take(caller)
    language = body.language
    replies = converse(service.agent, body.messages, strategy, language=language, interface=service.interface)
    events = service.counted(replies, caller, body.model)
    shown = detect_language(body.messages[-1].text, service.interface).code
    completion = Completion(REQUEST_ID.get(), body.model, shown)
    if body.stream:
        include_usage = body.stream_options is not None and body.stream_options.include_usage
        return EventStream(completion.pieces(events, include_usage=include_usage))
    last = await until_left(request.receive, _last(events))
    return JSONResponse(completion.whole(last))


async def _last(events: AsyncGenerator[ReplyEvent]) -> Final | Clarification:
    last: ReplyEvent | None = None
    async for happened in events:
        last = happened
    if not isinstance(last, Final | Clarification):
        raise ClaraError("the agent ended without an answer; please report this")
    return last
