"""An agent whose model follows a script, and a replay of the sample with it that tests and benchmarks can kill."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from clara.agent.runner import Agent
from clara.agent.strategies import get_strategy
from clara.bench.datasets import load_dataset
from clara.bench.replay.journal import Journal
from clara.bench.replay.runner import local, replay
from clara.config import Settings
from clara.knowledge.glossary import TermGlossary
from clara.tasks.model import (
    AnswerIn,
    AssessOut,
    ChoiceOut,
    GradeOut,
    LocalizeOut,
    RewriteOut,
    TermsOut,
    TranslateOut,
    VerifyOut,
)
from clara.testing import FixedRetriever, ScriptedBackbone
from clara.types import Passage

MANIFEST = {"version": 2, "made": "by tests/bench/replay/instant.py"}


def instant_agent(delay: float = 0.0) -> Agent:
    """Answers depend on the question alone, so that every replay gives the same; ``delay`` in seconds an answer."""
    backbone = _Slow(delay)
    backbone.always("translate", lambda task: TranslateOut(stem="What?", options={o.label: o.text for o in task.options}))
    backbone.always("assess", AssessOut(adequate=True))
    backbone.always("terms", TermsOut(terms=("lens",)))
    backbone.always("grade", GradeOut(relevant=(1,), sufficient=True))
    backbone.always("rewrite", RewriteOut(query="another query"))
    backbone.always("answer_choice", _choice)
    backbone.always("verify", VerifyOut(reason="it says so", grounded=True, answers_question=True))
    backbone.always("localize", LocalizeOut(answer="B"))
    passage = Passage("note#0", "Note", "The lens lies behind the iris.", "Eye Wiki")
    return Agent(backbone, FixedRetriever([passage]), TermGlossary(()), Settings())


def _choice(task: AnswerIn) -> ChoiceOut:
    number = hashlib.sha256(task.original_stem.encode()).digest()[0]
    return ChoiceOut(reasoning="", citations=(1,), label=task.options[number % len(task.options)].label, confidence=0.5)


class _Slow(ScriptedBackbone):
    def __init__(self, delay):
        super().__init__()
        self.delay = delay

    async def perform(self, task, inputs, **more):
        self.calls.clear()
        if task.name == "answer_choice":
            await asyncio.sleep(self.delay)
        return await super().perform(task, inputs, **more)


def replay_sample(folder: Path, *, questions: int, repeat: int = 1, delay: float = 0.0, opening: Any = None) -> None:
    """Replay the first questions of the sample with two strategies, from where the journal in ``folder`` ends.

    ``opening`` is an event that is set just before the journal is opened.
    """
    data = load_dataset("sample").select([], questions)
    strategies = [get_strategy("direct"), get_strategy("rag")]
    if opening is not None:
        opening.set()
    with Journal(folder, MANIFEST, resume=True) as journal:
        asyncio.run(replay(local(instant_agent(delay)), data, strategies, journal, repeat=repeat, concurrency=8))
