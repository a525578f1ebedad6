"""A letter from probabilities: every wording, the letters' pull removed, for models that are not trusted to reason."""

from __future__ import annotations

from string import ascii_uppercase

import pytest

from clara.agent.steps.weigh import probabilities_of
from clara.backbone.base import Skills
from clara.tasks.model import AnswerIn, LetterOut
from clara.types import Option, Question
from tests.agent.fakes import ENGLISH, FREE, SPANISH, Script, ask, details, steps

WEAK = Skills(trusted=())


def pulled(asked: AnswerIn) -> LetterOut:
    """A model that half likes what stands behind the letter A and knows a little of the lateral rectus."""
    weights = {"A": 0.5, "B": 0.1, "C": 0.1}
    for option in asked.options:
        if option.text in ("Lateral rectus", "Recto lateral"):
            weights[option.label] += 0.3
    total = sum(weights.values())
    shares = {letter: weight / total for letter, weight in weights.items()}
    return LetterOut(label=max(shares, key=lambda letter: shares[letter]), probabilities=shares)


async def test_a_model_that_reasons_well_is_asked_to_reason() -> None:
    script = Script()
    answer = await ask(script)
    assert not script.inputs("guess")
    assert answer.label == "B"
    assert "weigh" not in steps(answer)


async def test_a_weak_model_chooses_by_the_probabilities_of_both_wordings() -> None:
    script = Script(skills=WEAK, guess=pulled)
    answer = await ask(script)
    first, second, third = script.inputs("guess")
    assert [asked.stem for asked in (first, second, third)] == [ENGLISH.text, SPANISH.text, ENGLISH.text]
    assert [o.text for o in first.options] == [o.text for o in ENGLISH.options]
    assert [o.text for o in second.options] == [SPANISH.options[1].text, SPANISH.options[2].text, SPANISH.options[0].text]
    assert [o.text for o in third.options] == [ENGLISH.options[2].text, ENGLISH.options[0].text, ENGLISH.options[1].text]
    assert answer.label == "B"
    assert not script.inputs("answer_choice")
    assert not answer.capped


async def test_a_model_that_only_likes_a_letter_is_sure_of_nothing() -> None:
    likes_a = LetterOut(label="A", probabilities={"A": 0.9, "B": 0.05, "C": 0.05})
    answer = await ask(Script(skills=WEAK, guess=lambda _asked: likes_a))
    assert answer.confidence == pytest.approx(1 / 3)


async def test_the_pull_of_the_letters_is_taken_away() -> None:
    shares = {"A": 0.5, "B": 0.4, "C": 0.1}
    silent = LetterOut(label="A", probabilities={})
    one_order = [LetterOut(label="A", probabilities=shares), silent, silent]
    raw = await ask(Script(skills=WEAK, guess=one_order), ENGLISH)
    freed = await ask(Script(skills=Skills((), {"A": 1.4, "B": -0.7, "C": -0.7}), guess=one_order), ENGLISH)
    assert (raw.label, freed.label) == ("A", "B")
    assert raw.confidence == pytest.approx(0.5)


async def test_each_option_stands_once_behind_each_letter_and_every_wording_in_every_order_if_that_is_set() -> None:
    script = Script(skills=WEAK, guess=pulled)
    await ask(script, ENGLISH)
    behind_a = [asked.options[0].text for asked in script.inputs("guess")]
    assert sorted(behind_a) == sorted(option.text for option in ENGLISH.options)
    every = Script(skills=WEAK, guess=pulled)
    await ask(every, SPANISH, permute_options=True)
    assert len(every.inputs("guess")) == 6


@pytest.mark.parametrize(("options", "first"), [(2, [0, 1]), (5, [0, 1, 2, 3]), (10, [0, 2, 5, 7])])
async def test_few_options_take_few_ballots_and_many_take_four_spread_orders(options: int, first: list[int]) -> None:
    choices = tuple(Option(letter, f"muscle {letter}") for letter in ascii_uppercase[:options])
    question = Question("Which muscle turns the eye outwards?", choices, "en")
    script = Script(skills=WEAK, guess=LetterOut(label="A", probabilities={"A": 1.0}))
    await ask(script, question)
    texts = [option.text for option in choices]
    assert [texts.index(asked.options[0].text) for asked in script.inputs("guess")] == first


async def test_what_no_judge_is_trusted_with_is_not_asked() -> None:
    script = Script(skills=WEAK, guess=pulled)
    answer = await ask(script)
    assert {name for name, _, _ in script.asked} == {"translate", "guess"}
    assert steps(answer)[-2:] == ["weigh", "localize"]
    assert answer.citations[0].id == "sixth#0"


async def test_languages_that_prefer_different_options_are_reported() -> None:
    def torn(asked: AnswerIn) -> LetterOut:
        wanted = "Lateral rectus" if asked.stem == ENGLISH.text else "Recto medial"
        shares = {option.label: 0.8 if option.text == wanted else 0.1 for option in asked.options}
        return LetterOut(label="A", probabilities=shares)

    answer = await ask(Script(skills=WEAK, guess=torn))
    assert "languages_disagree" in answer.warnings


async def test_without_probabilities_the_answer_step_decides() -> None:
    answer = await ask(Script(skills=WEAK))
    assert steps(answer)[-4:] == ["weigh", "answer", "verify", "localize"]
    assert details(answer, "weigh")[0]["weighed"] is False
    assert answer.label == "B"


async def test_weighing_can_be_left_out_and_free_text_is_not_weighed() -> None:
    script = Script(skills=WEAK, guess=pulled)
    answer = await ask(script, FREE)
    assert "weigh" not in steps(answer)
    assert script.inputs("answer_text")


@pytest.mark.parametrize(
    ("ballots", "best"),
    [
        ([{"A": -1.0, "B": -0.5}], "B"),
        ([{"A": -3.0, "B": -0.5}, {"A": -0.1, "B": -2.0}], "B"),
        ([{"A": 0.0, "B": -9.0, "C": -9.0}, {"A": -1.0, "B": -0.9, "C": -9.0}], "A"),
    ],
)
def test_ballots_combine_to_probabilities(ballots: list[dict[str, float]], best: str) -> None:
    combined = probabilities_of(ballots)
    assert sum(combined.values()) == pytest.approx(1)
    assert max(combined, key=lambda letter: combined[letter]) == best
