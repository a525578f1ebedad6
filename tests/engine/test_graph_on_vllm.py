"""The whole graph against a real vLLM server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clara.agent.runner import Agent
from clara.agent.strategies import get_strategy
from clara.backbone.openai.backbone import OpenAIBackbone
from clara.config import Settings
from clara.errors import BackboneUnreachable
from clara.knowledge.glossary import Entry, TermGlossary
from clara.testing import FixedRetriever
from clara.types import Answer, Option, Passage, Question

pytestmark = pytest.mark.engine

PASSAGES = [
    Passage("aqueous#0", "Aqueous humour", "The ciliary body produces aqueous humour."),
    Passage("lens#0", "Crystalline lens", "The lens refracts light."),
]
NAMES = {"en": ("ciliary body",), "es": ("cuerpo ciliar",), "fr": ("corps ciliaire",)}
GLOSSARY = TermGlossary([Entry("ciliary-body", "anatomy", NAMES, "Makes aqueous humour.")])
QUESTIONS = {
    "es": ("¿Qué estructura produce el humor acuoso?", ("Iris", "Cuerpo ciliar", "Córnea", "Retina")),
    "fr": ("Quelle structure produit l'humeur aqueuse ?", ("Iris", "Corps ciliaire", "Cornée", "Rétine")),
}


def settings(url: str, **more: object) -> Settings:
    values = {"profile": "remote", "backbone": (url,), "rounds": 1, "translations": 1, "timeout": 120}
    return Settings.model_validate(values | more)


async def answer(url: str, home: Path, language: str) -> Answer:
    stem, texts = QUESTIONS[language]
    options = tuple(Option(letter, text) for letter, text in zip("ABCD", texts, strict=True))
    chosen = settings(url, home=home)
    backbone = OpenAIBackbone.from_settings(chosen)
    try:
        agent = Agent(backbone, FixedRetriever(PASSAGES), GLOSSARY, chosen)
        return await agent.run(Question(stem, options, language), get_strategy("clara"))
    finally:
        await backbone.aclose()


async def test_graph_ends_with_an_answer(vllm_server: str, tmp_path: Path) -> None:
    for found in await asyncio.gather(*(answer(vllm_server, tmp_path / language, language) for language in QUESTIONS)):
        assert found.label in {"A", "B", "C", "D"} or found.failure in {"unparsed", "no_response"}
        assert found.usage.calls > 0
        assert found.usage.prompt_tokens > 0
        steps = {step.step for step in found.trace}
        assert {"detect", "translate", "retrieve"} <= steps
        assert steps & {"weigh", "answer"}  # a model that is not trusted to reason is asked for probabilities


async def test_info_names_model_and_context(vllm_server: str) -> None:
    backbone = OpenAIBackbone.from_settings(settings(vllm_server.removesuffix("/v1")))
    try:
        info = await backbone.info()
    finally:
        await backbone.aclose()
    assert (info.model, info.context_length) == ("tiny", 4096)
    assert info.server.startswith("vLLM ")


async def test_server_down_says_what_to_do() -> None:
    backbone = OpenAIBackbone.from_settings(settings("http://127.0.0.1:9/v1").model_copy(update={"retries": 0}))
    try:
        with pytest.raises(BackboneUnreachable, match="vllm serve"):
            await backbone.info()
    finally:
        await backbone.aclose()
