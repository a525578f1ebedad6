"""What a refusal says of the prompt's length, and which of its words are shown."""

from __future__ import annotations

import json

import pytest

from clara.backbone.servers.refusals import names_parameter, read_refusal


@pytest.mark.parametrize(
    ("words", "status", "length"),
    [
        ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", 400, 8192),
        ("prompt is too long: 210000 tokens > 200000 maximum", 400, 200000),
        ("The decoder prompt (length 5000) is longer than the maximum model length of 4096.", 400, 4096),
        ("Input validation error: `inputs` must have less than 1024 tokens. Given: 1500", 422, 1024),
        ("`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1800 `inputs` tokens", 422, 2048),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 400, 1048576),
        ("Range of input length should be [1, 6000]", 400, 6000),
        ("Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 8000", 413, 6000),
        ("Request too large for gpt on tokens per min (TPM): Limit 30000, Requested 40000", 429, 30000),
        ("the request exceeds the available context size, try increasing it", 500, None),
        ("'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens", 400, 4096),
        ("输入长度超过模型上下文长度", 400, None),
    ],
)
def test_a_prompt_that_is_too_long_is_recognised(words: str, status: int, length: int | None) -> None:
    refusal = read_refusal(json.dumps({"error": {"message": words, "code": status}}, ensure_ascii=False), status)
    assert (refusal.is_too_long, refusal.length) == (True, length)
    assert not names_parameter(refusal.named)


def test_the_page_of_a_proxy_that_takes_no_more_bytes_is_a_prompt_too_long() -> None:
    refusal = read_refusal("<html><title>413 Request Entity Too Large</title></html>", 413)
    assert (refusal.is_too_long, refusal.length, refusal.words) == (True, None, "")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("max_tokens is too large: 700. This model supports at most 512 completion tokens", 400),
        ("Invalid input: max_completion_tokens exceeds 512", 400),
        ("This request would exceed your organization's rate limit of 40,000 input tokens per minute", 429),
        ("You exceeded your current quota, please check your plan", 429),
        ("The request took too long to process", 504),
        ("stream_options is not supported", 400),
        ("", 400),
    ],
)
def test_other_refusals_are_no_prompt_too_long(words: str, status: int) -> None:
    assert not read_refusal(json.dumps({"error": {"message": words}}), status).is_too_long


@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"message": "The model is busy"}}',
        '{"error": "The model is busy"}',
        '{"detail": [{"loc": ["body"], "msg": "The model is busy"}]}',
        '[{"error": {"message": "The model\\nis  busy"}}]',
    ],
)
def test_the_sentence_of_an_error_is_found(text: str) -> None:
    assert read_refusal(text, 400).words == "The model is busy"


def test_no_secret_and_no_page_is_shown() -> None:
    said = '{"error": {"message": "Bad key hunter2 or sk-abcdefgh123 or 0123456789abcdef0123456789abcdef"}}'
    assert read_refusal(said, 400, ["hunter2"]).words == "Bad key *** or *** or ***"
    assert read_refusal(said, 401).words == ""
    assert read_refusal("<html>hunter2</html>", 502).words == ""


def test_a_failing_server_that_repeats_the_request_names_no_parameter() -> None:
    assert not names_parameter(read_refusal('{"error": "crashed while handling {temperature: 0, seed: 0}"}', 500).named)
