"""The graph. The wiring at the end reads like the picture in docs/architecture.md."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from functools import lru_cache
from typing import Any, Protocol

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from clara.agent import routing
from clara.agent.state import Deps, Outcome, State
from clara.agent.steps.act import act
from clara.agent.steps.answer import answer
from clara.agent.steps.assess import assess
from clara.agent.steps.augment import augment
from clara.agent.steps.detect import detect
from clara.agent.steps.gauge import gauge
from clara.agent.steps.grade import grade
from clara.agent.steps.localize import localize
from clara.agent.steps.retrieve import retrieve
from clara.agent.steps.rewrite import another_round, rewrite
from clara.agent.steps.search import search
from clara.agent.steps.translate import translate
from clara.agent.steps.verify import verify
from clara.agent.steps.vote import vote
from clara.agent.steps.weigh import weigh
from clara.agent.strategies import Strategy
from clara.config import Settings
from clara.events import Event, StepFinished, StepStarted
from clara.runtime.tracing import span
from clara.types import TraceStep

Step = Callable[[State, Deps], Awaitable[Outcome]]
Announcement = Callable[[State], Event]
Graph = CompiledStateGraph[State, Deps, State, State]


class Node(Protocol):
    """What LangGraph calls."""

    async def __call__(self, state: State, runtime: Runtime[Deps]) -> dict[str, Any]: ...


def node(name: str, step: Step, announce: Announcement | None = None) -> Node:
    """Wrap a step as a graph node that times it, traces it and reports it to the listeners.

    Args:
        name: of the step, in events and traces.
        step: what the node does.
        announce: the event that the step is announced by, where it has one.
    """

    async def run(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
        deps = runtime.context
        turn = state.get("round", 0)
        if announce is not None:
            deps.emit(announce(state))
        deps.emit(StepStarted(name, turn))
        begin = time.perf_counter()
        with span(f"step {name}", {"clara.step": name, "clara.round": turn}):
            outcome = await step(state, deps)
        seconds = time.perf_counter() - begin
        deps.emit(StepFinished(name, turn, seconds, outcome.detail))
        return {**outcome.update, "usage": outcome.usage, "trace": (TraceStep(name, seconds, outcome.detail),)}

    return run


def route(decide: Callable[[State, Strategy, Settings], str]) -> Callable[[State, Runtime[Deps]], str]:
    """Turn a pure routing function into a graph edge."""

    def edge(state: State, runtime: Runtime[Deps]) -> str:
        return decide(state, runtime.context.strategy, runtime.context.settings)

    return edge


NODES: dict[str, Step] = {
    "detect": detect,
    "translate": translate,
    "assess": assess,
    "gauge": gauge,
    "augment": augment,
    "act": act,
    "retrieve": retrieve,
    "grade": grade,
    "search": search,
    "rewrite": rewrite,
    "weigh": weigh,
    "answer": answer,
    "verify": verify,
    "vote": vote,
    "localize": localize,
}
"""A node for every name of :data:`clara.agent.strategies.STEPS`."""
ANNOUNCEMENTS: dict[str, Announcement] = {"rewrite": another_round}
"""Step to the event that comes before it starts, where there is one."""


@lru_cache(maxsize=1)
def build_graph() -> Graph:
    """The compiled graph; one serves all questions, strategies and threads."""
    graph = StateGraph(State, context_schema=Deps)
    for name, step in NODES.items():
        graph.add_node(name, node(name, step, ANNOUNCEMENTS.get(name)))

    def branch(origin: str, decide: Callable[[State, Strategy, Settings], str], *targets: str) -> None:
        nodes: dict[Hashable, str] = dict(zip(targets, targets, strict=True))
        if "end" in nodes:
            nodes["end"] = END
        graph.add_conditional_edges(origin, route(decide), nodes)

    choosing = ("weigh", "answer")
    ahead = ("gauge", "augment", "act", "retrieve", *choosing)
    graph.add_edge(START, "detect")
    branch("detect", routing.after_detect, "translate", *ahead)
    branch("translate", routing.after_translate, "assess", *ahead)
    branch("assess", routing.after_assess, "translate", *ahead)
    branch("gauge", routing.after_gauge, "augment", "act", "retrieve", *choosing)
    branch("augment", routing.after_augment, "act", "retrieve", *choosing)
    branch("act", routing.after_act, "retrieve", "search", "answer")
    branch("retrieve", routing.after_retrieve, "act", "grade", *choosing)
    branch("grade", routing.after_grade, "rewrite", "search", *choosing)
    branch("search", routing.after_search, "act", "grade", *choosing)
    branch("rewrite", routing.after_rewrite, "retrieve", "search", "vote", "localize", "end", *choosing)
    branch("weigh", routing.after_weigh, "answer", "localize", "end")
    branch("answer", routing.after_answer, "verify", "vote", "localize", "end")
    branch("verify", routing.after_verify, "rewrite", "vote", "localize", "end")
    branch("vote", routing.after_vote, "localize", "end")
    graph.add_edge("localize", END)
    return graph.compile()
