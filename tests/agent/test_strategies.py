"""What a strategy can cost is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.agent.graph import NODES
from clara.agent.strategies import STEPS, STRATEGIES, Parts, Strategy, ballots, max_calls
from clara.config import Settings
from clara.errors import UnsupportedLanguage, UsageError
from clara.tasks.model import AssessOut, ChoiceOut, GradeOut, LocalizeOut, ReactOut, RewriteOut, TextOut
from clara.types import Answer, Question
from tests.agent.fakes import FREE, REFUSE, SPANISH, UNPARSED, Script, ask

WORST = {
    "assess": AssessOut(adequate=False),
    "rewrite": [RewriteOut(query=f"wording {number}") for number in range(9)],
    "verify": REFUSE,
    "localize": LocalizeOut(answer="Sin número ni marca."),
    "answer_text": [TextOut(answer="The sixth [1]."), TextOut(answer="The third [2]."), TextOut(answer="The sixth [1].")],
}


def test_every_step_has_a_node_and_every_strategy_knows_its_steps() -> None:
    assert tuple(NODES) == STEPS
    for strategy in STRATEGIES.values():
        assert strategy.steps <= set(STEPS)
        assert strategy.summary


@pytest.mark.parametrize("name", STRATEGIES)
async def test_the_bound_is_reached_by_the_worst_replies_to_a_free_text_question(name: str) -> None:
    queries = [ReactOut(query=f"query {number}", action="search_knowledge") for number in range(9)]
    script = Script(**WORST, react=queries)
    await ask(script, FREE, name, rounds=3)
    assert len(script.asked) == max_calls(STRATEGIES[name], Settings.plain(), 0)


async def test_the_bound_holds_with_votes_and_a_gauge() -> None:
    choices = [ChoiceOut(label=label) for label in "BBBBBBBBBCCC"]
    script = Script(**WORST, answer_choice=choices, guess=UNPARSED, grade=GradeOut(relevant=(1,), sufficient=True))
    await ask(script, SPANISH, "clara_vote", rounds=3, samples=3, certainty=1.0)
    assert len(script.asked) <= max_calls(STRATEGIES["clara_vote"], Settings.plain(samples=3, certainty=1.0), 3)


def test_each_thing_that_costs_raises_the_bound() -> None:
    clara, plain = STRATEGIES["clara"], Settings.plain()
    assert max_calls(clara, Settings.plain(rounds=4)) - max_calls(clara, plain) == 4  # rewrite, grade, answer, verify
    assert max_calls(clara, Settings.plain(translations=3)) - max_calls(clara, plain) == 2
    assert max_calls(clara, Settings.plain(certainty=0.9)) - max_calls(clara, plain) == 5
    assert max_calls(clara, Settings.plain(search=("pubmed",))) - max_calls(clara, plain) == 1
    assert max_calls(STRATEGIES["direct"], Settings.plain(samples=5)) - max_calls(STRATEGIES["direct"], plain) == 4
    assert max_calls(clara.without("rewrite"), plain) < max_calls(clara, plain)


def test_ballots_multiply_and_free_text_has_one() -> None:
    settings = Settings.plain(samples=3, permute_options=True)
    assert (ballots(settings, 4), ballots(settings, 0), ballots(Settings.plain(), 4)) == (12, 1, 1)


async def _first_option(question: Question, parts: Parts) -> Answer:
    info = await parts.backbone.info()
    label = question.options[0].label
    return Answer(question=question, language="en", answer=str(info.uses_model), answer_english="", label=label)


OWN = Strategy("own", frozenset({"detect", "answer"}), "the first option", solve=_first_option)


async def test_a_strategy_that_answers_by_itself_stands_in_for_the_graph() -> None:
    answer = await ask(Script(), strategy=OWN)
    assert (answer.label, answer.answer, answer.trace) == ("A", "True", ())
    assert answer.usage.seconds > 0


async def test_the_checks_around_the_graph_apply_to_it_as_well() -> None:
    with pytest.raises(UnsupportedLanguage):
        await ask(Script(languages=frozenset({"en"})), strategy=OWN)
    urgent = replace(SPANISH, text="De repente no veo nada con el ojo derecho. ¿Qué hago?")
    assert (await ask(Script(), urgent, OWN)).notice


def test_no_step_of_a_strategy_that_answers_by_itself_can_be_left_out() -> None:
    searching = Strategy("searching", frozenset({"detect", "retrieve", "answer"}), "searches", solve=_first_option)
    with pytest.raises(UsageError, match="'searching' answers by itself"):
        searching.without("retrieve")
    assert OWN.without() is OWN
