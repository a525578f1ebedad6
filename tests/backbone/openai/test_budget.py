from __future__ import annotations

import pytest

from clara.backbone.openai.budget import TokenEstimate, fit, left_out
from clara.backbone.openai.structured import shown_passages
from clara.tasks.model import AnswerIn, TaskModel
from clara.tasks.prompts import Message
from clara.types import Passage

PASSAGES = tuple(Passage(f"p#{n}", "t", f"{n} " + "word " * 100) for n in range(5))
INPUTS = AnswerIn(language="en", original_stem="q", stem="What is it?", passages=PASSAGES)


def render(inputs: TaskModel) -> list[Message]:
    assert isinstance(inputs, AnswerIn)
    return [{"role": "user", "content": inputs.stem + "".join(passage.text for passage in inputs.passages)}]


class Counter:
    """Stands in for the server's tokenizer: one token a word."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, messages: list[Message]) -> int | None:
        self.calls += 1
        return sum(len(message["content"].split()) for message in messages)


async def unknown(_messages: list[Message]) -> int | None:
    return None


async def test_what_fits_by_its_bytes_is_neither_estimated_nor_counted() -> None:
    counter = Counter()
    inputs, _, fits = await fit(INPUTS, render, room=100_000, estimate=TokenEstimate(), count=counter)
    assert (inputs, fits, counter.calls) == (INPUTS, True, 0)


async def test_an_unknown_context_takes_everything() -> None:
    inputs, _, fits = await fit(INPUTS, render, room=None, estimate=TokenEstimate(), count=unknown)
    assert (inputs, fits) == (INPUTS, True)


@pytest.mark.parametrize("room", [150, 250, 350, 450])
async def test_as_many_of_the_best_passages_stay_as_fit(room: int) -> None:
    inputs, messages, fits = await fit(INPUTS, render, room=room, estimate=TokenEstimate(), count=Counter())
    assert fits
    assert shown_passages(inputs) == PASSAGES[: room // 100]
    assert len(messages[0]["content"].split()) <= room
    assert isinstance(inputs, AnswerIn)
    assert inputs.stem == INPUTS.stem


async def test_few_counts_are_needed() -> None:
    counter = Counter()
    await fit(INPUTS, render, room=150, estimate=TokenEstimate(), count=counter)
    assert counter.calls <= 3


async def test_without_a_counting_server_the_estimate_decides() -> None:
    inputs, _, fits = await fit(INPUTS, render, room=300, estimate=TokenEstimate(), count=unknown)
    assert fits
    assert 0 < len(shown_passages(inputs)) < 5


async def test_what_does_not_fit_without_passages_is_told() -> None:
    inputs, messages, fits = await fit(INPUTS, render, room=2, estimate=TokenEstimate(), count=Counter())
    assert not fits
    assert shown_passages(inputs) == ()
    assert messages[0]["content"] == INPUTS.stem


async def test_the_estimate_learns_from_what_was_counted() -> None:
    estimate, messages = TokenEstimate(), render(INPUTS)
    estimate.learn(messages, 2000)
    assert estimate(messages) == pytest.approx(2000)
    estimate.learn(messages, 1000)
    assert 1000 < estimate(messages) < 2000


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("The ciliary body produces aqueous humour. " * 10, 70, 160),
        ("¿Qué estructura del ojo produce el humor acuoso? " * 10, 90, 200),
        ("आँख की कौन सी संरचना नेत्रोद बनाती है? " * 10, 150, 420),
        ("眼睛的哪个结构产生房水？" * 10, 80, 200),
    ],
)
def test_the_estimate_of_each_script_is_of_the_right_size(text: str, least: int, most: int) -> None:
    assert least < TokenEstimate()([{"role": "user", "content": text}]) < most


def test_left_out_passages_are_named_by_number() -> None:
    fewer = INPUTS.model_copy(update={"passages": PASSAGES[:2]})
    assert left_out(INPUTS, fewer) == ("left out 3 of 5 passages: the prompt did not fit",)
    assert left_out(INPUTS, INPUTS) == ()
