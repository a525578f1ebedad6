"""Every route through the graph, told by the trace of a scripted run."""

from __future__ import annotations

import json

import pytest

from clara.agent.strategies import STRATEGIES, get_strategy
from clara.errors import BackboneUnreachable, UnsupportedLanguage, UsageError
from clara.tasks import (
    AssessOut,
    ChoiceOut,
    GradeOut,
    LocalizeOut,
    RewriteOut,
    TextOut,
    TranslateOut,
    VerifyOut,
)
from clara.types import Option, Question
from tests.agent.fakes import (
    ACCEPT,
    ENGLISH,
    FREE,
    GOOD,
    PASSAGES,
    REFUSE,
    SILENT,
    SPANISH,
    UNPARSED,
    Script,
    Shelf,
    ask,
    details,
    steps,
)

PATHS = {
    "direct": "detect answer localize",
    "translate": "detect translate assess answer localize",
    "rag": "detect retrieve answer localize",
    "translate_rag": "detect translate assess retrieve answer localize",
    "clara": "detect translate assess augment retrieve grade answer verify localize",
}


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_each_strategy_takes_its_own_steps_in_order(strategy: str) -> None:
    assert steps(await ask(Script(), strategy=strategy)) == PATHS[strategy].split()


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_english_skips_translation_and_nothing_else(strategy: str) -> None:
    script = Script()
    answer = await ask(script, ENGLISH, strategy)
    assert steps(answer) == [step for step in PATHS[strategy].split() if step not in ("translate", "assess")]
    assert not script.inputs("translate")
    assert answer.english_question == ENGLISH.text


async def test_the_language_is_detected_where_none_is_given() -> None:
    answer = await ask(Script(), Question(SPANISH.text, SPANISH.options))
    assert answer.language == "es"
    assert details(answer, "detect")[0]["given"] is False


async def test_a_given_language_is_believed() -> None:
    answer = await ask(Script(), Question(ENGLISH.text, ENGLISH.options, "pt"))
    assert answer.language == "pt"
    assert "translate" in steps(answer)


async def test_the_answer_of_a_choice_is_the_askers_own_option_text() -> None:
    answer = await ask(Script())
    assert (answer.label, answer.answer, answer.answer_english) == ("B", "Recto lateral", "Lateral rectus")


async def test_the_free_text_answer_is_localised_and_kept_in_english_too() -> None:
    script = Script(translate=TranslateOut(stem="Which nerve supplies the lateral rectus?"))
    answer = await ask(script, FREE)
    assert answer.answer == "Lo inerva el nervio abducens [1]."
    assert answer.answer_english == "The abducens nerve supplies it [1]."
    assert answer.label is None
    assert answer.warnings == ()


async def test_direct_shows_the_backbone_the_question_as_it_stands() -> None:
    script = Script()
    answer = await ask(script, strategy="direct")
    [asked] = script.inputs("answer_choice")
    assert (asked.stem, asked.options, asked.passages) == (SPANISH.text, SPANISH.options, ())
    assert answer.english_question == ""
    assert answer.answer_english == ""


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


# --- translation -----------------------------------------------------------------------------------------------------


async def test_a_poor_translation_is_made_again_and_told_what_went_wrong() -> None:
    bad = TranslateOut(stem="Which muscle of the eye does not move the globe 30 degrees?", options=GOOD.options)
    script = Script(translate=[bad, GOOD])
    answer = await ask(script)
    assert steps(answer)[:5] == ["detect", "translate", "assess", "translate", "assess"]
    second = script.inputs("translate")[1]
    assert second.problems == ("right was lost in the question",)
    assert second.previous == bad.stem
    assert answer.english_question == ENGLISH.text
    assert "translation_doubtful" not in answer.warnings


async def test_the_second_translation_is_asked_with_another_seed() -> None:
    script = Script(assess=[AssessOut(adequate=False, problem="odd"), AssessOut(adequate=True)])
    await ask(script, seed=7)
    assert [seed for name, _, seed in script.asked if name == "translate"] == [7, 8]


async def test_the_backbones_own_objection_is_told_to_the_translator() -> None:
    script = Script(assess=[AssessOut(adequate=False, problem="globe became ball"), AssessOut(adequate=True)])
    await ask(script)
    assert script.inputs("translate")[1].problems == ("globe became ball",)


@pytest.mark.parametrize("better_first", [True, False])
async def test_after_the_last_attempt_the_better_translation_goes_on_flagged(better_first: bool) -> None:
    one_fault = TranslateOut(stem=ENGLISH.text.replace("right ", ""), options=GOOD.options)
    three_faults = TranslateOut(stem="Which muscle moves the globe 40 degrees?", options=GOOD.options)
    order = [one_fault, three_faults] if better_first else [three_faults, one_fault]
    answer = await ask(Script(translate=order))
    assert steps(answer).count("translate") == 2
    assert answer.english_question == one_fault.stem
    assert answer.warnings == ("translation_doubtful",)


