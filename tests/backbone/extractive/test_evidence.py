from __future__ import annotations

import pytest

from clara.backbone.extractive.evidence import choose, coverage, extract, held
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


def test_held_is_the_share_of_the_claims_words() -> None:
    assert held("timolol lowers pressure", "Timolol") == pytest.approx(1 / 3)
    assert held("corneas", "cornea") == 1.0
    assert held("", "anything") == 0.0


def test_extract_quotes_whole_sentences_in_the_order_of_passages() -> None:
    found = extract("What raises uveoscleral outflow and what lowers aqueous production?", PASSAGES)
    assert [part.passage for part in found] == sorted(part.passage for part in found)
    everything = " ".join(passage.text for passage in PASSAGES)
    assert found
    assert all(part.sentence in everything for part in found)


def test_extract_finds_nothing_where_nothing_matches() -> None:
    assert extract("zebra", PASSAGES) == []
    assert extract("zebra", ()) == []


def test_a_question_in_a_passage_is_no_statement() -> None:
    passage = Passage("n#0", "Timolol", "What is timolol? Timolol is a beta blocker. 什么是噻吗洛尔？")
    assert [part.sentence for part in extract("What is timolol?", (passage,))] == ["Timolol is a beta blocker."]
