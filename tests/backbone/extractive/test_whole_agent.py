"""The embedded backbone performs the tasks of every strategy, on the knowledge base that ships."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from clara.agent.runner import Agent
from clara.agent.strategies import STRATEGIES, get_strategy
from clara.assembly import build_agent
from clara.backbone.extractive.backbone import ExtractiveBackbone
from clara.config import Settings
from clara.knowledge.glossary import TermGlossary
from clara.tasks.model import GUESS, REACT, RECONCILE, AnswerIn, ReactIn, ReconcileIn
from clara.types import Option, Passage, Question

PASSAGE = Passage("aqueous#0", "Aqueous humour", "The ciliary body produces aqueous humour.")
STEM = "¿Qué estructura produce el humor acuoso?"
OPTIONS = (Option("A", "Iris"), Option("B", "Cuerpo ciliar"), Option("C", "Retina"))
ASKED = {
    "es": Question(STEM, OPTIONS, "es"),
    "romanised": Question("aqueous humour ka nirman kaun karta hai?", (Option("A", "iris"), Option("B", "ciliary body"))),
    "taglish": Question(
        "Alin sa mga sumusunod ang gumagawa ng aqueous humor sa mata?", (Option("A", "Iris"), Option("B", "Ciliary body"))
    ),
}


@pytest.fixture(scope="module")
def backbone(glossary: TermGlossary) -> ExtractiveBackbone:
    return ExtractiveBackbone(glossary)


@pytest.fixture(scope="module")
def agent(built_home: Path) -> Iterator[Agent]:
    made = build_agent(Settings(home=built_home, translations=1))
    yield made
    asyncio.run(made.aclose())


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("asked", ASKED)
async def test_every_strategy_ends_in_a_letter_whatever_the_wording(agent: Agent, name: str, asked: str) -> None:
    answer = await agent.run(ASKED[asked], get_strategy(name))
    assert answer.label in ASKED[asked].labels
    assert answer.usage.calls == 0
    assert {"es": "es", "romanised": "hi", "taglish": "fil"}[asked] == answer.language


@pytest.mark.parametrize("asked", ASKED)
async def test_the_loop_finds_the_evidence_in_each_wording(agent: Agent, asked: str) -> None:
    answer = await agent.run(ASKED[asked], get_strategy("clara"))
    assert "aqueous humour" in answer.english_question.lower()
    found = next(step.detail["passages"] for step in answer.trace if step.step == "retrieve")
    assert any("aqueous" in passage["title"].lower() for passage in found)


async def test_votes_and_permutations_work_without_a_model(built_home: Path) -> None:
    agent = build_agent(Settings(home=built_home, samples=2, permute_options=True, certainty=0.9))
    answer = await agent.run(ASKED["es"], get_strategy("clara"))
    await agent.aclose()
    assert sum(answer.votes.values()) == 6
    assert answer.certainty == pytest.approx(1 / 3)
    assert "retrieve" in [step.step for step in answer.trace]


async def test_an_unaided_guess_is_at_chance(backbone: ExtractiveBackbone) -> None:
    inputs = AnswerIn(language="es", original_stem=STEM, original_options=OPTIONS, stem=STEM, options=OPTIONS)
    output = (await backbone.perform(GUESS, inputs)).output
    assert output is not None
    assert (output.confidence, output.margin) == (pytest.approx(1 / 3), 0.0)


async def test_it_acts_once_answers_when_that_is_enough_and_searches_in_english(backbone: ExtractiveBackbone) -> None:
    first = (await backbone.perform(REACT, ReactIn(language="es", stem=STEM, options=OPTIONS, left=3))).output
    assert first is not None
    assert first.action == "search_knowledge"
    assert "aqueous humour" in first.query
    seen = ReactIn(language="es", stem=STEM, passages=(PASSAGE,), tried=(first.query,), left=2)
    then = (await backbone.perform(REACT, seen)).output
    assert then is not None
    assert then.action == "answer"
    off = Passage("x#0", "Glasses", "Frames are made of plastic.")
    again = (await backbone.perform(REACT, seen.model_copy(update={"passages": (off,)}))).output
    assert again is not None
    assert again.action == "search_knowledge"
    assert again.query != first.query


@pytest.mark.parametrize(
    ("first", "second", "better", "agree"),
    [
        ("B) Ciliary body", "A) Iris", "first", False),
        ("A) Iris", "B) Ciliary body", "second", False),
        ("Ciliary body.", "the ciliary body", "first", True),
    ],
)
async def test_two_answers_are_reconciled_by_what_the_passages_hold(
    backbone: ExtractiveBackbone, first: str, second: str, better: str, agree: bool
) -> None:
    inputs = ReconcileIn(language="es", original_stem=STEM, stem="Which?", passages=(PASSAGE,), first=first, second=second)
    output = (await backbone.perform(RECONCILE, inputs)).output
    assert output is not None
    assert (output.better, output.agree) == (better, agree)
