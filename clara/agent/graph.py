"""The graph. The wiring at the end reads like the picture in docs/architecture.md."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Protocol

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from clara.agent import routing
from clara.agent.state import Deps, Outcome, State
from clara.agent.steps.answer import answer
from clara.agent.steps.assess import assess
from clara.agent.steps.augment import augment
from clara.agent.steps.detect import detect
from clara.agent.steps.grade import grade
from clara.agent.steps.localize import localize
from clara.agent.steps.retrieve import retrieve
from clara.agent.steps.rewrite import rewrite
from clara.agent.steps.translate import translate
from clara.agent.steps.verify import verify
from clara.events import Retry, StepFinished, StepStarted
from clara.types import TraceStep

Step = Callable[[State, Deps], Awaitable[Outcome]]
Graph = CompiledStateGraph[State, Deps, State, State]


class Node(Protocol):
    """What LangGraph calls."""

    async def __call__(self, state: State, runtime: Runtime[Deps]) -> dict[str, Any]: ...


def node(name: str, step: Step) -> Node:
    """Wrap a step as a graph node that times it, traces it and tells the listeners."""

    async def run(state: State, runtime: Runtime[Deps]) -> dict[str, Any]:
        deps = runtime.context
        turn = state.get("round", 0)
        if name == "rewrite":
            deps.emit(Retry(turn, state.get("reason", "")))
        deps.emit(StepStarted(name, turn))
        begin = time.perf_counter()
        outcome = await step(state, deps)
        seconds = time.perf_counter() - begin
        deps.emit(StepFinished(name, turn, seconds, outcome.detail))
        return {**outcome.update, "usage": outcome.usage, "trace": (TraceStep(name, seconds, outcome.detail),)}

    return run


def route(decide: Callable[..., str], *, settings: bool = False) -> Callable[[State, Runtime[Deps]], str]:
    """Turn a pure routing function into a graph edge."""

    def edge(state: State, runtime: Runtime[Deps]) -> str:
        deps = runtime.context
        return decide(state, deps.strategy, deps.settings) if settings else decide(state, deps.strategy)

    return edge


@lru_cache(maxsize=1)
def build_graph() -> Graph:
    """The compiled graph; one serves all questions, strategies and threads."""
    graph = StateGraph(State, context_schema=Deps)
    for name, step in (
        ("detect", detect),
        ("translate", translate),
        ("assess", assess),
        ("augment", augment),
        ("retrieve", retrieve),
        ("grade", grade),
        ("rewrite", rewrite),
        ("answer", answer),
        ("verify", verify),
        ("localize", localize),
    ):
        graph.add_node(name, node(name, step))

    ahead = ["augment", "retrieve", "answer"]
    graph.add_edge(START, "detect")
    graph.add_conditional_edges("detect", route(routing.after_detect), ["translate", *ahead])
    graph.add_conditional_edges("translate", route(routing.after_translate), ["assess", *ahead])
    graph.add_conditional_edges("assess", route(routing.after_assess, settings=True), ["translate", *ahead])
    graph.add_conditional_edges("augment", route(routing.after_augment), ["retrieve", "answer"])
    graph.add_conditional_edges("retrieve", route(routing.after_retrieve), ["grade", "answer"])
    graph.add_conditional_edges("grade", route(routing.after_grade, settings=True), ["rewrite", "answer"])
    graph.add_edge("rewrite", "retrieve")
    graph.add_conditional_edges(
        "answer", route(routing.after_answer), {"verify": "verify", "localize": "localize", "end": END}
    )
    graph.add_conditional_edges(
        "verify",
        route(routing.after_verify, settings=True),
        {"rewrite": "rewrite", "localize": "localize", "end": END},
    )
    graph.add_edge("localize", END)
    return graph.compile()
