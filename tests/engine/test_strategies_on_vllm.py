"""The strategies that have every step between them, on a real vLLM server whose tiny model writes fitting noise."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clara.agent.runner import Agent
from clara.agent.strategies import STRATEGIES, max_calls
from clara.backbone.openai.backbone import OpenAIBackbone
from clara.config import Settings
from clara.testing import FixedRetriever
from clara.types import Answer, Option, Question
from tests.engine.test_graph_on_vllm import GLOSSARY, PASSAGES, QUESTIONS

pytestmark = pytest.mark.engine

STEM, TEXTS = QUESTIONS["es"]
CHOICE = Question(STEM, tuple(Option(letter, text) for letter, text in zip("ABCD", TEXTS, strict=True)), "es")
TEXT = Question(STEM, (), "es")


CASES: dict[str, tuple[str, Question, dict[str, object]]] = {
    "direct": ("direct", TEXT, {}),
    "react": ("react", CHOICE, {}),
    "vote": ("clara_vote", CHOICE, {}),
    "vote on a text": ("clara_vote", TEXT, {}),
    "samples and gauge": ("clara", CHOICE, {"samples": 2, "permute_options": True, "certainty": 1.0}),
}
"""Strategy, question and what differs from the usual settings."""


async def asked(url: str, home: Path, case: str) -> tuple[Answer, int]:
    """The answer, and the most requests that it may have cost: a reply that does not fit is asked for once more."""
    strategy, question, more = CASES[case]
    usual = {"profile": "remote", "backbone": (url,), "home": home, "rounds": 1, "translations": 1, "timeout": 120}
    settings = Settings.model_validate(usual | {"cache": False} | more)
    backbone = OpenAIBackbone.from_settings(settings)
    try:
        answer = await Agent(backbone, FixedRetriever(PASSAGES), GLOSSARY, settings).run(question, STRATEGIES[strategy])
    finally:
        await backbone.aclose()
    return answer, 2 * max_calls(STRATEGIES[strategy], settings, len(question.options))


@pytest.fixture(scope="module")
def answers(vllm_server: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Answer, int]]:
    """All cases, asked at once: the server takes hardly longer than for one."""
    home = tmp_path_factory.mktemp("strategies")

    async def every() -> list[tuple[Answer, int]]:
        return await asyncio.gather(*(asked(vllm_server, home, case) for case in CASES))

    return dict(zip(CASES, asyncio.run(every()), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_every_step_ends_in_an_answer_within_its_calls(answers: dict[str, tuple[Answer, int]], case: str) -> None:
    strategy, question, _more = CASES[case]
    answer, most = answers[case]
    assert 0 < answer.usage.calls <= most
    assert {step.step for step in answer.trace} <= STRATEGIES[strategy].steps | {"gauge"}
    assert answer.label in (*question.labels, None)
    assert answer.failure in (None, "unparsed", "no_response")


def test_votes_and_the_gauge_work_on_real_replies(answers: dict[str, tuple[Answer, int]]) -> None:
    answer, _most = answers["samples and gauge"]
    assert "gauge" in {step.step for step in answer.trace}
    assert answer.certainty is None or 0 <= answer.certainty <= 1
    assert sum(answer.votes.values()) <= 2 * len(CHOICE.options)
