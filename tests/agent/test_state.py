"""The state's own questions: what a candidate cites, which words to reason on, what several searches leave together."""

from __future__ import annotations

from clara.agent.state import GATHERED, Candidate, State, Translation, english, english_terms, gathered, ids_of, is_english
from clara.tasks.model import TermHint
from clara.types import Citation, Option, Passage, Question

PASSAGES = tuple(Passage(f"note#{number}", f"Note {number}", "text") for number in range(4))
QUESTION = Question("¿Qué?", (Option("A", "córnea"),), "es")


def test_a_candidate_knows_the_shown_passages_that_it_cites() -> None:
    citations = (Citation("note#2", "", "", ""), Citation("note#0", "", "", ""), Citation("other#0", "", "", ""))
    candidate = Candidate("x", citations=citations, passages=PASSAGES)
    assert candidate.cited_numbers() == (1, 3)
    assert ids_of(candidate.cited_passages()) == ("note#0", "note#2")
    assert Candidate("x", passages=PASSAGES).cited_passages() == []


def test_the_reasoning_is_what_a_choice_says_and_the_text_what_free_text_says() -> None:
    assert Candidate("B", reasoning="Because.").wording == "Because."
    assert Candidate("Because.").wording == "Because."


def test_the_translation_is_reasoned_on_where_there_is_one() -> None:
    own = State(question=QUESTION, language="es")
    translated = State(question=QUESTION, language="es", translation=Translation("What?", (Option("A", "cornea"),)))
    assert english(own) == ("¿Qué?", QUESTION.options)
    assert english(translated) == ("What?", (Option("A", "cornea"),))


def test_a_translation_that_never_came_is_no_english() -> None:
    missing = Translation("¿Qué?", missing=True)
    assert not is_english(State(question=QUESTION, language="es"))
    assert not is_english(State(question=QUESTION, language="es", translation=missing))
    assert is_english(State(question=QUESTION, language="es", translation=Translation("What?")))
    assert is_english(State(question=QUESTION, language="en"))


def test_passages_of_several_searches_come_once_in_order_up_to_a_limit() -> None:
    assert ids_of(gathered(PASSAGES[:2], PASSAGES[1:])) == ("note#0", "note#1", "note#2", "note#3")
    many = tuple(Passage(f"many#{number}", "", "") for number in range(2 * GATHERED))
    assert gathered((), many) == many[:GATHERED]


def test_the_terms_are_named_in_english() -> None:
    terms = tuple(TermHint(source=name, english=name.upper()) for name in ("a", "b", "c"))
    assert english_terms(State(terms=terms)) == "A B C"
    assert english_terms(State(terms=terms), 2) == "A B"
    assert english_terms(State()) == ""
