"""Votes: samples differ in their seed, permutations turn the options and are mapped back."""

from __future__ import annotations

from typing import Any

import pytest

from clara.tasks.model import AnswerIn, ChoiceOut
from tests.agent.fakes import FREE, SILENT, SPANISH, UNPARSED, Script, ask, details

LATERAL = "Lateral rectus"


def chooses(text: str, confidence: float | None = None) -> Any:
    """A backbone that knows the answer wherever it stands."""

    def reply(asked: AnswerIn) -> ChoiceOut:
        label = next(option.label for option in asked.options if option.text == text)
        return ChoiceOut(reasoning=f"Option {label} abducts.", citations=(1,), label=label, confidence=confidence)

    return reply


async def test_one_answer_is_no_vote() -> None:
    script = Script()
    answer = await ask(script)
    assert (answer.votes, answer.confidence, len(script.inputs("answer_choice"))) == ({}, 0.8, 1)
    assert script.how[-2]["temperature"] is None


async def test_samples_are_warm_and_differ_in_their_seed() -> None:
    script = Script()
    await ask(script, samples=4, seed=10)
    asked = [
        (seed, how["temperature"])
        for (task, _, seed), how in zip(script.asked, script.how, strict=True)
        if task == "answer_choice"
    ]
    assert asked == [(10, 0.7), (11, 0.7), (12, 0.7), (13, 0.7)]


async def test_the_temperature_of_the_settings_is_kept() -> None:
    script = Script()
    await ask(script, samples=2, temperature=0.3, strategy="direct")
    assert [how["temperature"] for how in script.how] == [0.3, 0.3]


async def test_the_majority_wins_and_its_share_and_confidence_are_the_confidence() -> None:
    letters = [("A", 0.9), ("B", 0.6), ("B", 0.8), ("C", 1.0)]
    replies = [ChoiceOut(label=label, reasoning=label, confidence=c) for label, c in letters]
    answer = await ask(Script(answer_choice=replies), samples=4, strategy="direct")
    assert (answer.label, answer.votes) == ("B", {"A": 1, "B": 2, "C": 1})
    assert answer.confidence == pytest.approx((0.6 + 0.8) / 4)
    assert details(answer, "answer")[0]["votes"] == answer.votes


async def test_a_tie_goes_to_the_surer_letter() -> None:
    replies = [ChoiceOut(label="A", confidence=0.5), ChoiceOut(label="B", confidence=0.9)]
    assert (await ask(Script(answer_choice=replies), samples=2, strategy="direct")).label == "B"


async def test_votes_without_confidence_count_whole() -> None:
    replies = [ChoiceOut(label="A"), ChoiceOut(label="A"), ChoiceOut(label="B")]
    answer = await ask(Script(answer_choice=replies), samples=3, strategy="direct")
    assert answer.confidence == pytest.approx(2 / 3)


@pytest.mark.parametrize("lost", [UNPARSED, SILENT, ChoiceOut(label="Z")])
async def test_a_vote_that_fails_supports_nobody(lost: object) -> None:
    answer = await ask(Script(answer_choice=[lost, ChoiceOut(label="C")]), samples=2, strategy="direct")
    assert (answer.label, answer.votes, answer.confidence) == ("C", {"C": 1}, 0.5)


async def test_no_usable_vote_at_all_is_a_failure() -> None:
    answer = await ask(Script(answer_choice=UNPARSED), samples=3, strategy="direct")
    assert (answer.failure, answer.votes, answer.label) == ("unparsed", {}, None)


async def test_every_text_stands_once_behind_every_letter() -> None:
    script = Script(answer_choice=chooses(LATERAL))
    await ask(script, permute_options=True)
    asked = script.inputs("answer_choice")
    assert len(asked) == 3
    for number in range(3):
        assert {inputs.options[number].text for inputs in asked} == {"Medial rectus", LATERAL, "Superior rectus"}
    for inputs in asked:
        assert [option.label for option in inputs.options] == ["A", "B", "C"]
        pairs = dict(zip([o.text for o in inputs.options], [o.text for o in inputs.original_options], strict=True))
        assert pairs[LATERAL] == "Recto lateral"


async def test_knowledge_survives_turning() -> None:
    answer = await ask(Script(answer_choice=chooses(LATERAL, 0.9)), permute_options=True)
    assert (answer.label, answer.votes) == ("B", {"B": 3})
    assert answer.confidence == pytest.approx(0.9)


async def test_a_liking_for_a_position_cancels_out() -> None:
    answer = await ask(Script(answer_choice=ChoiceOut(label="A", confidence=0.9)), permute_options=True, strategy="direct")
    assert answer.votes == {"A": 1, "B": 1, "C": 1}
    assert answer.confidence == pytest.approx(0.3)


async def test_samples_and_permutations_multiply() -> None:
    script = Script(answer_choice=chooses("Recto lateral"))
    answer = await ask(script, samples=2, permute_options=True, strategy="direct")
    assert answer.votes == {"B": 6}
    assert sorted(seed for _, _, seed in script.asked if seed is not None) == [0, 0, 0, 1, 1, 1]


async def test_the_letters_in_a_turned_reasoning_are_those_of_the_question() -> None:
    script = Script(answer_choice=[UNPARSED, ChoiceOut(label="A", reasoning="Option A abducts."), UNPARSED])
    answer = await ask(script, permute_options=True, rounds=1)
    assert answer.label == "B"
    assert script.inputs("verify")[0].answer == "Option B abducts."


@pytest.mark.parametrize(
    ("turned", "own"),
    [
        ("The answer must be A, since the choice should be (C).", "The answer must be B, since the choice should be (A)."),
        ("Answers A and C fail.", "Answers B and A fail."),
        ("Of the options A, B, and C only one abducts.", "Of the options B, C, and A only one abducts."),
        ("The options are (A) or (B), nor is choice C/A.", "The options are (B) or (C), nor is choice A/B."),
        ("Answer: A. Vitamin A helps, option D does not exist.", "Answer: B. Vitamin A helps, option D does not exist."),
    ],
)
async def test_every_wording_and_every_letter_of_a_list_is_mapped(turned: str, own: str) -> None:
    script = Script(answer_choice=[UNPARSED, ChoiceOut(label="A", reasoning=turned), UNPARSED])
    await ask(script, permute_options=True, rounds=1)
    assert script.inputs("verify")[0].answer == own


async def test_free_text_is_not_voted_on() -> None:
    script = Script()
    answer = await ask(script, FREE, samples=5, permute_options=True, strategy="direct")
    assert (len(script.inputs("answer_text")), answer.votes) == (1, {})


async def test_abstention_counts_the_share_of_the_votes() -> None:
    replies = [ChoiceOut(label=label, confidence=0.9) for label in "ABC"]
    answer = await ask(Script(answer_choice=replies), SPANISH, "direct", samples=3, abstain_below=0.5)
    assert (answer.abstained, answer.label) == (True, None)
