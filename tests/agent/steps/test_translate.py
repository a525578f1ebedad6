"""Translation and its assessment: second attempts, the better of two, and texts that are not what their label says."""

from __future__ import annotations

from typing import Any

import pytest

from clara.agent.strategies import get_strategy
from clara.tasks.model import (
    AssessOut,
    TaskResult,
    TranslateOut,
)
from clara.types import Option, Question
from tests.agent.fakes import (
    ENGLISH,
    GOOD,
    SILENT,
    SPANISH,
    UNPARSED,
    Script,
    ask,
    details,
    steps,
)


async def test_a_poor_translation_is_made_again_and_told_what_went_wrong() -> None:
    bad = TranslateOut(stem="Which muscle of the eye does not move the globe 30 degrees?", options=GOOD.options)
    script = Script(translate=[bad, GOOD])
    answer = await ask(script)
    assert steps(answer)[:5] == ["detect", "translate", "assess", "translate", "assess"]
    second = script.inputs("translate")[1]
    assert second.problems == ("right was lost in the question",)
    assert (second.previous, {o.label: o.text for o in second.previous_options}) == (bad.stem, bad.options)
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
async def test_a_translation_that_never_comes_leaves_the_original_and_a_warning(reply: TaskResult[Any]) -> None:
    answer = await ask(Script(translate=reply))
    assert (answer.english_question, answer.english_options) == ("", ())
    assert "translation_doubtful" in answer.warnings
    assert answer.label == "B"
    assert details(answer, "translate")[0]["failure"] == reply.failure


async def test_a_second_attempt_is_not_shown_the_original_as_a_refused_translation() -> None:
    script = Script(translate=[UNPARSED, GOOD])
    await ask(script)
    second = script.inputs("translate")[1]
    assert (second.previous, second.previous_options) == ("", ())
    assert second.problems == (UNPARSED.reason,)


async def test_the_terms_of_the_options_are_told_and_those_that_are_english_already_are_not() -> None:
    script = Script()
    await ask(script, Question("¿Cuál mueve el ojo hacia fuera?", (Option("A", "Recto lateral"), Option("B", "Iris")), "es"))
    assert [term.english for term in script.inputs("translate")[0].terms] == ["lateral rectus"]
    await ask(script, Question("Alin ang lateral rectus sa larawang ito ng mata?", (), "fil"))
    assert script.inputs("translate")[-1].terms == ()


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


async def test_options_keep_their_letters_when_the_translation_reorders_them() -> None:
    shuffled = TranslateOut(stem=ENGLISH.text, options=dict(reversed(GOOD.options.items())))
    answer = await ask(Script(translate=shuffled))
    assert answer.english_options == ENGLISH.options


# --- texts that are not what their label says ------------------------------------------------------------------------

MIXED = Question(
    "Alin sa mga sumusunod ang first-line treatment ng acute angle closure glaucoma?",
    (Option("A", "Timolol"), Option("B", "Atropine")),
)
ROMAN = Question("daayin aankh mein lal aankh aur dard ka karan kya hai?", ())


async def test_english_labelled_as_another_language_is_not_translated() -> None:
    script = Script()
    answer = await ask(script, Question(ENGLISH.text, ENGLISH.options, "pt"), "translate_rag")
    assert steps(answer)[:3] == ["detect", "translate", "assess"]
    assert not script.inputs("translate")
    assert not script.inputs("assess")
    assert (answer.english_question, answer.english_options, answer.warnings) == (ENGLISH.text, ENGLISH.options, ())


async def test_english_with_options_of_the_other_language_is_translated() -> None:
    script = Script()
    await ask(script, Question(ENGLISH.text, SPANISH.options, "es"))
    assert len(script.inputs("translate")) == 1


@pytest.mark.parametrize("order", ["{english}\n{other}", "{other}\n{english}", "{other} {english}"])
async def test_a_question_that_holds_its_english_source_is_asked_once(order: str) -> None:
    text = order.format(english=ENGLISH.text, other=SPANISH.text)
    script = Script(
        translate=TranslateOut(stem="Some translation of 30 degrees of the right eye, not", options=GOOD.options)
    )
    answer = await ask(script, Question(text, SPANISH.options, "es"), "translate_rag")
    assert script.inputs("translate")[0].stem == SPANISH.text
    assert answer.english_question == ENGLISH.text
    assert answer.warnings == ()


async def test_two_sentences_of_one_language_are_not_taken_apart() -> None:
    text = "Un paciente de 40 años refiere dolor en el ojo. ¿Cuál es el tratamiento de elección?"
    script = Script(translate=TranslateOut(stem="A patient aged 40 has pain in the eye. What is the treatment of choice?"))
    await ask(script, Question(text, (), "es"), "translate_rag")
    assert script.inputs("translate")[0].stem == text


@pytest.mark.parametrize("pattern", ["{source}\n{made}", "{source} -> {made}", "{made}\n({source})"])
async def test_a_source_that_the_model_repeated_is_taken_off(pattern: str) -> None:
    echoed = pattern.format(source=SPANISH.text, made=ENGLISH.text)
    answer = await ask(Script(translate=TranslateOut(stem=echoed, options=GOOD.options)), strategy="translate_rag")
    assert answer.english_question == ENGLISH.text
    assert answer.warnings == ()


async def test_a_mere_echo_is_doubtful_and_tried_again() -> None:
    echo = TranslateOut(stem=SPANISH.text, options={option.label: option.text for option in SPANISH.options})
    script = Script(translate=[echo, GOOD])
    answer = await ask(script)
    assert len(script.inputs("translate")) == 2
    assert "the question was not translated" in script.inputs("translate")[1].problems
    assert answer.english_question == ENGLISH.text


async def test_english_mixed_into_filipino_is_filipino_and_translated() -> None:
    script = Script(translate=TranslateOut(stem="x", options={"A": "Timolol", "B": "Atropine"}))
    answer = await ask(script, MIXED)
    assert answer.language == "fil"
    assert script.inputs("translate")[0].language == "fil"


async def test_hindi_in_latin_letters_is_hindi_and_translated() -> None:
    made = TranslateOut(stem="What is the cause of red eye and pain in the right eye?")
    script = Script(translate=made)
    answer = await ask(script, ROMAN)
    assert (answer.language, details(answer, "detect")[0]["romanised"]) == ("hi", True)
    assert answer.english_question == made.stem
    assert "translation_doubtful" not in answer.warnings


# --- strategies that do not assess -----------------------------------------------------------------------------------


async def test_the_guards_warn_where_nobody_assesses() -> None:
    lost = TranslateOut(stem=ENGLISH.text.replace("right ", ""), options=GOOD.options)
    answer = await ask(Script(translate=lost), strategy=get_strategy("translate_rag").without("assess"))
    assert answer.warnings == ("translation_doubtful",)
    assert details(answer, "translate")[0]["flags"] == ["right was lost in the question"]