async def test_the_settings_cap_the_attempts_at_a_translation() -> None:
    answer = await ask(Script(assess=AssessOut(adequate=False, problem="odd")), translations=4)
    assert steps(answer).count("translate") == 4


@pytest.mark.parametrize("reply", [UNPARSED, SILENT])
async def test_a_translation_that_never_comes_leaves_the_original_and_a_warning(reply: object) -> None:
    answer = await ask(Script(translate=reply))
    assert answer.english_question == SPANISH.text
    assert "translation_doubtful" in answer.warnings
    assert answer.label == "B"
    assert details(answer, "translate")[0]["failure"] == reply.failure  # type: ignore[attr-defined]


async def test_an_assessment_that_does_not_parse_is_no_objection() -> None:
    answer = await ask(Script(assess=UNPARSED))
    assert steps(answer).count("translate") == 1
    assert details(answer, "assess")[0]["judgement"] == "unparsed"


async def test_a_lost_option_is_flagged_and_the_option_letters_stay() -> None:
    answer = await ask(
        Script(translate=TranslateOut(stem=ENGLISH.text, options={"A": "Medial rectus", "B": "Lateral rectus"}))
    )
    assert details(answer, "assess")[0]["flags"] == ["option C is missing"]
    assert [option.label for option in answer.english_options] == ["A", "B", "C"]


# --- evidence --------------------------------------------------------------------------------------------------------


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
    assert script.inputs("rewrite")[0].tried == (ENGLISH.text,)
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
    assert first[1] == "lateral rectus"
    assert answer.rounds == 3


async def test_queries_stay_new_even_when_every_wording_was_tried() -> None:
    shelf = Shelf()
    question = Question("abduction?", (), "en")
    await ask(Script(rewrite=UNPARSED, grade=GradeOut(relevant=(), sufficient=False)), question, shelf=shelf, rounds=10)
    first = [query.texts[0] for query in shelf.queries]
    assert len(first) == len(set(first)) == 10


# --- verification ----------------------------------------------------------------------------------------------------


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


async def test_no_verdict_is_not_a_refusal() -> None:
    answer = await ask(Script(verify=UNPARSED))
    assert (answer.rounds, answer.capped) == (1, False)
    assert answer.verdict.grounded is None


async def test_an_accepted_answer_is_never_swapped_for_one_that_was_refused() -> None:
    choices = [ChoiceOut(label="A", citations=(1,), confidence=0.9), ChoiceOut(label="B", citations=(1,), confidence=0.5)]
    answer = await ask(Script(answer_choice=choices, verify=[REFUSE, UNPARSED]))
    assert (answer.label, answer.capped) == ("B", False)


# --- replies that cannot be used -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", [UNPARSED, SILENT])
@pytest.mark.parametrize("question", [SPANISH, FREE])
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_an_unusable_reply_is_a_value(reply: object, question: Question, strategy: str) -> None:
    answer = await ask(Script(answer_choice=reply, answer_text=reply), question, strategy)
    assert answer.failure == reply.failure  # type: ignore[attr-defined]
    assert (answer.label, answer.answer, answer.citations) == (None, "", ())
    assert "no_usable_reply" in answer.warnings
    json.dumps(answer.to_json())


async def test_an_unusable_reply_is_tried_again_and_forgotten_when_the_next_is_good() -> None:
    answer = await ask(Script(answer_choice=[UNPARSED, ChoiceOut(label="B", citations=(1,))]))
    assert (answer.label, answer.failure, answer.rounds, answer.capped) == ("B", None, 2, False)


@pytest.mark.parametrize("letter", ["D", "Z", "1", "", "é", "ß", " "])
async def test_a_letter_that_is_no_option_is_a_failure(letter: str) -> None:
    answer = await ask(Script(answer_choice=ChoiceOut(label=letter, confidence=1.0)), strategy="translate_rag")
    assert (answer.failure, answer.label) == ("unparsed", None)


async def test_a_lower_case_letter_counts() -> None:
    assert (await ask(Script(answer_choice=ChoiceOut(label="c")))).label == "C"


async def test_citations_of_passages_that_were_not_shown_are_removed_and_flagged() -> None:
    script = Script(answer_choice=ChoiceOut(label="B", citations=(1, 7, 1, -2), confidence=0.5))
    answer = await ask(script)
    assert [citation.id for citation in answer.citations] == ["sixth#0"]
    assert details(answer, "answer")[0]["flags"] == ["citation [-2] names no passage", "citation [7] names no passage"]


async def test_a_strategy_without_retrieval_can_cite_nothing() -> None:
    answer = await ask(Script(), strategy="translate")
    assert answer.citations == ()
    assert details(answer, "answer")[0]["flags"] == ["citation [1] names no passage"]


async def test_a_citation_quotes_the_sentence_that_carries_the_answer() -> None:
    [citation] = (await ask(Script())).citations
    assert citation.quote == "It supplies the lateral rectus."
    assert citation.source == PASSAGES[0].source


