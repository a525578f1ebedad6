"""The strategies that have every step between them, on a real vLLM server whose tiny model writes fitting noise."""

from __future__ import annotations

import pytest

from clara.agent.runner import Agent
from clara.agent.strategies import STRATEGIES, max_calls
from clara.backbone.openai import OpenAIBackbone
from clara.config import Settings
from clara.testing import FixedRetriever
from clara.types import Answer, Option, Question
from tests.engine.test_graph_on_vllm import GLOSSARY, PASSAGES, QUESTIONS

pytestmark = pytest.mark.engine

STEM, TEXTS = QUESTIONS["es"]
CHOICE = Question(STEM, tuple(Option(letter, text) for letter, text in zip("ABCD", TEXTS, strict=True)), "es")
TEXT = Question(STEM, (), "es")


async def asked(url: str, question: Question, strategy: str, **more: object) -> tuple[Answer, int]:
    """The answer, and the most requests that it may have cost: a reply that does not fit is asked for once more."""
    settings = Settings.model_validate(
        {"profile": "remote", "backbone": (url,), "rounds": 1, "translations": 1, "timeout": 120, "cache": False, **more}
    )
    backbone = OpenAIBackbone.from_settings(settings)
    try:
        answer = await Agent(backbone, FixedRetriever(PASSAGES), GLOSSARY, settings).run(question, STRATEGIES[strategy])
    finally:
        await backbone.aclose()
    return answer, 2 * max_calls(STRATEGIES[strategy], settings, len(question.options))


@pytest.mark.parametrize(
    ("strategy", "question"), [("direct", TEXT), ("react", CHOICE), ("clara_vote", CHOICE), ("clara_vote", TEXT)]
)
async def test_every_step_ends_in_an_answer_within_its_calls(vllm_server: str, strategy: str, question: Question) -> None:
    answer, most = await asked(vllm_server, question, strategy)
    assert 0 < answer.usage.calls <= most
    assert {step.step for step in answer.trace} <= STRATEGIES[strategy].steps
    assert answer.label in (*question.labels, None)
    assert answer.failure in (None, "unparsed", "no_response")


async def test_votes_and_the_gauge_work_on_real_replies(vllm_server: str) -> None:
    answer, most = await asked(vllm_server, CHOICE, "clara", samples=2, permute_options=True, certainty=1.0)
    assert answer.usage.calls <= most
    assert "gauge" in {step.step for step in answer.trace}
    assert answer.certainty is None or 0 <= answer.certainty <= 1
    assert sum(answer.votes.values()) <= 2 * len(CHOICE.options)
