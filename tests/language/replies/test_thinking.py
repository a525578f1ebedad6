"""Thinking is taken off in every form in which models write it, also where one of its marks is missing."""

from __future__ import annotations

import pytest

from clara.language.replies.thinking import thoughts, visible

DRAFT = 'perhaps {"label": "A"}, the answer is A'


@pytest.mark.parametrize(
    "reply",
    [
        f"<think>{DRAFT}</think>D",
        f"<Thinking>\n{DRAFT}\n</Thinking>\n\nD",
        f"<thought>{DRAFT}</thought> D",
        f"<reflection>{DRAFT}</reflection>D",
        f"<scratchpad>{DRAFT}</scratchpad>D",
        f"<seed:think>{DRAFT}</seed:think>D",
        f"[THINK]{DRAFT}[/THINK]D",
        f"◁think▷{DRAFT}◁/think▷D",
        f"<|channel>thought\n{DRAFT}<channel|>D",
        f"<unused94>thought\n{DRAFT}<unused95>D",
        f"<|begin_of_thought|>{DRAFT}<|end_of_thought|><|begin_of_solution|>D<|end_of_solution|>",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>D<|END_RESPONSE|>",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>D<|return|>",
        f"<|channel|>commentary to=functions.x <|message|>{DRAFT}<|call|><|channel|>final <|constrain|>json<|message|>D",
        f"analysisHmm, {DRAFT}.assistantfinalD",
        f"Thinking...\n{DRAFT}\n...done thinking.\n\nD",
        f"{DRAFT}</think>D",
        f"{DRAFT}</thinking>\nD",
        f"<think>{DRAFT}<think>again</think>more</think>D",
        f"<think>{DRAFT}</think><think>{DRAFT}</think>D<|im_end|>",
    ],
)
def test_the_answer_alone_is_visible_and_the_draft_is_a_thought(reply: str) -> None:
    assert visible(reply) == "D"
    assert DRAFT in thoughts(reply)


@pytest.mark.parametrize(
    "reply",
    [f"<think>{DRAFT}", f"<seed:think>{DRAFT}", f"<|channel|>analysis<|message|>{DRAFT}", "analysisThe user asks for D"],
)
def test_a_reply_that_breaks_off_while_thinking_says_nothing(reply: str) -> None:
    assert visible(reply) == ""
    assert thoughts(reply)


@pytest.mark.parametrize("reply", ["Analysis of the options: D", "I think D", "<b>D</b>", "analysis of a", "a < b > c"])
def test_words_that_only_look_like_marks_stay(reply: str) -> None:
    assert visible(reply) == reply
    assert thoughts(reply) == ""


def test_marks_are_found_in_a_long_reply_at_once() -> None:
    assert visible("<think>" * 20_000 + "x</think>B") == "B"
