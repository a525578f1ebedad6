from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from clara.backbone.openai.reply import answer_so_far, parse_completion, read_stream, thoughts, visible
from clara.errors import BackboneRefused


@pytest.mark.parametrize(
    ("text", "seen", "thought"),
    [
        (" plain ", "plain", ""),
        ("<think>hm</think> x", "x", "hm"),
        ("hm</think> x", "x", "hm"),
        ("x <think>never closed", "x", "never closed"),
        ("<think>a</think>b<think>c</think>d", "bd", "a\nc"),
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
        ('{"answer": "a\\ud83d b', "a\ufffd b"),
        ('{"answer": "a\\udc41', "a\ufffd"),
        ('{"reasoning": "the \\"answer\\": \\"no", "answer": "yes', "yes"),
    ],
)
def test_an_answer_is_read_while_it_is_written(text: str, answer: str) -> None:
    assert answer_so_far(text) == answer


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a\ud83d", "a\ufffd"),
        ("\udc41b", "\ufffdb"),
        ("\ud83d \udc41", "\ufffd \ufffd"),
        ("\ud83d\udc41", "👁"),
        ("\ufeffé\ud83d\ud83d\udc41", "\ufeffé\ufffd👁"),
    ],
)
def test_no_half_of_a_surrogate_pair_comes_in(sent: str, read: str) -> None:
    message = {"content": sent, "reasoning": sent}
    reply = parse_completion({"choices": [{"message": message, "finish_reason": "stop"}]})
    assert (reply.text, reply.thinking) == (read, read)


@pytest.mark.parametrize(
    ("pieces", "told", "read"),
    [
        (["a\ud83d", "\udc41b"], ["a", "a👁b"], "a👁b"),
        (["a\ud83d", "", "\udc41"], ["a", "a", "a👁"], "a👁"),
        (["a\ud83d", "b"], ["a", "a\ufffdb"], "a\ufffdb"),
        (["\udc41a", "b\ud83d"], ["\ufffda", "\ufffdab"], "\ufffdab\ufffd"),
    ],
)
async def test_the_halves_of_a_pair_may_come_in_two_chunks(pieces: list[str], told: list[str], read: str) -> None:
    chunks = [{"choices": [{"delta": {"content": piece, "reasoning": piece}}]} for piece in pieces]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
    heard: list[str] = []
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, text=body)
    reply = await read_stream(response, heard.append, 5.0)
    assert heard[: len(pieces)] == told
    assert (reply.text, reply.thinking) == (read, read)


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
