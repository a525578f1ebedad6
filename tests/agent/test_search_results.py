"""Without a language model an answer is a search: passages whole, words marked, a guess apart, nothing called verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.agent.runner import Agent
from clara.agent.search_results import as_search_results, emphasised
from clara.agent.state import Candidate
from clara.agent.strategies import STRATEGIES, get_strategy
from clara.backbone.extractive.backbone import ExtractiveBackbone
from clara.config import Settings
from clara.knowledge.glossary import TermGlossary
from clara.language.codes import SEVEN
from clara.language.messages import say
from clara.testing import FixedRetriever
from clara.types import Answer, Citation, Option, Passage, Question, Verdict

KERATITIS = Passage(
    "k#0", "Keratitis", "Keratitis hurts. It is treated with drops every hour.", "A book", section="Treatment"
)
LENSES = Passage("l#0", "Contact lenses", "Keratitis follows lenses worn overnight.", "A book")
OPTIONS = (Option("A", "Keratitis"), Option("B", "Cataract"))


def found(language: str = "en", label: str | None = None, cited: tuple[Passage, ...] = (KERATITIS,)) -> Answer:
    """What is made of a candidate that was shown both passages."""
    citations = tuple(Citation(passage.id, passage.title, "", "") for passage in cited)
    question = Question("How is keratitis treated?", OPTIONS if label else ())
    answer = Answer(question, language, "composed", "composed", label=label, capped=True, verdict=Verdict(True, True))
    candidate = Candidate("composed", label=label, citations=citations, passages=(LENSES, KERATITIS))
    return as_search_results(answer, candidate, "How is keratitis treated?", ("ophthalmology",))


def test_passages_stand_whole_under_number_title_and_section() -> None:
    answer = found()
    assert "**[1] Keratitis** · Treatment" in answer.answer
    assert "**Keratitis** hurts. It is **treated** with drops every hour." in answer.answer
    assert "composed" not in answer.answer
    assert [citation.quote for citation in answer.citations] == ["It is treated with drops every hour."]


def test_nothing_is_called_verified_and_nothing_capped() -> None:
    answer = found()
    assert (answer.verdict.grounded, answer.verdict.answers_question, answer.capped) == (None, None, False)


def test_a_failure_and_an_abstention_stay_what_they_are() -> None:
    question, candidate = Question("How?"), Candidate("x", passages=(KERATITIS,))
    failed = Answer(question, "en", "", "", failure="unparsed")
    assert as_search_results(failed, candidate, "How?", ()) is failed
    abstained = as_search_results(
        Answer(question, "en", "", "", abstained=True, verdict=Verdict(True)), candidate, "How?", ()
    )
    assert (abstained.answer, abstained.abstained, abstained.verdict.grounded) == ("", True, None)


@pytest.mark.parametrize("language", SEVEN)
def test_the_frame_is_in_the_askers_language_and_says_what_language_the_passages_have(language: str) -> None:
    answer = found(language)
    assert say("search_results", language) in answer.answer
    assert (say("passages_in_english", language) in answer.answer) == (language != "en")
    assert "drops every hour" in answer.answer


@pytest.mark.parametrize("language", SEVEN)
def test_the_closest_option_stands_apart_from_the_passages_as_a_guess(language: str) -> None:
    answer = found(language, label="A")
    guess = say("closest_option", language, label="A", option="Keratitis")
    assert answer.answer.endswith(f"\n\n{guess}")
    assert answer.label == "A"
    assert [citation.id for citation in answer.citations] == ["k#0", "l#0"]


@pytest.mark.parametrize("language", SEVEN)
def test_where_nothing_is_found_it_says_what_the_knowledge_base_is_about(language: str) -> None:
    answer = found(language, cited=())
    assert answer.answer == f"{say('nothing_found', language)} {say('kb_topics', language)}"
    assert answer.citations == ()


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("Ulcers of the cornea.", "corneal ulcer", "**Ulcers** of the cornea."),
        ("Give 5 mg, not 50 mg.", "Is 5 mg right?", "Give **5** **mg**, not 50 **mg**."),
        ("It is **very** painful.", "painful?", "It is very **painful**."),
        ("Nothing here.", "", "Nothing here."),
        ("1. The stroma is thick. 2. So is 1. 5 mm.", "stroma", "1\\. The **stroma** is thick. 2. So is 1. 5 mm."),
        ("", "anything", ""),
    ],
)
def test_words_of_the_question_are_marked_and_no_others(text: str, question: str, marked: str) -> None:
    assert emphasised(text, question) == marked


@pytest.mark.parametrize("name", STRATEGIES)
async def test_every_strategy_that_searches_ends_in_passages(name: str, glossary: TermGlossary, isolated: Path) -> None:
    agent = Agent(ExtractiveBackbone(glossary), FixedRetriever([KERATITIS]), glossary, Settings(home=isolated))
    answer = await agent.run(Question("How is keratitis treated?", (), "en"), get_strategy(name))
    assert ("drops every hour" in answer.answer) == STRATEGIES[name].searches
    assert answer.verdict.grounded is None
    localized = [step.detail["localized"] for step in answer.trace if step.step == "localize"]
    assert not any(localized)
