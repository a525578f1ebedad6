"""Replays a data set: every strategy, language and repeat in one pool, so that the server stays full to the end."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import gc
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.backbone.base import Backbone
from clara.backbone.servers.metrics import ServerLoad, prefix_use
from clara.bench.datasets import Dataset, Item
from clara.bench.replay.journal import AnswerRecord, Journal
from clara.bench.replay.tally import Tally
from clara.bench.scoring.scoring import outcome
from clara.config import Settings
from clara.errors import (
    BackboneUnreachable,
    ClaraError,
    EmbedderMismatch,
    NoKnowledgeBase,
    PromptError,
    ReplayStopped,
    Shortage,
    StoreError,
    shortage,
    without_credentials,
)
from clara.types import Answer, Question

if TYPE_CHECKING:
    from clara.backbone.servers.replicas import Replica

_HOPELESS: dict[str, type[ClaraError]] = {
    error.__name__: error for error in (BackboneUnreachable, StoreError, NoKnowledgeBase, EmbedderMismatch, PromptError)
}
"""Errors that end the run if its first item meets them: no other item would fare better."""
TOGETHER = 3
"""How many times the pool's size to begin at once at the end. Begun one after another, the last questions would make their
calls alone, one by one, with most of the server idle."""
_RESIZE_SECONDS = 0.25
_SEED_STRIDE = 1000
"""Between the seeds of two repeats; the steps of one question use a few from its own on."""


class Answers(Protocol):
    """What the runner needs of :class:`clara.agent.runner.Agent`."""

    async def run(self, question: Question, strategy: Strategy) -> Answer: ...


def pool_size(backbone: Backbone, settings: Settings, *, uses_model: bool) -> Callable[[], int]:
    """How many questions to keep at work: some more than requests, because a question is not always waiting for a reply.

    The client of a model server adapts its requests to what the server takes; the pool follows it.
    """
    from clara.backbone.openai.backbone import OpenAIBackbone
    from clara.backbone.translation.backbone import TranslatingBackbone

    if not uses_model:
        return lambda: settings.concurrency or 8
    fixed = settings.concurrency or 64
    if isinstance(backbone, OpenAIBackbone | TranslatingBackbone):
        return lambda: (backbone.concurrency or fixed) * 5 // 4 + 8
    return lambda: fixed


class PrefixCache:
    """How much of the prompts the model servers find in their prefix cache from :meth:`begin` to :meth:`end`."""

    def __init__(self, backbone: Backbone) -> None:
        from clara.backbone.openai.backbone import OpenAIBackbone
        from clara.backbone.translation.backbone import TranslatingBackbone

        inner = backbone.inner if isinstance(backbone, TranslatingBackbone) else backbone
        self._servers = inner.servers if isinstance(inner, OpenAIBackbone) else None
        self._before: dict[Replica, ServerLoad] = {}

    async def begin(self) -> None:
        """Take the counters as they are."""
        if self._servers is not None:
            self._before = await self._servers.loads()

    async def end(self) -> dict[str, int] | None:
        """Prompt tokens found (``hits``) and looked up (``queries``) since then; None if no server reports them."""
        if self._servers is None:
            return None
        used = prefix_use(self._before, await self._servers.loads())
        return None if used is None else {"hits": used[0], "queries": used[1]}


@dataclass(frozen=True, slots=True)
class Job:
    """One item with one strategy, for the ``turn``-th time."""

    strategy: Strategy
    turn: int
    item: Item

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What no two records of a run share."""
        return self.strategy.name, self.turn, self.item.language, self.item.id


Work = Callable[[Job], Awaitable[AnswerRecord]]
"""Does a job and gives its record; a job that fails gives a record too."""


def jobs(dataset: Dataset, strategies: Sequence[Strategy], repeat: int) -> Iterator[Job]:
    """All jobs, question by question in all languages and strategies, so that a partial run is balanced and paired."""
    questions: dict[str, list[Item]] = {}
    for item in dataset.items:
        questions.setdefault(item.id, []).append(item)
    for turn in range(repeat):
        for items in questions.values():
            for item in items:
                for strategy in strategies:
                    yield Job(strategy, turn, item)


def local(agent: Answers) -> Work:
    """Work in this process. Each repeat has a seed of its own, so that it is no copy of the first."""
    turns: dict[int, Answers] = {0: agent}

    def of(turn: int) -> Answers:
        if not isinstance(agent, Agent):
            return agent
        if turn not in turns:
            turns[turn] = _reseeded(agent, turn)
        return turns[turn]

    return lambda job: answer(of(job.turn), job)


def _reseeded(agent: Agent, turn: int) -> Agent:
    twin = copy.copy(agent)
    twin.settings = agent.settings.model_copy(update={"seed": agent.settings.seed + _SEED_STRIDE * turn})
    return twin


async def answer(agent: Answers, job: Job) -> AnswerRecord:
    """The record of one job, whatever happens."""
    try:
        given = await agent.run(job.item.question, job.strategy)
    except Exception as error:  # noqa: BLE001 - one item's failure, foreseen or not, must not end a run of thousands
        return asked(job) | failure(error)
    path = given.to_json()
    result = outcome(given, job.item.gold, job.item.references)
    record = asked(job) | {
        "outcome": result,
        "label": given.label,
        "error": None,
        "rounds": given.rounds,
        "confidence": given.confidence,
        "usage": path.pop("usage"),
        "answer": path,
    }
    reply = _reply(given)
    if result == "unparsed" and job.item.gold and reply:
        record["reply"] = reply
    return record


