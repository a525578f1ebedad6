"""Context uncertainty: a sure question is answered without evidence, an unsure one is not."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.strategies import get_strategy
from clara.tasks.model import LetterOut, TaskResult
from tests.agent.fakes import ENGLISH, FREE, SILENT, SPANISH, UNPARSED, Script, ask, details, steps


async def test_it_is_off_unless_the_settings_can_be_satisfied() -> None:
    script = Script()
    answer = await ask(script)
    assert not script.inputs("guess")
    assert answer.certainty is None


async def test_a_sure_question_skips_evidence_and_its_verification() -> None:
    script = Script(guess=LetterOut(label="C", confidence=0.93, margin=0.9))
    answer = await ask(script, certainty=0.9)
    assert steps(answer) == ["detect", "translate", "assess", "gauge", "answer", "localize"]
    assert (answer.certainty, answer.capped, answer.verdict.grounded) == (0.93, False, None)
    assert answer.label == "B"  # the answer step decides, not the guess
    assert script.inputs("answer_choice")[0].passages == ()


async def test_an_unsure_question_takes_the_whole_way() -> None:
    answer = await ask(Script(guess=LetterOut(label="B", confidence=0.89)), certainty=0.9)
    assert steps(answer)[3:6] == ["gauge", "augment", "retrieve"]
    assert (answer.certainty, details(answer, "gauge")[0]["sure"]) == (0.89, False)


async def test_the_guess_sees_the_english_and_the_original_and_no_evidence() -> None:
    script = Script()
    await ask(script, certainty=1.0)
    [asked] = script.inputs("guess")
    assert (asked.stem, asked.original_stem, asked.passages) == (ENGLISH.text, SPANISH.text, ())


@pytest.mark.parametrize(
    ("letters", "certainty", "sure"), [("BBBBB", 1.0, True), ("BBCBB", 0.8, True), ("BBCBA", 0.6, False)]
)
async def test_without_probabilities_the_agreement_of_samples_counts(letters: str, certainty: float, sure: bool) -> None:
    script = Script(guess=[LetterOut(label=letter) for letter in letters])
    answer = await ask(script, certainty=0.8, seed=3)
    assert (answer.certainty, details(answer, "gauge")[0]["sure"]) == (certainty, sure)
    guesses = [
        (seed, how.get("temperature"))
        for (task, _, seed), how in zip(script.asked, script.how, strict=True)
        if task == "guess"
    ]
    assert [seed for seed, _ in guesses] == [3, 4, 5, 6, 7]
    assert [heat for _, heat in guesses] == [None, 0.7, 0.7, 0.7, 0.7]


@pytest.mark.parametrize("reply", [UNPARSED, SILENT, LetterOut(label="Z", confidence=1.0), LetterOut(label="")])
async def test_a_guess_that_is_no_letter_is_not_sure(reply: TaskResult[Any] | LetterOut) -> None:
    answer = await ask(Script(guess=reply), certainty=0.5)
    assert answer.certainty is None
    assert "retrieve" in steps(answer)


async def test_a_free_text_question_cannot_be_guessed() -> None:
    assert "gauge" not in steps(await ask(Script(), FREE, certainty=0.5))


@pytest.mark.parametrize("left_out", ["gauge", "retrieve"])
async def test_without_the_step_or_without_retrieval_nothing_is_gauged(left_out: str) -> None:
    assert "gauge" not in steps(await ask(Script(), strategy=get_strategy("clara").without(left_out), certainty=0.5))
