"""The answer step: letters, citations, failures and abstention."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clara.agent.strategies import STRATEGIES
from clara.tasks.model import (
    ChoiceOut,
    TaskResult,
    TextOut,
)
from clara.types import Option, Question
from tests.agent.fakes import (
    FREE,
    PASSAGES,
    SILENT,
    SPANISH,
    UNPARSED,
    Script,
    ask,
    details,
)


async def test_the_answer_of_a_choice_is_the_askers_own_option_text() -> None:
    answer = await ask(Script())
    assert (answer.label, answer.answer, answer.answer_english) == ("B", "Recto lateral", "Lateral rectus")


async def test_direct_shows_the_backbone_the_question_as_it_stands() -> None:
    script = Script()
    answer = await ask(script, strategy="direct")
    [asked] = script.inputs("answer_choice")
    assert (asked.stem, asked.options, asked.passages) == (SPANISH.text, SPANISH.options, ())
    assert answer.english_question == ""
    assert answer.answer_english == ""


@pytest.mark.parametrize("reply", [UNPARSED, SILENT])
@pytest.mark.parametrize("question", [SPANISH, FREE])
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_an_unusable_reply_is_a_value(reply: TaskResult[Any], question: Question, strategy: str) -> None:
    answer = await ask(Script(answer_choice=reply, answer_text=reply), question, strategy)
    assert answer.failure == reply.failure
    assert (answer.label, answer.answer, answer.citations) == (None, "", ())
    assert "no_usable_reply" in answer.warnings
    json.dumps(answer.to_json())


async def test_an_unusable_reply_is_tried_again_and_forgotten_when_the_next_is_good() -> None:
    answer = await ask(Script(answer_choice=[UNPARSED, ChoiceOut(label="B", citations=(1,))]))
    assert (answer.label, answer.failure, answer.rounds, answer.capped) == ("B", None, 2, False)


@pytest.mark.parametrize("letter", ["D", "Z", "1", "", "é", "ß", " "])
async def test_a_letter_that_is_no_option_is_a_failure(letter: str) -> None:
    answer = await ask(Script(answer_choice=ChoiceOut(label=letter, confidence=1.0)), strategy="translate_rag")
    assert (answer.failure, answer.label) == ("unparsed", None)


async def test_a_lower_case_letter_counts() -> None:
    assert (await ask(Script(answer_choice=ChoiceOut(label="c")))).label == "C"


async def test_citations_of_passages_that_were_not_shown_are_removed_and_flagged() -> None:
    script = Script(answer_choice=ChoiceOut(label="B", citations=(1, 7, 1, -2), confidence=0.5))
    answer = await ask(script)
    assert [citation.id for citation in answer.citations] == ["sixth#0"]
    assert details(answer, "answer")[0]["flags"] == ["citation [-2] names no passage", "citation [7] names no passage"]


async def test_a_strategy_without_retrieval_can_cite_nothing() -> None:
    answer = await ask(Script(), strategy="translate")
    assert answer.citations == ()
    assert details(answer, "answer")[0]["flags"] == ["citation [1] names no passage"]


async def test_a_citation_quotes_the_sentence_that_carries_the_answer() -> None:
    [citation] = (await ask(Script())).citations
    assert citation.quote == "It supplies the lateral rectus."
    assert citation.source == PASSAGES[0].source


@pytest.mark.parametrize(("confidence", "abstains"), [(0.49, True), (0.5, False), (None, False)])
async def test_low_confidence_abstains_and_shows_no_letter(confidence: float | None, abstains: bool) -> None:
    script = Script(answer_choice=ChoiceOut(label="B", citations=(1,), confidence=confidence))
    answer = await ask(script, abstain_below=0.5)
    assert answer.abstained is abstains
    assert (answer.label, answer.answer) == ((None, "") if abstains else ("B", "Recto lateral"))


async def test_a_failure_is_not_an_abstention() -> None:
    answer = await ask(Script(answer_choice=UNPARSED), abstain_below=1.0)
    assert (answer.abstained, answer.failure) == (False, "unparsed")


async def test_free_text_answers_have_no_letter_in_any_strategy() -> None:
    question = Question("Which nerve supplies the lateral rectus?", (), "en")
    for strategy in STRATEGIES:
        answer = await ask(Script(answer_text=TextOut(answer="The sixth.")), question, strategy)
        assert (answer.label, answer.answer) == (None, "The sixth.")


async def test_a_question_of_two_equal_options_is_answered() -> None:
    question = Question("Which?", (Option("A", "same"), Option("B", "same")), "en")
    assert (await ask(Script(), question)).label == "B"
