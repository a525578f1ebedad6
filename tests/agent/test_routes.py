"""Every strategy takes its own way through the graph, told by the trace of a scripted run."""

from __future__ import annotations

import pytest

from clara.agent.strategies import STRATEGIES, get_strategy
from clara.errors import BackboneUnreachable, UnsupportedLanguage, UsageError
from clara.tasks.model import (
    AssessOut,
    GradeOut,
)
from clara.types import Question
from tests.agent.fakes import (
    ENGLISH,
    REFUSE,
    SPANISH,
    UNPARSED,
    Script,
    ask,
    details,
    steps,
)

PATHS = {
    "direct": "detect answer localize",
    "translate": "detect translate assess answer localize",
    "rag": "detect retrieve answer localize",
    "translate_rag": "detect translate assess retrieve answer localize",
    "react": "detect act retrieve act answer localize",
    "clara": "detect translate assess augment retrieve grade answer verify localize",
    "clara_vote": "detect translate assess augment retrieve grade answer verify vote localize",
}


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_each_strategy_takes_its_own_steps_in_order(strategy: str) -> None:
    assert steps(await ask(Script(), strategy=strategy)) == PATHS[strategy].split()


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_english_skips_translation_and_nothing_else(strategy: str) -> None:
    script = Script()
    answer = await ask(script, ENGLISH, strategy)
    assert steps(answer) == [step for step in PATHS[strategy].split() if step not in ("translate", "assess", "vote")]
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


@pytest.mark.parametrize("step", ["translate", "assess", "augment", "retrieve", "grade", "rewrite", "verify", "localize"])
async def test_a_step_left_out_never_runs(step: str) -> None:
    script = Script(grade=GradeOut(relevant=(1,), sufficient=False), verify=REFUSE, assess=AssessOut(adequate=False))
    answer = await ask(script, strategy=get_strategy("clara").without(step))
    assert step not in steps(answer)
    assert answer.label == "B"


async def test_steps_that_only_serve_another_are_left_out_with_it() -> None:
    path = steps(await ask(Script(verify=REFUSE), strategy=get_strategy("clara").without("retrieve", "translate")))
    assert path == "detect augment answer verify localize".split()


async def test_an_ablation_says_so_in_its_name() -> None:
    assert get_strategy("clara").without("verify", "grade").name == "clara without grade, verify"
    assert get_strategy("clara").without() is get_strategy("clara")


async def test_strategy_errors_name_what_was_meant() -> None:
    with pytest.raises(UsageError, match="choose one of direct, translate, rag, translate_rag, react, clara, clara_vote"):
        get_strategy("nope")
    with pytest.raises(UsageError, match="did you mean verify"):
        get_strategy("clara").without("verifi")
    for step in ("detect", "answer"):
        with pytest.raises(UsageError, match="no strategy can run without"):
            get_strategy("clara").without(step)
