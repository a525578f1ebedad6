"""Verification: what is accepted, what goes round again, and what the cap leaves."""

from __future__ import annotations

import pytest

from clara.tasks.model import (
    ChoiceOut,
    GradeOut,
    RefusedAnswer,
    TextOut,
    TranslateOut,
    VerifyOut,
)
from tests.agent.fakes import (
    ACCEPT,
    FREE,
    REFUSE,
    UNPARSED,
    Script,
    ask,
    details,
    steps,
)


async def test_a_refused_answer_goes_round_again_with_the_reason_as_feedback() -> None:
    script = Script(verify=[REFUSE, ACCEPT])
    answer = await ask(script)
    again = ["answer", "verify", "rewrite", "retrieve", "grade", "answer", "verify", "localize"]
    assert steps(answer)[-8:] == again
    assert script.inputs("answer_choice")[0].feedback == ""
    assert script.inputs("answer_choice")[1].feedback == REFUSE.reason
    assert script.inputs("rewrite")[0].reason == REFUSE.reason
    assert (answer.rounds, answer.capped) == (2, False)


async def test_the_refusal_is_remembered_through_a_round_of_poor_evidence() -> None:
    enough, poor = GradeOut(relevant=(1,), sufficient=True), GradeOut(relevant=(1,), sufficient=False)
    script = Script(verify=[REFUSE, ACCEPT], grade=[enough, poor, enough])
    assert (await ask(script)).rounds == 3
    assert script.inputs("answer_choice")[1].feedback == REFUSE.reason


async def test_the_cap_ends_in_the_best_candidate_flagged() -> None:
    choices = [
        ChoiceOut(label="A", citations=(1,), confidence=0.4),
        ChoiceOut(label="C", citations=(1,), confidence=0.9),
        ChoiceOut(label="B", citations=(1,), confidence=0.6),
    ]
    answer = await ask(Script(answer_choice=choices, verify=REFUSE))
    assert (answer.label, answer.rounds, answer.capped) == ("C", 3, True)
    assert answer.verdict.grounded is False


async def test_an_answer_off_the_question_ranks_below_an_ungrounded_one() -> None:
    choices = [ChoiceOut(label="A", confidence=0.1), ChoiceOut(label="B", confidence=0.9)]
    off = VerifyOut(grounded=True, answers_question=False, reason="it is about another muscle")
    answer = await ask(Script(answer_choice=choices, verify=[REFUSE, off]), rounds=2)
    assert (answer.label, answer.capped) == ("A", True)


async def test_one_round_only_means_no_rewrite() -> None:
    answer = await ask(Script(verify=REFUSE), rounds=1)
    assert "rewrite" not in steps(answer)
    assert answer.capped


async def test_only_the_cited_passages_are_shown_to_the_verifier() -> None:
    script = Script(answer_choice=ChoiceOut(label="A", citations=(2,)))
    await ask(script)
    assert [passage.id for passage in script.inputs("verify")[0].cited] == ["third#0"]


async def test_the_verifier_is_told_the_numbers_that_the_answer_uses() -> None:
    marked = TextOut(answer="It is long [1]. The medial rectus has another nerve [2].", citations=(2,))
    script = Script(answer_text=marked)
    await ask(script, FREE, rounds=1)
    [asked] = script.inputs("verify")
    assert (asked.cites, [passage.id for passage in asked.cited]) == ((1, 2), ["sixth#0", "third#0"])


async def test_the_refused_answer_is_told_with_its_reasoning_and_what_it_cited() -> None:
    first = ChoiceOut(reasoning="As [2] says.", citations=(2,), label="A")
    script = Script(answer_choice=[first, ChoiceOut(label="B", citations=(1,))], verify=[REFUSE, ACCEPT])
    await ask(script)
    one, two = script.inputs("answer_choice")
    assert one.refused is None
    assert two.refused == RefusedAnswer(text="Medial rectus", reasoning="As [2] says.", cited=("Third nerve",))


async def test_the_marks_of_a_refused_answer_count_the_passages_that_are_shown_now() -> None:
    kept = [GradeOut(relevant=(1, 2, 3), sufficient=True), GradeOut(relevant=(2, 3), sufficient=True)]
    first = TextOut(answer="One [1]. Two [2, 3].", citations=(1, 2, 3))
    script = Script(answer_text=[first, first], verify=[REFUSE, ACCEPT], grade=kept)
    await ask(script, FREE)
    assert script.inputs("answer_text")[1].refused.text == "One. Two [1, 2]."


