"""The graph: a node for every step, and what a node reports around its step."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.graph import ANNOUNCEMENTS, NODES, build_graph, node
from clara.agent.state import Deps, Outcome, State
from clara.agent.strategies import STEPS, get_strategy
from clara.config import Settings
from clara.events import Event, Retry, StepFinished, StepStarted
from clara.types import TraceStep, Usage
from tests.agent.fakes import SPANISH, Script, Shelf, Words


class Runtime:
    """What LangGraph hands to a node."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.context = Deps(
            Script(), Shelf(), Words(), Settings.plain(), get_strategy("clara"), uses_model=True, emit=self.events.append
        )


async def counted(_state: State, _deps: Deps) -> Outcome:
    return Outcome({"query": "lens"}, {"fact": 1}, Usage(calls=2))


def test_every_step_of_the_strategies_is_a_node_of_the_graph() -> None:
    assert tuple(NODES) == STEPS
    assert set(STEPS) <= set(build_graph().get_graph().nodes)


def test_one_graph_serves_all_questions() -> None:
    assert build_graph() is build_graph()


def test_every_edge_leads_to_a_node() -> None:
    drawn = build_graph().get_graph()
    reached = {edge.target for edge in drawn.edges}
    assert reached == set(drawn.nodes) - {"__start__"}


async def test_a_node_reports_its_step_and_returns_its_change_with_usage_and_trace() -> None:
    runtime: Any = Runtime()
    update = await node("retrieve", counted)(State(question=SPANISH, round=1), runtime)
    started, finished = runtime.events
    assert started == StepStarted("retrieve", 1)
    assert isinstance(finished, StepFinished)
    assert finished.detail == {"fact": 1}
    assert (update["query"], update["usage"]) == ("lens", Usage(calls=2))
    assert update["trace"] == (TraceStep("retrieve", finished.seconds, {"fact": 1}),)


@pytest.mark.parametrize(
    ("values", "event"), [({"round": 2, "reason": "too little"}, Retry(2, "too little")), ({}, Retry(0, ""))]
)
async def test_an_announced_step_reports_its_announcement_first(values: dict[str, Any], event: Retry) -> None:
    runtime: Any = Runtime()
    await node("rewrite", counted, ANNOUNCEMENTS["rewrite"])(State(question=SPANISH, **values), runtime)
    assert runtime.events[0] == event
    assert isinstance(runtime.events[1], StepStarted)


async def test_a_step_is_announced_by_its_own_event_and_not_by_its_name() -> None:
    runtime: Any = Runtime()
    await node("rewrite", counted)(State(question=SPANISH), runtime)
    assert not any(isinstance(event, Retry) for event in runtime.events)
