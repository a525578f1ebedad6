from __future__ import annotations

import pytest

from clara.backbone.extractive.evidence import choose, coverage, share_of
from clara.types import Option, Passage

PASSAGES = (
    Passage("n#0", "Timolol", "Timolol is a beta blocker. It lowers aqueous production."),
    Passage("n#1", "Latanoprost", "Latanoprost is a prostaglandin analogue. It raises uveoscleral outflow."),
)
DRUGS = (Option("A", "Timolol"), Option("B", "Latanoprost"), Option("C", "Amoxicillin"))


def test_choice_is_the_option_that_the_passages_support() -> None:
    choice = choose("Which drug is a prostaglandin analogue?", DRUGS, PASSAGES)
    assert choice.label == "B"
    assert choice.passage == 2
    assert "prostaglandin" in choice.sentence
    assert choice.confidence > 1 / 3


@pytest.mark.parametrize(
    "stem", ["All of these drugs lower eye pressure EXCEPT", "Which drug is not used?", "Which drug is an incorrect choice?"]
)
def test_choice_is_inverted_where_the_exception_is_asked(stem: str) -> None:
    assert choose(stem, DRUGS, PASSAGES).label == "C"


def test_choice_without_passages_is_the_first_at_chance_and_cites_nothing() -> None:
    choice = choose("Which?", DRUGS, ())
    assert (choice.label, choice.confidence, choice.passage) == ("A", 0.3333, 0)


def test_choice_with_nothing_supported_stays_near_chance() -> None:
    choice = choose("Which?", (Option("A", "zebra"), Option("B", "giraffe")), PASSAGES)
    assert (choice.label, choice.confidence, choice.passage) == ("A", 0.5, 0)


def test_coverage_weighs_rare_words_more_than_common_ones() -> None:
    texts = ["eye pressure", "eye vitreous", "eye retina"]
    shares = coverage("eye vitreous", texts)
    assert shares[1] == pytest.approx(1.0)
    assert 0 < shares[0] < 0.5
    assert shares[0] == shares[2]


def test_the_share_is_that_of_the_claims_words() -> None:
    assert share_of("timolol lowers pressure", "Timolol") == pytest.approx(1 / 3)
    assert share_of("corneas", "cornea") == 1.0
    assert share_of("", "anything") == 0.0


def test_a_question_in_a_passage_is_no_statement() -> None:
    options = (Option("A", "timolol"), Option("B", "latanoprost"))
    passage = Passage("n#0", "Drops", "What is timolol? 什么是噻吗洛尔？ Latanoprost is a prostaglandin analogue.")
    assert choose("Which drug?", options, (passage,)).label == "B"


def test_of_options_that_are_supported_alike_the_first_is_named() -> None:
    options = (Option("A", "beta blocker"), Option("B", "beta blocker"), Option("C", "zebra"))
    assert choose("What is timolol?", options, PASSAGES).label == "A"