async def test_an_unusable_reply_is_no_refused_answer() -> None:
    script = Script(answer_choice=[UNPARSED, ChoiceOut(label="B", citations=(1,))])
    await ask(script)
    second = script.inputs("answer_choice")[1]
    assert second.refused is None
    assert "no usable reply" in second.feedback


async def test_no_verdict_is_not_a_refusal() -> None:
    answer = await ask(Script(verify=UNPARSED))
    assert (answer.rounds, answer.capped) == (1, False)
    assert answer.verdict.grounded is None


async def test_an_accepted_answer_is_never_swapped_for_one_that_was_refused() -> None:
    choices = [ChoiceOut(label="A", citations=(1,), confidence=0.9), ChoiceOut(label="B", citations=(1,), confidence=0.5)]
    answer = await ask(Script(answer_choice=choices, verify=[REFUSE, UNPARSED]))
    assert (answer.label, answer.capped) == ("B", False)


@pytest.mark.parametrize(
    "verdict",
    [
        VerifyOut(grounded=True, answers_question=True, agrees=False, reason="the reasoning is for A"),
        VerifyOut(grounded=True, answers_question=True, contradiction=True, reason="the passage says 10"),
    ],
)
async def test_a_disagreement_or_contradiction_sends_the_answer_round_again(verdict: VerifyOut) -> None:
    script = Script(verify=[verdict, ACCEPT])
    answer = await ask(script)
    assert (answer.rounds, answer.capped) == (2, False)
    assert script.inputs("answer_choice")[1].feedback == verdict.reason


async def test_the_whole_verdict_is_in_the_answer() -> None:
    verdict = VerifyOut(grounded=True, answers_question=True, agrees=False, contradiction=True)
    judged = (await ask(Script(verify=verdict), rounds=1)).verdict
    assert (judged.grounded, judged.agrees, judged.contradiction, judged.refused) == (True, False, True, True)


async def test_a_number_that_no_cited_passage_has_is_refused_whatever_the_model_says() -> None:
    wrong = TextOut(answer="The abducens nerve has 7 branches to the lateral rectus [1].", citations=(1,))
    right = TextOut(answer="The abducens nerve supplies the lateral rectus [1].", citations=(1,))
    script = Script(translate=TranslateOut(stem="Which nerve supplies the lateral rectus?"), answer_text=[wrong, right])
    answer = await ask(script, FREE)
    first, second = details(answer, "verify")
    assert (first["grounded"], first["accepted"]) == (True, False)
    assert any("7" in flag for flag in first["flags"])
    assert "7" in script.inputs("answer_text")[1].feedback
    assert (second["accepted"], answer.verdict.flags, answer.answer_english) == (True, (), right.answer)


async def test_reasoning_that_ends_in_another_letter_is_refused() -> None:
    choice = ChoiceOut(reasoning="It supplies the lateral rectus, so the answer is A.", citations=(1,), label="B")
    answer = await ask(Script(answer_choice=choice), rounds=1)
    assert answer.capped
    assert answer.verdict.flags == ("the reasoning names option A but the answer is B",)


async def test_a_doubt_about_a_contrast_does_not_outweigh_a_judge_who_approves_of_the_letter() -> None:
    contrast = "The abducens nerve does not supply the lateral rectus alone"
    choice = ChoiceOut(reasoning=contrast, citations=(1,), label="B")
    approved = await ask(Script(answer_choice=choice), rounds=1)
    assert (approved.verdict.flags, approved.capped) == ((), False)
    unjudged = await ask(Script(answer_choice=choice, verify=UNPARSED), rounds=1)
    assert unjudged.verdict.flags == ("the cited passage says it without the negation",)


async def test_in_free_text_a_negation_is_refused_whatever_the_model_says() -> None:
    text = TextOut(answer="The abducens nerve does not supply the lateral rectus [1].", citations=(1,))
    answer = await ask(Script(answer_text=text), FREE, rounds=1)
    assert answer.verdict.flags == ("the cited passage says it without the negation",)


async def test_a_number_of_the_question_needs_no_evidence() -> None:
    choice = ChoiceOut(reasoning="No lateral rectus moves the globe 30 degrees.", citations=(1,), label="B")
    assert not (await ask(Script(answer_choice=choice))).verdict.flags
