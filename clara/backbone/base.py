"""The protocol between the graph and whoever thinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from clara.tasks.model import I, O, Task, TaskResult

TokenSink = Callable[[str], None]
"""Receives text as the model writes it."""


@dataclass(frozen=True, slots=True)
class BackboneInfo:
    """What a backbone is, for manifests, ``clara doctor`` and the reader's warning."""

    kind: str
    """``extractive``, ``openai`` or ``scripted``."""
    model: str
    """Model name as the server gives it, or ``none``."""
    uses_model: bool
    """False if no language model is involved."""
    languages: frozenset[str] | None = None
    """Codes that it covers, or None for any."""
    server: str = ""
    """Server name and version where known."""
    build: str = ""
    """What tells the model from another served under the same name, where the server says it."""
    context_length: int | None = None
    """Tokens, where known."""


@dataclass(frozen=True, slots=True)
class Skills:
    """What a backbone was measured to do well, on a few tasks whose right outcome is known."""

    trusted: tuple[str, ...] | None = None
    """Names of the tasks whose replies may be acted on; None trusts every task: nothing was measured."""
    prior: Mapping[str, float] = field(default_factory=dict[str, float])
    """Log-probability of each option letter beyond its share where nothing speaks for any; empty if not measured."""
    translates: tuple[str, ...] | None = None
    """Codes of the languages of which a short question kept its sense in English; None if not measured."""

    def trusts(self, task: str) -> bool:
        """True if the replies to this task may be acted on."""
        return self.trusted is None or task in self.trusted


class Backbone(Protocol):
    """Performs tasks. Safe to use from many coroutines at once."""

    async def info(self) -> BackboneInfo:
        """Who is at work; asks the server the first time.

        Raises:
            BackboneError: the server cannot be reached or refuses.
        """
        ...

    async def skills(self) -> Skills:
        """What it does well; measured the first time by a few tasks.

        Raises:
            BackboneError: see :meth:`info`.
        """
        ...

    async def perform(
        self,
        task: Task[I, O],
        inputs: I,
        *,
        seed: int | None = None,
        temperature: float | None = None,
        on_token: TokenSink | None = None,
    ) -> TaskResult[O]:
        """Perform one task.

        Args:
            task: which task.
            inputs: an instance of ``task.inputs``.
            seed: makes a sampled reply repeatable; None means the backbone's own.
            temperature: of this one reply; None means the prompt's, else the settings'.
            on_token: receives the visible text of the reply while it is written, if the backbone streams.

        Returns:
            The output, or a failure as a value (``unparsed``, ``no_response``).

        Raises:
            BackboneError: the server cannot be reached or refuses; the question itself is not at fault.
        """
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...
