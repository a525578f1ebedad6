"""A question that became a statement is seen; stems that ask in another way are not."""

from __future__ import annotations

import pytest

from clara.agent.guards import questions
from clara.agent.guards.translation import check_translation

SOURCE = "¿Qué arteria irriga la coroides?"


@pytest.mark.parametrize(
    "english",
    [
        "The choroid is supplied by an artery.",
        "The text is in Spanish.",
        "The artery that supplies the choroid.",
        "It is important to know the blood supply.",
    ],
)
def test_a_statement_made_of_a_question_is_flagged(english: str) -> None:
    assert any("statement" in flag for flag in questions.compare(SOURCE, english))
    assert any("statement" in flag for flag in check_translation(SOURCE, (), english, (), "es"))


@pytest.mark.parametrize(
    "english",
    [
        "Which artery supplies the choroid?",
        "Select the artery that supplies the choroid.",
        "The choroid is supplied by:",
        "The artery that supplies the choroid is",
        "Which artery supplies the choroid",
        "All of these supply the choroid, except",
        "The choroid is supplied by ____",
    ],
)
def test_a_stem_that_still_asks_or_is_completed_by_the_options_passes(english: str) -> None:
    assert not list(questions.compare(SOURCE, english))


def test_a_source_that_does_not_ask_may_be_a_statement() -> None:
    assert not list(questions.compare("La coroides recibe sangre de la arteria:", "The choroid receives blood."))
    assert list(questions.compare("脉络膜由哪条动脉供血？", "The choroid is vascular."))