@pytest.mark.parametrize(("confidence", "abstains"), [(0.49, True), (0.5, False), (None, False)])
async def test_low_confidence_abstains_and_shows_no_letter(confidence: float | None, abstains: bool) -> None:
    script = Script(answer_choice=ChoiceOut(label="B", citations=(1,), confidence=confidence))
    answer = await ask(script, abstain_below=0.5)
    assert answer.abstained is abstains
    assert (answer.label, answer.answer) == ((None, "") if abstains else ("B", "Recto lateral"))


async def test_a_failure_is_not_an_abstention() -> None:
    answer = await ask(Script(answer_choice=UNPARSED), abstain_below=1.0)
    assert (answer.abstained, answer.failure) == (False, "unparsed")


async def test_an_answer_that_cannot_be_localised_stays_english_with_a_warning() -> None:
    answer = await ask(Script(localize=UNPARSED), FREE, "translate_rag")
    assert answer.answer == answer.answer_english == "The abducens nerve supplies it [1]."
    assert "answer_in_english" in answer.warnings


@pytest.mark.parametrize("text", ["Lo inerva el nervio abducens.", "Lo inerva el nervio 6 [1]."])
async def test_a_localised_answer_that_lost_or_gained_a_number_is_doubtful(text: str) -> None:
    answer = await ask(Script(localize=LocalizeOut(answer=text)), FREE, "rag")
    assert answer.warnings == ("localisation_doubtful",)


async def test_an_english_free_text_answer_is_not_sent_through_localisation() -> None:
    script = Script()
    answer = await ask(script, Question("Which nerve supplies the lateral rectus?", (), "en"))
    assert not script.inputs("localize")
    assert answer.answer == answer.answer_english


async def test_without_a_model_the_reader_is_warned_first() -> None:
    answer = await ask(Script(uses_model=False, answer_choice=UNPARSED))
    assert answer.warnings == ("no_model", "no_usable_reply")


async def test_usage_is_the_sum_of_all_calls() -> None:
    script = Script()
    answer = await ask(script)
    assert answer.usage.calls == len(script.asked) > 5
    assert answer.usage.seconds > 0


async def test_a_backbone_that_cannot_be_reached_is_an_error_not_an_answer() -> None:
    with pytest.raises(BackboneUnreachable):
        await ask(Script(grade=BackboneUnreachable("nobody is there")))


async def test_a_language_that_the_backbone_does_not_cover_is_refused_before_any_task() -> None:
    script = Script(languages=frozenset({"en", "es"}))
    with pytest.raises(UnsupportedLanguage, match="English, Spanish, not German") as caught:
        await ask(script, Question("Welcher Muskel ist das?", (), "de"))
    assert caught.value.language == "de"
    assert script.asked == []


# --- leaving steps out -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["translate", "assess", "augment", "retrieve", "grade", "rewrite", "verify", "localize"])
async def test_a_step_left_out_never_runs(step: str) -> None:
    script = Script(grade=GradeOut(relevant=(1,), sufficient=False), verify=REFUSE, assess=AssessOut(adequate=False))
    answer = await ask(script, strategy=get_strategy("clara").without(step))
    assert step not in steps(answer)
    assert answer.label == "B"


async def test_steps_that_only_serve_another_are_left_out_with_it() -> None:
    path = steps(await ask(Script(verify=REFUSE), strategy=get_strategy("clara").without("retrieve", "translate")))
    assert path == "detect augment answer verify localize".split()


async def test_without_localize_the_answer_stays_english() -> None:
    assert (await ask(Script(), strategy=get_strategy("clara").without("localize"))).answer == "Lateral rectus"


async def test_an_ablation_says_so_in_its_name() -> None:
    assert get_strategy("clara").without("verify", "grade").name == "clara without grade, verify"
    assert get_strategy("clara").without() is get_strategy("clara")


async def test_strategy_errors_name_what_was_meant() -> None:
    with pytest.raises(UsageError, match="choose one of direct, translate, rag, translate_rag, clara"):
        get_strategy("nope")
    with pytest.raises(UsageError, match="did you mean verify"):
        get_strategy("clara").without("verifi")
    for step in ("detect", "answer"):
        with pytest.raises(UsageError, match="no strategy can run without"):
            get_strategy("clara").without(step)


async def test_options_keep_their_letters_when_the_translation_reorders_them() -> None:
    shuffled = TranslateOut(stem=ENGLISH.text, options=dict(reversed(GOOD.options.items())))
    answer = await ask(Script(translate=shuffled))
    assert answer.english_options == ENGLISH.options


async def test_free_text_answers_have_no_letter_in_any_strategy() -> None:
    question = Question("Which nerve supplies the lateral rectus?", (), "en")
    for strategy in STRATEGIES:
        answer = await ask(Script(answer_text=TextOut(answer="The sixth.")), question, strategy)
        assert (answer.label, answer.answer) == (None, "The sixth.")


async def test_a_question_of_two_equal_options_is_answered() -> None:
    question = Question("Which?", (Option("A", "same"), Option("B", "same")), "en")
    assert (await ask(Script(), question)).label == "B"
