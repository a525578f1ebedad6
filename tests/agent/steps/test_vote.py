"""Two languages, one answer: agreement, disagreement, and who decides."""

from __future__ import annotations

import pytest

from clara.agent.strategies import get_strategy
from clara.tasks.model import ChoiceOut, ReconcileOut, TextOut, TranslateOut, VerifyOut
from tests.agent.fakes import ACCEPT, ENGLISH, FREE, REFUSE, SILENT, SPANISH, UNPARSED, Script, ask, details, steps

B = ChoiceOut(reasoning="It abducts.", citations=(1,), label="B", confidence=0.8)
C = ChoiceOut(reasoning="It elevates.", citations=(2,), label="C", confidence=0.6)
NERVE = TranslateOut(stem="Which nerve supplies the lateral rectus?")


async def test_the_second_answer_sees_the_original_alone_and_the_same_evidence() -> None:
    script = Script()
    await ask(script, strategy="clara_vote")
    first, second = script.inputs("answer_choice")
    assert (first.stem, second.stem, second.original_stem) == (ENGLISH.text, SPANISH.text, SPANISH.text)
    assert second.options == SPANISH.options
    assert second.passages == first.passages


async def test_agreement_costs_one_call_and_joins_the_confidences() -> None:
    script = Script(answer_choice=[B, ChoiceOut(label="B", confidence=0.6)])
    answer = await ask(script, strategy="clara_vote")
    assert (answer.label, answer.votes, answer.warnings) == ("B", {"B": 2}, ())
    assert answer.confidence == pytest.approx(0.7)
    assert not script.inputs("reconcile")
    assert len(script.inputs("verify")) == 1
    assert details(answer, "vote")[0]["agree"] is True


@pytest.mark.parametrize(("verdicts", "label"), [([ACCEPT, REFUSE], "B"), ([REFUSE, ACCEPT], "C")])
async def test_in_disagreement_an_accepted_answer_wins_over_a_refused_one(verdicts: list[VerifyOut], label: str) -> None:
    script = Script(answer_choice=[B, C], verify=verdicts)
    answer = await ask(script, strategy="clara_vote", rounds=1)
    assert (answer.label, answer.capped) == (label, False)
    assert answer.warnings == ("languages_disagree",)
    assert not script.inputs("reconcile")


@pytest.mark.parametrize(("better", "label", "confidence"), [("first", "B", 0.4), ("second", "C", 0.3)])
async def test_two_accepted_answers_are_compared(better: str, label: str, confidence: float) -> None:
    decision = ReconcileOut(reason="the evidence says so", agree=False, better=better)
    script = Script(answer_choice=[B, C], reconcile=decision)
    answer = await ask(script, strategy="clara_vote")
    assert (answer.label, answer.votes, answer.warnings) == (label, {"B": 1, "C": 1}, ("languages_disagree",))
    assert answer.confidence == pytest.approx(confidence)
    [asked] = script.inputs("reconcile")
    assert (asked.first, asked.second) == ("B) Lateral rectus\nIt abducts.", "C) Superior rectus\nIt elevates.")
    assert (asked.first_cites, asked.second_cites) == ((1,), (2,))
    assert details(answer, "vote")[0]["reason"] == "the evidence says so"


async def test_two_letters_never_agree_whatever_the_comparison_says() -> None:
    script = Script(answer_choice=[B, C], reconcile=ReconcileOut(agree=True, better="first"))
    assert (await ask(script, strategy="clara_vote")).warnings == ("languages_disagree",)


async def test_a_comparison_that_does_not_come_leaves_the_answer_through_english() -> None:
    answer = await ask(Script(answer_choice=[B, C], reconcile=UNPARSED), strategy="clara_vote")
    assert (answer.label, answer.warnings) == ("B", ("languages_disagree",))


async def test_two_refused_answers_end_capped() -> None:
    answer = await ask(Script(answer_choice=[B, C], verify=REFUSE), strategy="clara_vote", rounds=1)
    assert answer.capped
    assert answer.verdict.grounded is False


async def test_a_second_answer_that_fails_changes_nothing() -> None:
    answer = await ask(Script(answer_choice=[B, SILENT]), strategy="clara_vote")
    assert (answer.label, answer.confidence, answer.votes, answer.warnings) == ("B", 0.8, {}, ())
    assert details(answer, "vote")[0]["agree"] is None


async def test_a_first_answer_that_failed_gives_way_to_the_second() -> None:
    answer = await ask(Script(answer_choice=[UNPARSED, C]), strategy="clara_vote", rounds=1)
    assert (answer.label, answer.failure, answer.capped) == ("C", None, False)


@pytest.mark.parametrize("agree", [True, False])
async def test_free_text_answers_are_compared_by_the_verifier(agree: bool) -> None:
    texts = [TextOut(answer="The sixth nerve.", confidence=0.8), TextOut(answer="The third nerve.", confidence=0.6)]
    decision = ReconcileOut(agree=agree, better="second")
    answer = await ask(Script(translate=NERVE, answer_text=texts, reconcile=decision), FREE, "clara_vote")
    assert answer.answer_english == "The third nerve."
    assert ("languages_disagree" in answer.warnings) is not agree
    assert answer.confidence == pytest.approx(0.7 if agree else 0.3)


async def test_without_verification_the_comparison_alone_decides() -> None:
    script = Script(answer_choice=[B, C], reconcile=ReconcileOut(agree=False, better="second"))
    answer = await ask(script, strategy=get_strategy("clara_vote").without("verify"))
    assert (answer.label, script.inputs("verify")) == ("C", [])


async def test_where_there_is_one_wording_there_is_no_vote() -> None:
    for script, question in ((Script(), ENGLISH), (Script(translate=UNPARSED), SPANISH)):
        assert "vote" not in steps(await ask(script, question, "clara_vote"))
