from __future__ import annotations

from typing import Any

import pytest

from clara.backbone.reply import answer_so_far, parse_completion, thoughts, visible
from clara.errors import BackboneRefused


@pytest.mark.parametrize(
    ("text", "seen", "thought"),
    [
        (" plain ", "plain", ""),
        ("<think>hm</think> x", "x", "hm"),
        ("hm</think> x", "x", "hm"),
        ("x <think>never closed", "x", "never closed"),
        ("<think>a</think>b<think>c</think>d", "bd", "a\nbc"),
        ("<think></think>", "", ""),
    ],
)
def test_thinking_is_told_from_the_reply(text: str, seen: str, thought: str) -> None:
    assert visible(text) == seen
    assert thoughts(text) == thought


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"answer": "a \\"b\\" \\', 'a "b" '),
        ('{"answer"', ""),
        ('{"answer": "done", "citations": [', "done"),
        ('{"answer": "\\u00e9\\u00', "é"),
        ('{"answer": "\\ud83d', ""),
        ('{"answer": "\\ud83d\\udc41', "👁"),
        ('{"reasoning": "the \\"answer\\": \\"no", "answer": "yes', "yes"),
    ],
)
def test_an_answer_is_read_while_it_is_written(text: str, answer: str) -> None:
    assert answer_so_far(text) == answer


def test_reasoning_fields_of_old_and_new_servers() -> None:
    for field in ("reasoning", "reasoning_content"):
        message = {"content": None, field: "hm"}
        reply = parse_completion({"choices": [{"message": message, "finish_reason": "stop"}]})
        assert (reply.text, reply.visible, reply.thoughts) == ("", "", "hm")


@pytest.mark.parametrize(
    "missing", [{}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": None}], "usage": None}]
)
def test_what_is_missing_is_empty(missing: dict[str, Any]) -> None:
    reply = parse_completion(missing)
    assert (reply.text, reply.finish, reply.letters, reply.usage.prompt_tokens) == ("", "", None, 0)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": 3},
        {"choices": ["x"]},
        {"choices": [{"message": "x"}]},
        {"usage": {"prompt_tokens": "many"}},
        {"usage": {"prompt_tokens": float("inf")}},
        {"usage": [1]},
    ],
)
def test_what_is_odd_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(BackboneRefused, match="no chat completion"):
        parse_completion(odd)
