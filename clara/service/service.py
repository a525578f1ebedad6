"""The parts of one worker: the agent, who may ask, and what is counted; and whether all of it is ready."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from clara.agent.runner import Agent
from clara.agent.strategies import STRATEGIES
from clara.assembly import build_agent
from clara.backbone.openai.backbone import OpenAIBackbone
from clara.config import Settings
from clara.errors import BackboneError, ClaraError, RequestRefused, StoreError, WriteError
from clara.events import REQUEST_ID, Final
from clara.knowledge.base import Query
from clara.language.detection import detect_language
from clara.safety import urgent_notice
from clara.service.guards.keys import KeyRing
from clara.service.guards.limits import Gate, RateLimit
from clara.service.options import ServiceOptions
from clara.service.protocol.problems import refusal_of
from clara.service.watching.audit import AuditLog
from clara.service.watching.metrics import Metrics
from clara.types import Answer, Question

E = TypeVar("E")

_AGAIN = 2.0
"""Seconds between two attempts at the warm-up, and those for which a look at readiness counts."""
_log = logging.getLogger(__name__)


class Service:
    """One worker. An asynchronous context manager: entering begins the warm-up, leaving closes the connections.

    Args:
        settings: what CLARA answers with.
        options: how the service runs.
        agent: replaces the one that the settings describe.

    Raises:
        DataError: the file of keys or the audit log cannot be used.
    """

    def __init__(self, settings: Settings, options: ServiceOptions, *, agent: Agent | None = None) -> None:
        self.settings = settings
        self.options = options
        self.keys = KeyRing(options.keys) if options.keys else None
        self.gate = Gate(options.max_concurrent, options.question_timeout)
        self.rate = RateLimit(options.rate)
        self.metrics = Metrics()
        self._audit = AuditLog(options.audit) if options.audit else None
        self._agent = agent
        self._is_warm = False
        self._obstacle = "the service is starting"
        """Why it is not ready."""
        self._looked = (0.0, "")
        """When readiness was looked at last, and what stood in its way."""
        self._warming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Service:
        self._warming = asyncio.create_task(self._warm_up())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        if self._agent is not None:
            await self._agent.aclose()

    @property
    def agent(self) -> Agent:
        """Who answers.

        Raises:
            RequestRefused: it is not there yet (503).
        """
        if self._agent is None:
            raise RequestRefused(self._obstacle, status=503, code="starting", retry_after=_AGAIN)
        return self._agent

    @property
    def interface(self) -> str:
        """Language of what CLARA says where a question shows none."""
        return self.settings.interface_language or "en"

    # --- readiness -------------------------------------------------------------------------------------------------

    async def obstacle(self) -> str:
        """What keeps the service from answering now, or nothing. Asked often, it looks every other second."""
        at, obstacle = self._looked
        if at and time.monotonic() - at < _AGAIN:
            return obstacle
        if self._is_warm:
            try:
                async with asyncio.timeout(self.settings.connect_timeout + _AGAIN):
                    await self._look()
                obstacle = ""
            except ClaraError as error:
                _log.warning("not ready: %s", error)
                obstacle = str(refusal_of(error))
            except TimeoutError:
                obstacle = "the model server or the knowledge base does not answer"
        else:
            obstacle = self._obstacle
        self._looked = (time.monotonic(), obstacle)
        return obstacle

    async def _look(self) -> None:
        """Ask one model server and the knowledge base for a sign of life."""
        agent = self.agent
        await agent.retriever.search(Query(("cornea",)), k=1)
        if isinstance(agent.backbone, OpenAIBackbone):
            await _one_answers(agent.backbone)

    async def _warm_up(self) -> None:
        """Build the agent, open the knowledge base, greet the model server; again until it works."""
        last = ""
        while True:
            try:
                await asyncio.to_thread(_load_tables)
                if self._agent is None:
                    self._agent = await asyncio.to_thread(build_agent, self.settings)
                await self._agent.prepare(STRATEGIES.values())
                await self._look()
            except ClaraError as error:
                self._obstacle = str(refusal_of(error))
                if str(error) != last:
                    last = str(error)
                    _log.warning("not ready yet: %s", error)
                await asyncio.sleep(_AGAIN)
            else:
                self._is_warm, self._looked = True, (0.0, "")
                _log.info("ready")
                return

    # --- questions -------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def work(self, caller: str, model: str) -> AsyncGenerator[Callable[[Answer], None]]:
        """The work of one question: a place at the gate, and counts and a line in the audit log at its end.

        Yields:
            What takes the answer when it is there.

        Raises:
            RequestRefused: there is no place, or the time is over.
        """
        answers: list[Answer] = []
        outcome = "stopped"
        self.metrics.in_flight.inc()
        try:
            async with self.gate.place():
                yield answers.append
            outcome = "answered" if answers else "clarified"
        except ClaraError as error:
            outcome = refusal_of(error).code
            if not isinstance(error, RequestRefused):
                _log.warning("a question failed: %s", _words(error, self.options))
            raise
        finally:
            self.metrics.in_flight.dec()
            self.metrics.stopped.inc(outcome == "stopped")
            for answer in answers:
                self.metrics.answered(model, answer)
            self._note(caller, model, outcome, answers[0] if answers else None)

    async def counted(self, events: AsyncGenerator[E], caller: str, model: str) -> AsyncGenerator[E]:
        """The events of one question, with :meth:`work` around them."""
        async with self.work(caller, model) as keep, aclosing(events):
            async for happened in events:
                if isinstance(happened, Final):
                    keep(happened.answer)
                yield happened

    def _note(self, caller: str, model: str, outcome: str, answer: Answer | None) -> None:
        if self._audit is None:
            return
        try:
            self._audit.write(request_id=REQUEST_ID.get(), caller=caller, model=model, outcome=outcome, answer=answer)
        except WriteError as error:
            # an answer is worth more than its line in the log; the counter is there to raise an alarm
            self.metrics.audit_failures.inc()
            _log.error("the audit log misses a line: %s", error)


def _load_tables() -> None:
    """Load what the first question would load in the event loop, some seconds in which nobody else would be answered."""
    detect_language("Was ist ein Hornhautödem?")  # a language outside the seven, which the largest table is for
    urgent_notice(Question("What is a cataract?"))


async def _one_answers(backbone: OpenAIBackbone) -> None:
    """Return when one of the model servers lists its models.

    Raises:
        BackboneError: none does.
    """
    failure: BackboneError | None = None
    for replica in backbone.servers.pool.replicas:
        try:
            await backbone.servers.get(replica, "/v1/models")
        except BackboneError as error:
            failure = error
        else:
            return
    if failure is not None:
        raise failure


def _words(error: ClaraError, options: ServiceOptions) -> str:
    """The message of an error; one about the question may quote it, so only its kind is logged."""
    if options.log_text or isinstance(error, BackboneError | StoreError):
        return str(error)
    return type(error).__name__
