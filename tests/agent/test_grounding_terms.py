"""The verifier's terms come from the glossary that is given, and what it finds carries its facts as data."""

from __future__ import annotations

import pytest

from clara.agent.grounding import check_answer, check_choice, overlap
from clara.agent.state import Candidate, is_accepted, objections
from clara.agent.steps.verify import best
from clara.knowledge.glossary import Entry, TermGlossary
from clara.types import Option, Passage, Verdict

INVENTED = TermGlossary((Entry("azure", "anatomy", {"en": ("azurium", "blue velvet body")}, "An invented layer."),))
EMPTY = TermGlossary(())
PASSAGE = Passage("a#0", "Layers", "The azurium drains fluid from the chamber into 12 channels.")
ELSEWHERE = Passage("b#0", "Lids", "The lids close 15 times a minute.")


def test_two_names_of_one_concept_meet_through_the_glossary_that_is_given() -> None:
    answer = "The blue velvet body drains the chamber [1]."
    shown = (PASSAGE, ELSEWHERE)
    assert check_answer(answer, (PASSAGE,), shown, language="en", glossary=INVENTED) == ()
    [topic] = check_answer("The blue velvet body shrinks [1].", (PASSAGE,), shown, language="en", glossary=EMPTY)
    assert topic.kind == "citation"


def test_a_number_travels_with_its_discrepancy() -> None:
    [lost] = check_answer("The azurium drains fluid into 1,50 channels [1].", (PASSAGE,), language="en", glossary=INVENTED)
    assert (lost.kind, lost.number, lost.certain) == ("number", "1.5", True)
    assert lost.number in lost.message


def test_only_numbers_have_a_number() -> None:
    [finding] = check_answer("The lids close often, it seems [7].", (ELSEWHERE,), language="en", glossary=EMPTY)
    assert (finding.kind, finding.number) == ("citation", "")


@pytest.mark.parametrize(
    ("reasoning", "label", "kinds"),
    [
        ("So the answer is A.", "B", ["choice"]),
        ("So the answer is Z.", "B", []),  # no option of the question
        ("So the answer is A, no, the answer is B.", "B", []),
        ("", "B", []),
    ],
)
def test_the_last_letter_that_a_reasoning_settles_on_counts(reasoning: str, label: str, kinds: list[str]) -> None:
    options = (Option("A", "one"), Option("B", "two"))
    assert [finding.kind for finding in check_choice(reasoning, label, options)] == kinds


def test_an_empty_claim_shares_nothing() -> None:
    assert overlap(frozenset(), frozenset({"lens"})) == 0.0
    assert overlap(frozenset({"lens", "iris"}), frozenset({"lens"})) == 0.5


def test_an_answer_is_accepted_if_it_is_usable_and_nothing_speaks_against_it() -> None:
    assert is_accepted(Candidate("x"))
    assert not is_accepted(Candidate("", failure="unparsed"))
    assert not is_accepted(Candidate("x", verdict=Verdict(flags=("a number is wrong",))))


def test_objections_are_the_reason_and_the_flags() -> None:
    verdict = Verdict(False, reason="it is off", flags=("5 is missing", "6 is missing"))
    assert objections(Candidate("x", verdict=verdict)) == "it is off; 5 is missing; 6 is missing"
    assert objections(Candidate("x")) == ""


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ((Candidate("failed", failure="unparsed", confidence=1.0), Candidate("usable")), "usable"),
        ((Candidate("refused", confidence=0.9, verdict=Verdict(False)), Candidate("unjudged", confidence=0.1)), "unjudged"),
        ((Candidate("verified", verdict=Verdict(True, True)), Candidate("unjudged", confidence=0.9)), "verified"),
        ((Candidate("surer", confidence=0.9), Candidate("newer", confidence=0.5)), "surer"),
        ((Candidate("older"), Candidate("newer")), "newer"),
    ],
)
def test_the_best_candidate_is_usable_then_not_refused_then_verified_then_sure_then_new(
    candidates: tuple[Candidate, ...], expected: str
) -> None:
    assert best(candidates).text == expected
