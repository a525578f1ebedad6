"""What a model is trusted with comes from trials, not from its name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clara.backbone.openai.skills import UNSURE, every_order, measure, prior_of
from clara.backbone.openai.trials import JUDGEMENTS, READING, TRANSLATIONS, Trial
from clara.tasks.model import (
    AnswerIn,
    AssessOut,
    ChoiceOut,
    GradeOut,
    LetterOut,
    TaskResult,
    TermsOut,
    TranslateOut,
    VerifyOut,
)
from clara.testing import ScriptedBackbone
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import FakeServer

EVERY_TASK = ("answer_choice", "assess", "grade", "terms", "verify")
ENGLISH = {
    "es": TranslateOut(stem="Which of these animals has no feathers?", options={"A": "Goose", "B": "Bat"}),
    "pt": TranslateOut(stem="How many windows does the house on the left have?", options={"A": "Seven", "B": "Twelve"}),
    "fr": TranslateOut(stem="Which of these tools is for cutting wood?", options={"A": "A saw", "B": "A hammer"}),
    "hi": TranslateOut(stem="Which of these fruits does not grow on a tree?", options={"A": "Mango", "B": "Watermelon"}),
    "fil": TranslateOut(stem="Which of these animals doesn't lay eggs?", options={"A": "Chicken", "B": "Dog"}),
    "zh": TranslateOut(stem="Which animal cannot swim?", options={"A": "Fish", "B": "Camel"}),
}
FLAT = LetterOut(label="A", probabilities={"A": 0.7, "B": 0.1, "C": 0.1, "D": 0.1})


def right(trial: Trial) -> Any:
    """An output that passes a trial."""
    candidates: list[Any] = [
        *(ChoiceOut(label=letter) for letter in "ABCD"),
        *(AssessOut(adequate=adequate) for adequate in (True, False)),
        *(GradeOut(relevant=relevant, sufficient=bool(relevant)) for relevant in ((), (1,), (2,), (3,))),
        *(VerifyOut(grounded=grounded, answers_question=True) for grounded in (True, False)),
        TermsOut(terms=("cataract surgery", "glaucoma")),
        *ENGLISH.values(),
    ]
    return next(out for out in candidates if isinstance(out, trial.task.output) and trial.passes(out))


def model(**wrong: int) -> ScriptedBackbone:
    """A model that does everything right, but as many trials of a task wrong as are named."""
    scripted = ScriptedBackbone()
    for trial in (*READING, *JUDGEMENTS, *TRANSLATIONS.values()):
        name = trial.task.name
        if wrong.get(name, 0) > 0:
            wrong[name] -= 1
            scripted.enqueue(name, TaskResult(None, failure="unparsed"))
        else:
            scripted.enqueue(name, right(trial))
    return scripted.always("guess", FLAT)


async def test_a_model_that_does_all_trials_right_is_trusted_with_everything() -> None:
    skills = await measure(model())
    assert skills.trusted == EVERY_TASK
    assert skills.prior["A"] > 0 > skills.prior["D"]
    assert skills.translates == tuple(ENGLISH)


@pytest.mark.parametrize(
    "spoiled",
    [
        TranslateOut(stem="Which of these fruits grows on a tree?", options={"A": "Mango", "B": "Watermelon"}),
        TranslateOut(stem="A fruit that does not grow on a tree.", options={"A": "Mango", "B": "Watermelon"}),
        TranslateOut(stem="Which of these fruits does not grow on a tree?"),
        TranslateOut(stem="The text is in Hindi, is it not?", options={"A": "आम", "B": "तरबूज़"}),
    ],
)
def test_english_that_asks_something_else_is_no_translation(spoiled: TranslateOut) -> None:
    assert TRANSLATIONS["hi"].passes(ENGLISH["hi"])
    assert not TRANSLATIONS["hi"].passes(spoiled)


@pytest.mark.parametrize("task", ["assess", "grade", "terms", "verify"])
async def test_one_wrong_verdict_costs_the_trust_in_that_task_alone(task: str) -> None:
    skills = await measure(model(**{task: 1}))
    assert set(skills.trusted or ()) == set(EVERY_TASK) - {task}
    assert not skills.trusts(task)


@pytest.mark.parametrize(("wrong", "trusted"), [(1, True), (2, False), (8, False)])
async def test_reading_may_slip_once(wrong: int, trusted: bool) -> None:
    assert (await measure(model(answer_choice=wrong))).trusts("answer_choice") is trusted


@pytest.mark.parametrize(
    ("task", "constant"),
    [
        ("assess", AssessOut(adequate=True)),
        ("assess", AssessOut(adequate=False)),
        ("grade", GradeOut(relevant=(), sufficient=False)),
        ("grade", GradeOut(relevant=(1, 2, 3), sufficient=True)),
        ("verify", VerifyOut(grounded=True, answers_question=True)),
        ("verify", VerifyOut(grounded=False, answers_question=False)),
        ("answer_choice", ChoiceOut(label="A")),
    ],
)
def test_a_model_that_always_says_the_same_fails(task: str, constant: Any) -> None:
    trials = [trial for trial in (*READING, *JUDGEMENTS) if trial.task.name == task]
    assert sum(not trial.passes(constant) for trial in trials) >= 2


def test_the_pull_of_the_letters_is_a_mean_of_logarithms_around_zero() -> None:
    even = prior_of([{"A": 0.8, "B": 0.2}, {"A": 0.2, "B": 0.8}])
    assert even == {"A": 0.0, "B": 0.0}
    assert prior_of([]) == {}
    lopsided = prior_of([{"A": 0.9, "B": 0.1}])
    assert lopsided["A"] == pytest.approx(-lopsided["B"])


def test_a_pull_that_few_readings_cannot_tell_from_none_counts_as_none() -> None:
    assert set(prior_of([{"A": 0.3, "B": 0.25, "C": 0.25, "D": 0.2}]).values()) == {0.0}
    strong = prior_of([{"A": 0.97, "B": 0.01, "C": 0.01, "D": 0.01}])
    assert strong["A"] == pytest.approx(0.75 * math.log(97) - UNSURE, abs=1e-3)


def test_over_every_order_what_the_options_say_cancels_out() -> None:
    orders = every_order()
    assert len(orders) == sum(len(trial.inputs.options) for trial in READING)

    def likes_b_and_knows(inputs: AnswerIn) -> dict[str, float]:
        best = min(option.text for option in inputs.options)
        shares = {option.label: (4.0 if option.text == best else 1.0) for option in inputs.options}
        shares["B"] *= 4
        total = sum(shares.values())
        return {letter: share / total for letter, share in shares.items()}

    prior = prior_of([likes_b_and_knows(inputs) for inputs in orders])
    assert prior["B"] > 0
    assert prior["A"] == pytest.approx(prior["C"], abs=0.05)


async def test_a_model_is_measured_once_and_the_next_process_remembers(vllm: FakeServer, connect: Connect) -> None:
    first = connect(vllm.url)
    assert await first.known_skills() is None
    measured = await first.skills()
    asked = len(vllm.bodies)
    assert asked >= len(READING) + len(JUDGEMENTS)
    assert await first.skills() == measured
    later = await connect(vllm.url).skills()
    assert len(vllm.bodies) == asked
    assert set(later.trusted or ()) == set(measured.trusted or ())
    assert dict(later.prior) == dict(measured.prior)
