"""Outside sources: asked last, in English, once; what fails is a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.agent.strategies import get_strategy
from clara.tasks.model import ChoiceOut, GradeOut, ReactOut, RewriteOut, TranslateOut
from clara.types import Passage, Question
from tests.agent.fakes import ENGLISH, FREE, GOOD, PASSAGES, SPANISH, UNPARSED, Outside, Script, Shelf, ask, details, steps

ABSTRACT = Passage(
    "pubmed:1#0", "An abstract", "The sixth nerve supplies the lateral rectus.", "Eye, https://x/", "abstract"
)
MOTHER = Question("My mother Anna Smith, 83, cannot see on the left", (), "en")
POOR, ENOUGH = GradeOut(relevant=(3,), sufficient=False), GradeOut(relevant=(1, 2), sufficient=True)


async def test_it_runs_when_rewriting_is_exhausted_and_is_graded_like_other_evidence() -> None:
    source = Outside("pubmed", ABSTRACT)
    script = Script(grade=[POOR, POOR, GradeOut(relevant=(2,), sufficient=True)])
    answer = await ask(script, sources=[source], rounds=2)
    way = "retrieve grade rewrite retrieve grade search grade answer verify localize"
    assert steps(answer)[4:] == way.split()
    assert [passage.id for passage in script.inputs("grade")[2].passages] == ["lens#0", "pubmed:1#0"]
    assert [citation.id for citation in answer.citations] == ["pubmed:1#0"]
    assert answer.warnings == ()


async def test_sufficient_evidence_asks_nobody() -> None:
    source = Outside("pubmed", ABSTRACT)
    assert "search" not in steps(await ask(Script(), sources=[source]))
    assert source.queries == []


async def test_without_the_setting_nobody_is_asked() -> None:
    source = Outside("pubmed", ABSTRACT)
    answer = await ask(Script(grade=POOR), sources=[source], search=(), rounds=1)
    assert "search" not in steps(answer)


async def test_only_short_english_queries_leave_the_machine_the_precise_one_first() -> None:
    source = Outside("pubmed")
    await ask(Script(grade=POOR), sources=[source], rounds=2)
    assert source.queries == ["sixth nerve palsy", "lateral rectus"]
    for query in source.queries:
        assert not {"músculo", "ojo", "derecho", "globo"} & set(query.split())
        assert len(query.split()) <= 8


async def test_the_first_query_that_finds_something_is_the_last_that_is_sent() -> None:
    source = Outside("wikipedia", ABSTRACT)
    await ask(Script(grade=[POOR, ENOUGH]), sources=[source], rounds=1)
    assert len(source.queries) == 1


async def test_a_question_without_a_translation_is_never_sent() -> None:
    source = Outside("pubmed", ABSTRACT)
    answer = await ask(Script(grade=POOR, translate=UNPARSED), sources=[source], rounds=2)
    assert "search" in steps(answer)
    assert source.queries == []


@pytest.mark.parametrize("rewritten", [UNPARSED, RewriteOut(query=MOTHER.text), RewriteOut(query="...")])
@pytest.mark.parametrize("question", [MOTHER, replace(MOTHER, options=ENGLISH.options)])
async def test_neither_the_askers_own_words_nor_a_fallback_query_are_sent(rewritten: object, question: Question) -> None:
    source, script = Outside("pubmed", ABSTRACT), Script(grade=POOR, rewrite=rewritten, terms=UNPARSED)
    answer = await ask(script, question, sources=[source], rounds=3)
    assert "search" in steps(answer)
    assert source.queries == []


async def test_a_query_made_without_a_model_is_not_sent() -> None:
    source = Outside("pubmed")
    await ask(Script(uses_model=False, grade=POOR), sources=[source], rounds=2)
    assert source.queries == ["lateral rectus"]


@pytest.mark.parametrize("query", [MOTHER.text, "what is it?"])
async def test_a_tool_is_not_told_the_question_itself_nor_nothing(query: str) -> None:
    source = Outside("pubmed", ABSTRACT)
    turns = [ReactOut(query=query, action="search_pubmed"), ReactOut(action="answer")]
    await ask(Script(react=turns), MOTHER, strategy="react", sources=[source])
    assert source.queries == []


async def test_an_error_is_a_warning_and_the_other_source_still_counts() -> None:
    sources = [Outside("pubmed", fails=True), Outside("wikipedia", ABSTRACT)]
    answer = await ask(Script(grade=[POOR, ENOUGH]), sources=sources, rounds=1)
    assert answer.warnings == ("search_failed",)
    [detail] = details(answer, "search")
    assert detail["problems"] == ["pubmed cannot be reached"]
    assert [passage["id"] for passage in detail["passages"]] == ["pubmed:1#0"]


async def test_it_is_asked_once_even_if_it_does_not_help() -> None:
    answer = await ask(Script(grade=POOR), sources=[Outside("pubmed", ABSTRACT)], rounds=3)
    assert steps(answer).count("search") == 1
    assert answer.label == "B"


async def test_where_nothing_came_nothing_is_judged_anew() -> None:
    script = Script(grade=POOR)
    answer = await ask(script, sources=[Outside("pubmed")], rounds=1)
    assert steps(answer)[4:] == "retrieve grade search answer verify localize".split()
    assert [passage.id for passage in script.inputs("answer_choice")[0].passages] == ["lens#0"]


async def test_left_out_or_without_grade_it_never_runs() -> None:
    for step in ("search", "grade"):
        chosen = get_strategy("clara").without(step)
        assert "search" not in steps(await ask(Script(grade=POOR), strategy=chosen, sources=[Outside()], rounds=1))


# --- as a tool of the react strategy ---------------------------------------------------------------------------------


async def test_react_searches_reads_and_answers_from_all_that_was_found() -> None:
    turns = [
        ReactOut(thought="look", query="abducens nerve", action="search_knowledge"),
        ReactOut(thought="more", query="Lateral rectus innervation, please", action="search_pubmed"),
        ReactOut(thought="enough", action="answer"),
    ]
    shelf, source, script = Shelf(PASSAGES[:2]), Outside("pubmed", ABSTRACT), Script(react=turns)
    answer = await ask(script, strategy="react", shelf=shelf, sources=[source])
    assert steps(answer) == "detect act retrieve act search act answer localize".split()
    assert [query.texts for query in shelf.queries] == [("abducens nerve",)]
    assert source.queries == ["lateral rectus innervation"]
    assert [p.id for p in script.inputs("answer_choice")[0].passages] == ["sixth#0", "third#0", "pubmed:1#0"]
    assert [asked.left for asked in script.inputs("react")] == [3, 2, 1]
    assert script.inputs("react")[2].tried == ("abducens nerve", "Lateral rectus innervation, please")
    assert script.inputs("react")[0].tools == ("search_knowledge", "search_pubmed")
    assert answer.warnings == ()


async def test_react_is_not_offered_sources_that_the_strategy_leaves_out() -> None:
    script = Script()
    await ask(script, strategy=get_strategy("react").without("search"), sources=[Outside("pubmed")])
    assert script.inputs("react")[0].tools == ("search_knowledge",)


async def test_react_stops_at_the_cap() -> None:
    turns = [ReactOut(query=f"query {number}", action="search_knowledge") for number in range(9)]
    answer = await ask(Script(react=turns), strategy="react", rounds=4)
    assert (steps(answer).count("act"), steps(answer).count("retrieve"), answer.rounds) == (4, 4, 4)
    assert not answer.capped


@pytest.mark.parametrize("query", ["", "  ", "ABDUCENS nerve"])
async def test_a_repeated_or_empty_query_ends_the_search(query: str) -> None:
    turns = [ReactOut(query="abducens nerve", action="search_knowledge"), ReactOut(query=query, action="search_knowledge")]
    assert steps(await ask(Script(react=turns), strategy="react")).count("retrieve") == 1


async def test_a_tool_that_is_not_offered_becomes_the_knowledge_base() -> None:
    turns = [ReactOut(query="abducens", action="search_wikipedia"), ReactOut(action="answer")]
    answer = await ask(Script(react=turns), strategy="react", sources=[Outside("pubmed")])
    assert "retrieve" in steps(answer)
    assert "search" not in steps(answer)


async def test_a_tool_is_not_told_words_that_are_not_english() -> None:
    source = Outside("pubmed", ABSTRACT)
    turns = [ReactOut(query="¿qué nervio inerva el músculo?", action="search_pubmed"), ReactOut(action="answer")]
    await ask(Script(react=turns), strategy="react", sources=[source])
    assert source.queries == []


async def test_no_usable_turn_searches_the_question_itself_once() -> None:
    shelf = Shelf()
    answer = await ask(Script(react=UNPARSED), strategy="react", shelf=shelf)
    assert [query.texts for query in shelf.queries] == [(SPANISH.text,)]
    assert answer.label == "B"


async def test_react_may_answer_at_once() -> None:
    answer = await ask(Script(react=ReactOut(action="answer")), FREE, "react")
    assert steps(answer) == ["detect", "act", "answer", "localize"]


async def test_react_reasons_on_the_question_as_it_stands() -> None:
    script = Script(answer_choice=ChoiceOut(label="A"), translate=TranslateOut(stem=ENGLISH.text, options=GOOD.options))
    await ask(script, strategy="react")
    assert not script.inputs("translate")
    assert script.inputs("react")[0].stem == SPANISH.text
