"""Detect, assess and augment: the language, the worth of a translation, and the terms that the answer may need."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.state import Deps, State, Translation
from clara.agent.steps.assess import assess
from clara.agent.steps.augment import MOST, augment
from clara.agent.steps.detect import detect
from clara.agent.strategies import get_strategy
from clara.backbone.base import Skills
from clara.config import Settings
from clara.knowledge.glossary import Entry, TermGlossary
from clara.tasks.model import AssessOut, TermsOut
from clara.types import Question
from tests.agent.fakes import ENGLISH, FREE, GOOD, SPANISH, UNPARSED, Script, Shelf, Words

TRANSLATED = Translation(GOOD.stem, ENGLISH.options)
POOR = AssessOut(adequate=False, problem="the side is lost")


def deps(script: Script, glossary: Any = None, *, skills: Skills | None = None, **settings: Any) -> Deps:
    return Deps(
        script,
        Shelf(),
        glossary or Words(),
        Settings.plain(**settings),
        get_strategy("clara"),
        uses_model=True,
        skills=skills or Skills(),
    )


@pytest.mark.parametrize(
    ("text", "code"), [("¿Qué nervio inerva el recto lateral del ojo?", "es"), ("眼压升高的原因", "zh")]
)
async def test_a_language_that_is_not_given_is_recognised_with_its_confidence(text: str, code: str) -> None:
    outcome = await detect(State(question=Question(text)), deps(Script()))
    assert outcome.update["language"] == code
    assert outcome.detail["given"] is False
    assert 0 < outcome.detail["confidence"] <= 1


async def test_a_language_that_is_given_needs_no_confidence() -> None:
    outcome = await detect(State(question=SPANISH), deps(Script()))
    assert outcome.detail == {"language": "es", "given": True}


async def judged(*attempts: Translation, reply: Any, **settings: Any) -> Any:
    state = State(question=SPANISH, language="es", translations=attempts)
    return await assess(state, deps(Script(assess=reply), **settings))


async def test_an_adequate_translation_goes_on_without_a_warning() -> None:
    outcome = await judged(TRANSLATED, reply=AssessOut(adequate=True))
    assert outcome.update["translation"].adequate
    assert outcome.update["warnings"] == ()
    assert outcome.detail["judgement"] == "adequate"


async def test_a_poor_translation_carries_its_problem_and_no_warning_while_attempts_are_left() -> None:
    outcome = await judged(TRANSLATED, reply=POOR, translations=2)
    assert (outcome.update["translation"].adequate, outcome.update["translation"].problem) == (False, "the side is lost")
    assert outcome.update["warnings"] == ()


async def test_when_the_attempts_have_run_out_the_one_with_fewer_flags_goes_on_with_a_warning() -> None:
    worse = Translation("Worse", ENGLISH.options, flags=("a", "b"), adequate=False)
    last = Translation("Last", ENGLISH.options, flags=("a", "b", "c"))
    outcome = await judged(worse, last, reply=POOR, translations=2)
    assert outcome.update["translation"].stem == "Worse"
    assert outcome.update["warnings"] == ("translation_doubtful",)


async def test_flags_outweigh_a_judge_that_sees_nothing() -> None:
    flagged = Translation(GOOD.stem, ENGLISH.options, flags=("the number 30 is missing",), adequate=False)
    outcome = await judged(flagged, reply=AssessOut(adequate=True))
    assert outcome.update["translation"].adequate is False


async def test_no_judgement_leaves_it_to_the_guards() -> None:
    outcome = await judged(TRANSLATED, reply=UNPARSED)
    assert outcome.update["translation"].adequate
    assert outcome.detail["judgement"] == "unparsed"


@pytest.mark.parametrize(
    ("translation", "judgement"),
    [
        (Translation(SPANISH.text, SPANISH.options), "identical"),
        (Translation(SPANISH.text, SPANISH.options, missing=True, adequate=False), "missing"),
    ],
)
async def test_where_there_is_nothing_to_compare_nobody_is_asked(translation: Translation, judgement: str) -> None:
    script = Script()
    outcome = await assess(State(question=SPANISH, language="es", translations=(translation,)), deps(script))
    assert outcome.detail["judgement"] == judgement
    assert script.asked == []


async def test_the_terms_are_those_of_the_question_then_of_its_translation_then_those_that_the_model_names() -> None:
    entries = [
        Entry(name, "anatomy", {"en": (name,), "es": (foreign,)}, f"The {name}.")
        for name, foreign in (("azurium", "azurio"), ("rubidum", "rubido"), ("viridum", "virido"))
    ]
    state = State(question=Question("¿Qué es el rubido?", (), "es"), language="es", translation=Translation("An azurium?"))
    script = Script(terms=TermsOut(terms=("viridum",)))
    outcome = await augment(state, deps(script, TermGlossary(entries)))
    assert [term.english for term in outcome.update["terms"]] == ["rubidum", "azurium", "viridum"]
    assert outcome.detail["terms"][0] == {"source": "rubido", "english": "rubidum", "definition": "The rubidum."}
    assert outcome.detail["named"] == ["viridum"]


async def test_no_more_terms_are_shown_than_a_prompt_has_room_for() -> None:
    names = [f"term{letter}" for letter in "abcdefghijklmnop"]
    glossary = TermGlossary(Entry(name, "anatomy", {"en": (name,)}, "A term.") for name in names)
    state = State(question=Question(" ".join(names[:8])), language="en")
    script = Script(terms=TermsOut(terms=tuple(names[8:])))
    assert len((await augment(state, deps(script, glossary))).update["terms"]) == MOST


async def test_a_model_that_names_no_terms_well_is_not_asked_for_any() -> None:
    script = Script()
    outcome = await augment(State(question=FREE, language="es"), deps(script, skills=Skills(trusted=())))
    assert [term.english for term in outcome.update["terms"]] == ["lateral rectus"]
    assert script.asked == []
