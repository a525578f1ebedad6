"""CLARA's own interface: one question or many, with the JSON of ``clara ask --json``, and events on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy, get_strategy
from clara.api import make_question
from clara.errors import ClaraError, RequestRefused
from clara.events import REQUEST_ID, Event, Final, Notice, Retry, StepFinished, StepStarted
from clara.service.protocol.completions import answer_json
from clara.service.protocol.problems import problem, refusal_of
from clara.service.protocol.shapes import AskRequest, BatchRequest
from clara.service.protocol.strategies import model_name
from clara.service.protocol.stream import EventStream, event, until_left
from clara.service.routes.shared import PROBLEMS, caller_of, service_of
from clara.service.service import Service
from clara.types import Answer, Question

router = APIRouter(tags=["CLARA"])
_AT_ONCE = 8
"""Questions of one batch that work at once."""


@router.post("/v1/ask", responses=PROBLEMS)
async def ask(request: Request, body: AskRequest) -> Response:
    """Answer one question.

    With `stream` the reply is server-sent events: `notice` (urgent, always first), `step_started`, `step_finished`, `retry`,
    then `answer` with the same JSON, or `error`.
    """
    service, caller = service_of(request), caller_of(request)
    body.check(service.options.max_question)
    work = _work(service, body)
    service.rate.take(caller)
    if body.stream:
        events = service.counted(service.agent.stream(work.question, work.strategy), caller, work.model)
        return EventStream(_encoded(events))
    answer = await until_left(request.receive, _answer(service, service.agent, work, caller))
    return JSONResponse(answer_json(answer))


@router.post("/v1/ask/batch", responses=PROBLEMS)
async def ask_batch(request: Request, body: BatchRequest) -> Response:
    """Answer many questions: `{"answers": [...]}` in their order, each an answer or `{"error": ...}`.

    With `stream` each is a server-sent event `answer` with its `index` as soon as it is there, and `done` ends them.
    """
    service, caller = service_of(request), caller_of(request)
    questions = body.requests
    if len(questions) > service.options.max_batch:
        raise RequestRefused(
            f"a batch has {service.options.max_batch} questions at most, this one {len(questions)}",
            status=413,
            code="batch_too_large",
        )
    service.rate.take(caller, len(questions))
    results = _batch(service, questions, caller)
    if body.stream:
        return EventStream(_encoded_batch(results))
    return JSONResponse({"answers": await until_left(request.receive, _in_order(results, len(questions)))})


@dataclass(frozen=True, slots=True)
class _Work:
    """A question and how it is answered."""

    question: Question
    strategy: Strategy
    model: str
    """The whole strategy, of which steps may be left out: figures know no combinations."""


def _work(service: Service, body: AskRequest) -> _Work:
    """Raises: UsageError: something in the request names nothing."""
    question = make_question(body.question, options=body.options, language=body.language)
    strategy = get_strategy(body.strategy or service.settings.strategy)
    return _Work(question, strategy.without(*body.without), model_name(strategy.name))


async def _answer(service: Service, agent: Agent, work: _Work, caller: str) -> Answer:
    async with service.work(caller, work.model) as keep:
        answer = await agent.run(work.question, work.strategy)
        keep(answer)
    return answer


async def _encoded(events: AsyncGenerator[Event]) -> AsyncGenerator[bytes]:
    begun = False
    try:
        async with aclosing(events):
            async for happened in events:
                encoded = _event(happened)
                if encoded is not None:
                    yield encoded
                    begun = True
    except ClaraError as error:
        if not begun:
            raise
        yield event(_problem(error), "error")


def _event(happened: Event) -> bytes | None:
    """One event as it is sent; drafts are not."""
    if isinstance(happened, Notice):
        return event({"text": happened.text}, "notice")
    if isinstance(happened, StepStarted):
        return event({"step": happened.step, "round": happened.round}, "step_started")
    if isinstance(happened, StepFinished):
        facts = {"step": happened.step, "round": happened.round, "seconds": round(happened.seconds, 4)}
        return event(facts | {"detail": dict(happened.detail)}, "step_finished")
    if isinstance(happened, Retry):
        return event({"round": happened.round, "reason": happened.reason}, "retry")
    if isinstance(happened, Final):
        return event(answer_json(happened.answer), "answer")
    return None


def _problem(error: ClaraError) -> dict[str, Any]:
    refusal = refusal_of(error)
    return problem(str(refusal), status=refusal.status, code=refusal.code, request_id=REQUEST_ID.get())


async def _batch(service: Service, questions: list[AskRequest], caller: str) -> AsyncGenerator[tuple[int, dict[str, Any]]]:
    """Place and result of each question, as they come."""
    agent, turn = service.agent, asyncio.Semaphore(min(_AT_ONCE, service.options.max_concurrent))

    async def one(place: int, body: AskRequest) -> tuple[int, dict[str, Any]]:
        async with turn:
            try:
                body.check(service.options.max_question)
                return place, answer_json(await _answer(service, agent, _work(service, body), caller))
            except ClaraError as error:
                return place, _problem(error)

    tasks = [asyncio.create_task(one(place, body)) for place, body in enumerate(questions)]
    try:
        for result in asyncio.as_completed(tasks):
            yield await result
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _in_order(results: AsyncGenerator[tuple[int, dict[str, Any]]], number: int) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = [{}] * number
    async with aclosing(results):
        async for place, answer in results:
            answers[place] = answer
    return answers


async def _encoded_batch(results: AsyncGenerator[tuple[int, dict[str, Any]]]) -> AsyncGenerator[bytes]:
    number = 0
    async with aclosing(results):
        async for place, answer in results:
            number += 1
            yield event({"index": place, "answer": answer}, "answer")
    yield event({"answers": number}, "done")
