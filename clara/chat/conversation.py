"""The graph of one turn: understand what was said, then answer it or ask back; the checkpointer remembers the turns.

It stands around the agent's graph, not in it: the replay of a benchmark needs no memory, and the agent's own state is
never written to disk.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.chat.turns import Condensed, Turn, now
from clara.chat.understanding import understand
from clara.errors import ClaraError
from clara.events import Event, Final, StepFinished, StepStarted
from clara.types import Answer, Option, Question

ChatEvent = Event | Condensed
"""What happens during a turn: the agent's events, and how a follow-up was understood."""


class ConversationState(TypedDict, total=False):
    """Plain JSON values only: this is what the file holds."""

    said: str
    """The text of the current turn."""
    question: dict[str, Any]
    """How it was understood: text, options, language, and a question back or an empty text."""
    turns: list[dict[str, Any]]
    """See :class:`clara.chat.turns.Turn`."""


@dataclass(frozen=True, slots=True)
class TurnDeps:
    """What a turn works with."""

    agent: Agent
    strategy: Strategy
    language: str | None
    """Fixed by the user, or None."""
    interface: str
    emit: Callable[[ChatEvent], None]
    replace: bool = False
    """The turn takes the place of the last one."""


ConversationGraph = CompiledStateGraph[ConversationState, TurnDeps, ConversationState, ConversationState]


def build_conversation(saver: BaseCheckpointSaver[Any]) -> ConversationGraph:
    """The compiled graph; invoke it with ``durability="exit"``: one write a turn."""
    graph = StateGraph(ConversationState, context_schema=TurnDeps)
    graph.add_node("understand", _understand)
    graph.add_node("answer", _answer)
    graph.add_node("clarify", _clarify)
    graph.add_edge(START, "understand")
    graph.add_conditional_edges("understand", _after_understand, ["answer", "clarify"])
    graph.add_edge("answer", END)
    graph.add_edge("clarify", END)
    return graph.compile(checkpointer=saver)


async def _understand(state: ConversationState, runtime: Runtime[TurnDeps]) -> ConversationState:
    deps, said = runtime.context, state["said"]
    turns = [Turn.from_json(turn) for turn in _earlier(state, deps)]
    deps.emit(StepStarted("understand", 0))
    clock = asyncio.get_running_loop().time
    begin = clock()
    found = await understand(said, turns, deps.agent.backbone, language=deps.language, interface=deps.interface)
    deps.emit(StepFinished("understand", 0, clock() - begin, {"question": found.question.text}))
    if not found.question.options and not found.clarification and found.question.text != said.strip():
        deps.emit(Condensed(found.question.text))
    question = {
        "text": found.question.text,
        "options": {option.label: option.text for option in found.question.options},
        "language": found.question.language,
        "clarification": found.clarification,
    }
    return {"question": question}


def _after_understand(state: ConversationState) -> Literal["answer", "clarify"]:
    return "clarify" if state["question"]["clarification"] else "answer"


async def _answer(state: ConversationState, runtime: Runtime[TurnDeps]) -> ConversationState:
    deps, found = runtime.context, state["question"]
    options = tuple(Option(label, text) for label, text in found["options"].items())
    question = Question(found["text"], options, found["language"])
    # A context of its own: inside this one LangGraph would lend the agent's graph this graph's checkpointer.
    work = asyncio.create_task(_ask(question, deps), context=contextvars.Context())
    return {"turns": [*_earlier(state, deps), replace(_turn(state, deps), answer=await work).to_json()]}


async def _ask(question: Question, deps: TurnDeps) -> Answer:
    answer: Answer | None = None
    async for event in deps.agent.stream(question, deps.strategy):
        if isinstance(event, Final):
            answer = event.answer
        else:
            deps.emit(event)
    if answer is None:  # a stream always ends with Final or raises
        raise ClaraError("the agent ended without an answer; please report this with --debug output")
    return answer


async def _clarify(state: ConversationState, runtime: Runtime[TurnDeps]) -> ConversationState:
    deps = runtime.context
    turn = replace(_turn(state, deps), clarification=state["question"]["clarification"])
    return {"turns": [*_earlier(state, deps), turn.to_json()]}


def _turn(state: ConversationState, deps: TurnDeps) -> Turn:
    found = state["question"]
    return Turn(state["said"], found["text"], found["language"], deps.strategy.name, now())


def _earlier(state: ConversationState, deps: TurnDeps) -> list[dict[str, Any]]:
    """The turns that this one comes after."""
    turns = state.get("turns", [])
    return turns[:-1] if deps.replace else turns
