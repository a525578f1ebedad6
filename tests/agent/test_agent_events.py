"""Events come in the order of the work, and the last is the answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from clara.agent.strategies import STRATEGIES, get_strategy
from clara.errors import BackboneRefused
from clara.events import Event, Final, Retry, StepFinished, StepStarted
from clara.tasks.model import TaskResult
from tests.agent.fakes import REFUSE, SPANISH, Script, agent, steps


async def events_of(script: Script, strategy: str = "clara", **settings: Any) -> list[Event]:
    return [event async for event in agent(script, **settings).stream(SPANISH, get_strategy(strategy))]


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_events_follow_the_trace_and_end_with_final(strategy: str) -> None:
    *before, last = await events_of(Script(), strategy)
    assert isinstance(last, Final)
    expected = [(kind, step) for step in steps(last.answer) for kind in (StepStarted, StepFinished)]
    told = [(type(event), event.step) for event in before if isinstance(event, StepStarted | StepFinished)]
    assert told == expected
    assert len(told) == len(before)


async def test_each_retry_stands_before_its_rewrite_with_the_reason() -> None:
    events = await events_of(Script(verify=REFUSE), rounds=3)
    places = [number for number, event in enumerate(events) if isinstance(event, Retry)]
    assert [events[place] for place in places] == [Retry(1, REFUSE.reason), Retry(2, REFUSE.reason)]
    assert [events[place + 1] for place in places] == [StepStarted("rewrite", 1), StepStarted("rewrite", 2)]
    assert sum(isinstance(event, Final) for event in events) == 1


async def test_a_finished_step_carries_what_the_trace_holds() -> None:
    *before, last = await events_of(Script())
    assert isinstance(last, Final)
    finished = [event.detail for event in before if isinstance(event, StepFinished)]
    assert finished == [step.detail for step in last.answer.trace]


async def test_stream_and_run_give_the_same_answer() -> None:
    streamed = (await events_of(Script()))[-1]
    assert isinstance(streamed, Final)
    ran = await agent(Script()).run(SPANISH, get_strategy("clara"))
    timeless = [{**a.to_json(), "usage": 0, "trace": steps(a)} for a in (streamed.answer, ran)]
    assert timeless[0] == timeless[1]


async def test_an_error_ends_the_stream_as_an_exception_after_the_events_before_it() -> None:
    seen: list[Event] = []
    with pytest.raises(BackboneRefused, match="401"):
        async for event in agent(Script(grade=BackboneRefused("401"))).stream(SPANISH, get_strategy("clara")):
            seen.append(event)
    assert seen[-1] == StepStarted("grade", 1)


async def test_closing_the_stream_cancels_the_work_before_it_returns() -> None:
    began, cancelled = asyncio.Event(), False

    class Stuck(Script):
        async def perform(self, task: Any, inputs: Any, **_more: Any) -> TaskResult[Any]:
            nonlocal cancelled
            began.set()
            try:
                return await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                cancelled = True
                raise

    async with contextlib.aclosing(agent(Stuck()).stream(SPANISH, get_strategy("direct"))) as stream:
        async for event in stream:
            if event == StepStarted("answer", 0):
                break
        await began.wait()
        assert not cancelled
    assert cancelled


async def test_one_agent_answers_many_questions_at_once_without_mixing_them() -> None:
    one = agent(Script())
    answers = await asyncio.gather(*(one.run(SPANISH, get_strategy(name)) for name in STRATEGIES for _ in range(5)))
    expected = [name for name in STRATEGIES for _ in range(5)]
    for answer, name in zip(answers, expected, strict=True):
        assert ("verify" in steps(answer)) == name.startswith("clara")
        assert ("act" in steps(answer)) == (name == "react")
        assert len(steps(answer)) == len(set(steps(answer))) + (name == "react")  # it acts twice
