"""The answer in the asker's language."""

from __future__ import annotations

import pytest

from clara.agent.strategies import get_strategy
from clara.tasks.model import (
    LocalizeOut,
    TranslateOut,
)
from clara.types import Question
from tests.agent.fakes import (
    FREE,
    UNPARSED,
    Script,
    ask,
)


async def test_the_free_text_answer_is_localised_and_kept_in_english_too() -> None:
    script = Script(translate=TranslateOut(stem="Which nerve supplies the lateral rectus?"))
    answer = await ask(script, FREE)
    assert answer.answer == "Lo inerva el nervio abducens [1]."
    assert answer.answer_english == "The abducens nerve supplies it [1]."
    assert answer.label is None
    assert answer.warnings == ()


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


async def test_without_localize_the_answer_stays_english() -> None:
    assert (await ask(Script(), strategy=get_strategy("clara").without("localize"))).answer == "Lateral rectus"


GOOD = "Lo inerva el nervio abducens [1]."
LOST = "Lo inerva el nervio abducens."


async def test_a_doubtful_wording_is_made_again_and_told_what_went_wrong() -> None:
    script = Script(localize=[LocalizeOut(answer=LOST), LocalizeOut(answer=GOOD)])
    answer = await ask(script, FREE, "translate_rag", seed=2)
    first, second = script.inputs("localize")
    assert (first.problems, first.previous) == ((), "")
    assert second.previous == LOST
    assert second.problems
    assert [seed for task, _, seed in script.asked if task == "localize"] == [2, 3]
    assert (answer.answer, "localisation_doubtful" in answer.warnings) == (GOOD, False)


@pytest.mark.parametrize("order", [(LOST, "Lo inervan 4 nervios."), ("Lo inervan 4 nervios.", LOST)])
async def test_of_two_doubtful_wordings_the_better_is_kept_flagged(order: tuple[str, str]) -> None:
    answer = await ask(Script(localize=[LocalizeOut(answer=text) for text in order]), FREE, "translate_rag")
    assert answer.answer == LOST
    assert "localisation_doubtful" in answer.warnings
    assert answer.answer_english == "The abducens nerve supplies it [1]."


async def test_a_second_wording_that_never_comes_leaves_the_first() -> None:
    answer = await ask(Script(localize=[LocalizeOut(answer=LOST), UNPARSED]), FREE, "translate_rag")
    assert (answer.answer, "localisation_doubtful" in answer.warnings) == (LOST, True)


@pytest.mark.parametrize(
    "text", ["The abducens nerve supplies it [1].", "The abducens nerve is the one that supplies the muscle [1]."]
)
async def test_an_answer_that_stays_english_is_made_again(text: str) -> None:
    script = Script(localize=[LocalizeOut(answer=text), LocalizeOut(answer=GOOD)])
    answer = await ask(script, FREE, "translate_rag")
    assert "the text is not written in Spanish" in script.inputs("localize")[1].problems
    assert answer.answer == GOOD
    assert "localisation_doubtful" not in answer.warnings
