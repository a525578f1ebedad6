"""Citations: the numbers of an answer as passages, and the passages behind an option that was chosen without words."""

from __future__ import annotations

import pytest

from clara.agent.citing import MOST_CITED, cite, marked, named, renumbered, supporting
from clara.types import Passage

CORNEA = Passage("c#0", "Cornea", "The stroma is the thickest layer of the cornea. Tears wet it.", "A book")
LENS = Passage("l#0", "Lens", "The lens capsule is a basement membrane. The lens has no vessels.", "Another book")
IRIS = Passage("i#0", "Iris", "The dilator muscle lies in the iris.", "A third book")
SHOWN = (CORNEA, LENS, IRIS)


def test_each_shown_passage_is_cited_once_in_the_order_of_the_answer() -> None:
    citations, flags = named((2, 1, 2), SHOWN, "the capsule of the lens")
    assert [citation.id for citation in citations] == ["l#0", "c#0"]
    assert flags == ()


def test_every_number_that_names_no_passage_is_flagged_once() -> None:
    citations, flags = named((9, 0, 9, 1), SHOWN, "")
    assert [citation.id for citation in citations] == ["c#0"]
    assert flags == ("citation [0] names no passage", "citation [9] names no passage")


def test_a_citation_quotes_the_sentence_that_shares_most_words() -> None:
    assert cite(LENS, "Why has the lens no vessels?").quote == "The lens has no vessels."
    assert cite(LENS, "The capsule").quote == "The lens capsule is a basement membrane."
    assert cite(Passage("e#0", "Empty", ""), "anything").quote == ""


def test_marks_that_follow_each_other_belong_to_one_claim() -> None:
    text = "The stroma is the thickest layer [1][2]. The lens has no vessels [2]."
    citations, _ = named((1, 2), SHOWN, text)
    assert [citation.quote for citation in citations] == [
        "The stroma is the thickest layer of the cornea.",
        "The lens has no vessels.",
    ]


def test_the_numbers_of_marks_are_a_set() -> None:
    assert marked("So [1, 2] and [2; 3].") == {1, 2, 3}


def test_marks_count_what_the_reader_sees() -> None:
    assert renumbered("One [3]. Two [1; 2].", (IRIS, CORNEA), SHOWN) == "One [1]. Two [2]."
    assert renumbered("One [3].", (IRIS,), ()) == "One [3]."


def test_an_option_is_supported_by_the_passages_that_hold_its_words_the_question_deciding_between_them() -> None:
    vessels = Passage("v#0", "Vessels", "The lens capsule of the child.")
    citations = supporting((vessels, LENS, IRIS), "Which membrane has the lens?", "lens capsule")
    assert [citation.id for citation in citations] == ["l#0", "v#0"]
    assert len(supporting((LENS, vessels, LENS, vessels), "?", "lens capsule")) == MOST_CITED


@pytest.mark.parametrize("option", ["optic nerve head", "ciliary processes"])
def test_an_option_that_no_passage_holds_half_of_has_no_citation(option: str) -> None:
    assert supporting(SHOWN, "Which?", option) == ()
