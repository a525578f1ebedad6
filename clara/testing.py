"""Fakes for tests of code that uses CLARA: a backbone that follows a script, and a retriever that always finds the same."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, cast

from clara.backbone.base import BackboneInfo, Skills, TokenSink
from clara.knowledge.base import Query
from clara.tasks.model import TASKS, I, O, Task, TaskModel, TaskResult
from clara.types import Passage, Usage

Scripted = TaskModel | TaskResult[Any]
"""An output, or a whole result, which may be a failure."""
Script = Callable[[Any], Scripted]
"""Computes the output from the task's input."""


class ScriptedBackbone:
    """Gives what was enqueued, task by task, in order; ``calls`` holds every task name with its input."""

    def __init__(self, *, model: str = "scripted", uses_model: bool = True, skills: Skills | None = None) -> None:
        self.calls: list[tuple[str, TaskModel]] = []
        self._skills = skills or Skills()
        self._info = BackboneInfo(kind="scripted", model=model, uses_model=uses_model)
        self._queues: dict[str, deque[Scripted]] = defaultdict(deque)
        self._always: dict[str, Script] = {}

    def enqueue(self, task: str, *outputs: Scripted) -> ScriptedBackbone:
        """Add outputs for a task, each used once; returns the backbone, so that calls chain."""
        self._queues[_known(task)].extend(outputs)
        return self

    def always(self, task: str, script: Script | Scripted) -> ScriptedBackbone:
        """What a task gives whenever nothing is enqueued for it: one output, or a callable of its input."""
        self._always[_known(task)] = script if callable(script) else lambda _inputs: script
        return self

    async def info(self) -> BackboneInfo:
        """A scripted model."""
        return self._info

    async def skills(self) -> Skills:
        """Those that the test gave; every task is trusted unless it said otherwise."""
        return self._skills

    async def perform(
        self,
        task: Task[I, O],
        inputs: I,
        *,
        seed: int | None = None,  # noqa: ARG002
        temperature: float | None = None,  # noqa: ARG002
        on_token: TokenSink | None = None,  # noqa: ARG002
    ) -> TaskResult[O]:
        """The next output of the task.

        Raises:
            AssertionError: nothing is enqueued for it, or an output of another type.
        """
        self.calls.append((task.name, inputs))
        queue = self._queues[task.name]
        if not queue and task.name not in self._always:
            raise AssertionError(f"nothing is enqueued for the task {task.name!r}; it was asked {inputs!r}")
        given = queue.popleft() if queue else self._always[task.name](inputs)
        if isinstance(given, TaskResult):
            return cast("TaskResult[O]", given)
        if not isinstance(given, task.output):
            raise AssertionError(f"the task {task.name!r} gives {task.output.__name__}, not {type(given).__name__}")
        return TaskResult(given, Usage(calls=1))

    async def aclose(self) -> None:
        """Nothing to release."""


class FixedRetriever:
    """Finds the same passages for every query; ``queries`` holds what was asked."""

    def __init__(self, passages: Iterable[Passage] = ()) -> None:
        self.passages = tuple(passages)
        self.queries: list[Query] = []

    async def search(self, query: Query, k: int = 8) -> tuple[Passage, ...]:
        """The first ``k`` passages."""
        self.queries.append(query)
        return self.passages[:k]


def _known(task: str) -> str:
    if task not in {known.name for known in TASKS}:
        raise AssertionError(f"there is no task {task!r}")
    return task
