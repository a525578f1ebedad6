"""Where the graph goes next, decided by pure functions of the state, the strategy and the settings."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent import routing
from clara.agent.state import State, Translation
from clara.agent.strategies import Strategy, get_strategy
from clara.config import Settings
from clara.types import Option, Question

OPTIONS = (Option("A", "one"), Option("B", "two"))
CLARA, VOTE, REACT, DIRECT, RAG = (get_strategy(name) for name in ("clara", "clara_vote", "react", "direct", "rag"))
ONE_ROUND, TWO_ROUNDS = Settings.plain(rounds=1), Settings.plain(rounds=2)
SEARCHING = Settings.plain(rounds=1, search=("pubmed",))


def state(options: tuple[Option, ...] = OPTIONS, **values: Any) -> State:
    return State(**{"question": Question("¿Qué?", options, "es"), "language": "es", "round": 1, **values})


@pytest.mark.parametrize(
    ("strategy", "language", "step"),
    [
        (CLARA, "es", "translate"),
        (CLARA, "en", "augment"),
        (DIRECT, "es", "answer"),
        (RAG, "es", "retrieve"),
        (REACT, "es", "act"),
    ],
)
def test_after_detect_comes_the_first_step_that_the_strategy_has(strategy: Strategy, language: str, step: str) -> None:
    assert routing.after_detect(state(language=language), strategy, Settings.plain()) == step


@pytest.mark.parametrize(
    ("adequate", "attempts", "step"), [(True, 1, "augment"), (False, 1, "translate"), (False, 2, "augment")]
)
def test_a_poor_translation_is_made_again_until_the_attempts_run_out(adequate: bool, attempts: int, step: str) -> None:
    translations = (Translation("What?", adequate=adequate),) * attempts
    assert routing.after_assess(state(translations=translations), CLARA, Settings.plain(translations=2)) == step


def test_only_letters_are_guessed_and_only_where_a_guess_can_be_enough() -> None:
    settings = Settings.plain(certainty=0.9)
    assert routing.towards_answer(state(), CLARA, settings) == "gauge"
    assert routing.towards_answer(state(options=()), CLARA, settings) == "augment"
    assert routing.towards_answer(state(), CLARA, Settings.plain(certainty=1.1)) == "augment"
    assert routing.towards_answer(state(), DIRECT, settings) == "answer"


def test_a_sure_question_is_answered_at_once() -> None:
    assert routing.after_gauge(state(sure=True), CLARA, ONE_ROUND) == "answer"
    assert routing.after_gauge(state(sure=True, weighs=True), CLARA, ONE_ROUND) == "weigh"
    assert routing.after_gauge(state(sure=False), CLARA, ONE_ROUND) == "augment"


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ({"weighs": True}, "weigh"),
        ({"weighs": False}, "answer"),
        ({"weighs": True, "weighed": False}, "answer"),  # once is enough
        ({"weighs": True, "options": ()}, "answer"),
    ],
)
def test_options_are_weighed_once_for_a_model_that_cannot_reason(values: dict[str, Any], step: str) -> None:
    assert routing.choosing(state(**values), CLARA) == step
    assert routing.choosing(state(**values), DIRECT) == "answer"


@pytest.mark.parametrize(
    ("action", "step"),
    [("answer", "answer"), ("search_knowledge", "retrieve"), ("search_pubmed", "search"), ("search_wikipedia", "search")],
)
def test_the_tool_that_the_backbone_chose_is_called(action: str, step: str) -> None:
    assert routing.after_act(state(action=action), REACT, ONE_ROUND) == step


@pytest.mark.parametrize(("settings", "step"), [(TWO_ROUNDS, "act"), (ONE_ROUND, "answer")])
def test_a_tool_goes_back_to_its_caller_while_rounds_are_left(settings: Settings, step: str) -> None:
    assert routing.after_retrieve(state(), REACT, settings) == step
    assert routing.after_search(state(outside=("a#0",)), REACT, settings) == step


def test_evidence_is_graded_where_the_strategy_grades() -> None:
    assert routing.after_retrieve(state(), CLARA, ONE_ROUND) == "grade"
    assert routing.after_retrieve(state(), RAG, ONE_ROUND) == "answer"
    assert routing.after_search(state(outside=("a#0",)), CLARA, ONE_ROUND) == "grade"
    assert routing.after_search(state(outside=()), CLARA, ONE_ROUND) == "answer"


@pytest.mark.parametrize(
    ("values", "settings", "step"),
    [
        ({"sufficient": True}, TWO_ROUNDS, "answer"),
        ({"sufficient": False}, TWO_ROUNDS, "rewrite"),
        ({"sufficient": False}, ONE_ROUND, "answer"),
        ({"sufficient": False}, SEARCHING, "search"),
        ({"sufficient": False, "outside": ()}, SEARCHING, "answer"),
        ({"sufficient": False, "exhausted": True}, TWO_ROUNDS, "answer"),
    ],
)
def test_too_little_evidence_asks_for_more_while_there_is_a_way(
    values: dict[str, Any], settings: Settings, step: str
) -> None:
    assert routing.after_grade(state(**values), CLARA, settings) == step


@pytest.mark.parametrize(
    ("values", "settings", "step"),
    [
        ({"exhausted": False}, ONE_ROUND, "retrieve"),
        ({"exhausted": True}, ONE_ROUND, "answer"),
        ({"exhausted": True}, SEARCHING, "search"),
        ({"exhausted": True, "candidates": ("one",)}, SEARCHING, "localize"),
    ],
)
def test_without_a_new_query_the_last_evidence_or_answer_has_to_do(
    values: dict[str, Any], settings: Settings, step: str
) -> None:
    assert routing.after_rewrite(state(**values), CLARA, settings) == step


def test_an_answer_is_verified_unless_it_was_sure_without_evidence() -> None:
    assert routing.after_answer(state(), CLARA, ONE_ROUND) == "verify"
    assert routing.after_answer(state(sure=True), CLARA, ONE_ROUND) == "localize"
    assert routing.after_answer(state(), DIRECT.without("localize"), ONE_ROUND) == "end"


def test_a_refused_answer_goes_round_again_while_rounds_are_left() -> None:
    assert routing.after_verify(state(accepted=False), CLARA, TWO_ROUNDS) == "rewrite"
    assert routing.after_verify(state(accepted=False), CLARA, ONE_ROUND) == "localize"
    assert routing.after_verify(state(accepted=True), CLARA, TWO_ROUNDS) == "localize"


@pytest.mark.parametrize(
    ("translation", "step"), [(Translation("What?"), "vote"), (Translation("¿Qué?"), "localize"), (None, "localize")]
)
def test_the_original_language_votes_where_there_are_two_wordings(translation: Translation | None, step: str) -> None:
    assert routing.towards_end(state(translation=translation), VOTE) == step
    assert routing.towards_end(state(translation=translation), CLARA) == "localize"


def test_probabilities_that_decided_need_no_answer_step() -> None:
    assert routing.after_weigh(state(weighed=True), CLARA, ONE_ROUND) == "localize"
    assert routing.after_weigh(state(weighed=False), CLARA, ONE_ROUND) == "answer"
    assert routing.after_vote(state(), VOTE.without("localize"), ONE_ROUND) == "end"