def _reply(given: Answer) -> str:
    """What the model wrote the last time it was asked for the letter, to be read again by later versions."""
    for step in reversed(given.trace):
        if step.step == "answer":
            return str(step.detail.get("raw", ""))
    return ""


def asked(job: Job) -> AnswerRecord:
    """The part of a record that says what was asked."""
    item = job.item
    record: AnswerRecord = {
        "strategy": job.strategy.name,
        "repeat": job.turn,
        "id": item.id,
        "language": item.language,
        "code": item.code,
        "gold": item.gold,
        "options": len(item.question.options),
        "theme": item.theme,
    }
    if item.references:
        record["references"] = list(item.references)
    return record


def failure(error: Exception) -> AnswerRecord:
    """The part of a record that says why an item could not be answered."""
    error = shortage(error) or error
    sentence = str(error) if isinstance(error, ClaraError) else without_credentials(f"{type(error).__name__}: {error}")
    return {
        "outcome": "no_response",
        "label": None,
        "error": sentence,
        "error_kind": type(error).__name__,
        "rounds": 0,
        "confidence": None,
        "usage": {},
    }


async def replay(
    work: Work,
    dataset: Dataset,
    strategies: Sequence[Strategy],
    journal: Journal,
    *,
    repeat: int = 1,
    concurrency: int | Callable[[], int] = 32,
    together: int = 0,
    max_failures: int | None = None,
    tally: Tally | None = None,
) -> Tally:
    """Do what the journal does not hold yet.

    Memory holds a key and a job an item, and the records of at most ``2 + together`` times ``concurrency`` items.

    Args:
        work: does one job.
        dataset, strategies, repeat: what to ask.
        journal: where the records go; what it holds is not asked again.
        concurrency: most items at work at once; a function is asked again all the time.
        together: the last items, so many times ``concurrency``, are begun at once: :data:`TOGETHER` where the work has a
            limit of its own.
        max_failures: stop when so many items of this session have no response.
        tally: is kept up to date while the replay runs.

    Returns:
        The tally.

    Raises:
        BackboneUnreachable, StoreError, PromptError: the very first item shows that no other would fare better.
        ReplayStopped: ``max_failures`` is reached, or the machine gives no memory or thread; what is done is kept.
        WriteError: a record cannot be written.
    """
    tally = Tally() if tally is None else tally
    tally.total = len(dataset.items) * len(strategies) * repeat
    tally.languages = dataset.languages
    done: set[tuple[str, int, str, str]] = set()
    for record in journal.records():
        done.add((record["strategy"], record["repeat"], record["language"], record["id"]))
        tally.add_earlier(record)
    size = concurrency if callable(concurrency) else lambda: concurrency
    left = deque(job for job in jobs(dataset, strategies, repeat) if job.key not in done)
    with rare_collections():
        await _Pool(work, journal, tally, max_failures).drain(left, size, together)
    return tally


class _Pool:
    """Workers that share one queue of jobs and one journal."""

    def __init__(self, work: Work, journal: Journal, tally: Tally, max_failures: int | None) -> None:
        self._work = work
        self._journal = journal
        self._tally = tally
        self._max_failures = max_failures
        self._workers = 0
        self._answered = False
        """True once an item came to an end that shows a server at work; before that, its absence ends the run."""
        self._ending = asyncio.Event()
        """Set when all jobs that are left are to be begun."""

    async def drain(self, left: deque[Job], size: Callable[[], int], together: int) -> None:
        """Do all jobs, ``size()`` of them at once, and the last ``together`` times ``size()`` all at once."""
        try:
            async with asyncio.TaskGroup() as group:
                while left:
                    most = max(1, size())
                    if len(left) <= together * most:
                        self._ending.set()
                    new = len(left)
                    if not self._ending.is_set():
                        new = min(new, most - self._workers)
                    for _ in range(new):
                        self._workers += 1
                        group.create_task(self._worker(left, size, together))
                    if self._ending.is_set():
                        break
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._ending.wait(), _RESIZE_SECONDS)
        except BaseExceptionGroup as group:
            raise _first(group) from None

    async def _worker(self, left: deque[Job], size: Callable[[], int], together: int) -> None:
        """Take jobs until none is left. The next one starts while the last one's record is on its way to disk."""
        written: asyncio.Future[None] | None = None
        while left and (self._ending.is_set() or self._workers <= max(1, size())) and not self._hopeless():
            job = left.popleft()
            if len(left) <= together * size():
                self._ending.set()
            record = await self._work(job)
            if record.get("error_kind") == Shortage.__name__:
                raise ReplayStopped(record["error"])
            hopeless = _HOPELESS.get(record.get("error_kind", ""))
            if hopeless is not None and not self._answered:
                raise hopeless(record["error"])
            self._answered = True
            if written is not None:
                await written
            written = self._write(record)
        self._workers -= 1
        if written is not None:
            await written
        if self._hopeless():
            failed, last = self._tally.failed, self._tally.last_failure
            raise ReplayStopped(f"stopped because {failed} items had no response; the last one: {last}")

    def _hopeless(self) -> bool:
        return self._max_failures is not None and self._tally.failed >= self._max_failures

    def _write(self, record: AnswerRecord) -> asyncio.Future[None]:
        """A future that is done when the record is on disk; only then it is counted."""
        written = asyncio.wrap_future(self._journal.append(record))

        def count(future: asyncio.Future[None]) -> None:
            if not future.cancelled() and future.exception() is None:
                self._tally.add(record)

        written.add_done_callback(count)
        return written


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that counts when workers fail together."""
    inner: Any = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner


@contextlib.contextmanager
def rare_collections() -> Generator[None]:
    """Collect garbage less often: thousands of live questions make every full collection slow, and few cycles arise."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
