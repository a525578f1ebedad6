"""Terms, retrieval, grading and rewriting."""

from __future__ import annotations

import pytest

from clara.tasks.model import (
    GradeOut,
    RewriteOut,
)
from clara.types import Question
from tests.agent.fakes import (
    ENGLISH,
    PASSAGES,
    SPANISH,
    UNPARSED,
    Script,
    Shelf,
    ask,
    details,
    steps,
)


async def test_rag_searches_with_the_untranslated_question_only() -> None:
    shelf = Shelf()
    await ask(Script(), strategy="rag", shelf=shelf)
    assert [query.texts for query in shelf.queries] == [(SPANISH.text,)]


async def test_clara_searches_in_english_with_terms_and_with_the_askers_own_words() -> None:
    shelf = Shelf()
    await ask(Script(), shelf=shelf)
    assert shelf.queries[0].texts == (ENGLISH.text, "lateral rectus", SPANISH.text)
    assert shelf.queries[0].weights == (1.0, 0.5, 0.5)


async def test_the_options_join_the_search_only_when_the_settings_say_so() -> None:
    shelf = Shelf()
    await ask(Script(), shelf=shelf, retrieve_with_options=True)
    assert shelf.queries[0].texts[0].endswith("Medial rectus Lateral rectus Superior rectus")


async def test_the_terms_of_the_glossary_reach_the_answer_step() -> None:
    script = Script()
    await ask(script)
    assert [term.english for term in script.inputs("answer_choice")[0].terms] == ["lateral rectus"]


async def test_grading_drops_what_does_not_help() -> None:
    script = Script(grade=GradeOut(relevant=(2, 99, 0), sufficient=True))
    answer = await ask(script)
    assert [p.id for p in script.inputs("answer_choice")[0].passages] == ["third#0"]
    assert details(answer, "grade")[0]["dropped"] == 2
    assert answer.citations[0].id == "third#0"


async def test_a_grade_that_does_not_parse_keeps_every_passage() -> None:
    script = Script(grade=UNPARSED)
    answer = await ask(script)
    assert script.inputs("answer_choice")[0].passages == PASSAGES
    assert answer.rounds == 1


async def test_insufficient_evidence_brings_a_new_query_before_any_answer() -> None:
    shelf = Shelf()
    script = Script(grade=[GradeOut(relevant=(3,), sufficient=False), GradeOut(relevant=(1,), sufficient=True)])
    answer = await ask(script, shelf=shelf)
    assert steps(answer)[4:] == ["retrieve", "grade", "rewrite", "retrieve", "grade", "answer", "verify", "localize"]
    assert script.inputs("rewrite")[0].reason == "the passages found do not settle the question"
    assert script.inputs("rewrite")[0].tried == (ENGLISH.text, "lateral rectus", SPANISH.text)
    assert shelf.queries[1].texts[0] == "abducens nerve palsy"
    assert answer.rounds == 2


async def test_sufficient_without_a_relevant_passage_is_not_believed() -> None:
    script = Script(grade=[GradeOut(relevant=(), sufficient=True), GradeOut(relevant=(1,), sufficient=True)])
    assert steps(await ask(script)).count("rewrite") == 1


async def test_no_passage_at_all_is_not_graded_but_searched_again() -> None:
    script = Script()
    answer = await ask(script, shelf=Shelf(()))
    assert not script.inputs("grade")
    assert answer.rounds == 3
    assert script.inputs("rewrite")[0].reason == "no passage was found"
    assert answer.citations == ()


@pytest.mark.parametrize("reply", [RewriteOut(query=ENGLISH.text.upper()), RewriteOut(query="   "), UNPARSED])
async def test_a_repeated_or_missing_query_is_replaced_by_one_nobody_tried(reply: object) -> None:
    shelf = Shelf()
    poor, enough = GradeOut(relevant=(1,), sufficient=False), GradeOut(relevant=(1,), sufficient=True)
    answer = await ask(Script(rewrite=reply, grade=[poor, poor, enough]), shelf=shelf)
    first = [query.texts[0] for query in shelf.queries]
    assert len({text.casefold() for text in first}) == 3
    assert not {text.casefold() for text in first[1:]} & {text.casefold() for text in shelf.queries[0].texts}
    assert answer.rounds == 3


async def test_the_loop_ends_when_every_wording_was_tried() -> None:
    shelf = Shelf()
    question = Question("abduction?", (), "en")
    script = Script(rewrite=UNPARSED, grade=GradeOut(relevant=(), sufficient=False))
    answer = await ask(script, question, shelf=shelf, rounds=10)
    first = [query.texts[0] for query in shelf.queries]
    assert len(first) == len(set(first)) < 10
    assert answer.answer


async def test_the_loop_ends_when_a_new_query_finds_the_same_passages() -> None:
    shelf = Shelf(repeats=True)
    script = Script(
        rewrite=[RewriteOut(query=f"wording {number}") for number in range(9)],
        grade=GradeOut(relevant=(1,), sufficient=False),
    )
    answer = await ask(script, shelf=shelf, rounds=10)
    assert len(shelf.queries) == 2
    assert answer.label == "B"


async def test_a_grade_that_names_no_passage_leaves_the_answer_the_best_ones() -> None:
    script = Script(grade=GradeOut(relevant=(), sufficient=False), rewrite=UNPARSED)
    await ask(script, rounds=1)
    assert script.inputs("answer_choice")[0].passages == PASSAGES
