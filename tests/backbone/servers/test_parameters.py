"""What a server refuses is left out or replaced from then on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clara.backbone.servers.parameters import Parameters
from clara.backbone.servers.refusals import read_refusal, spoken_of

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
    "max_tokens": 700,
    "temperature": 0.0,
    "seed": 0,
    "logprobs": True,
    "top_logprobs": 5,
    "response_format": {"type": "json_schema"},
}


def adapted(*refusals: str) -> dict[str, Any]:
    parameters, body = Parameters(), json.dumps(BODY).encode()
    for refusal in refusals:
        assert parameters.learn(spoken_of(refusal), parameters.applied(body)), refusal
    return json.loads(parameters.applied(body))


def test_the_new_name_of_the_limit_is_taken() -> None:
    request = adapted("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    assert request["max_completion_tokens"] == 700
    assert "max_tokens" not in request


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 700. This model supports at most 512 completion tokens",
        "`max_tokens` must be less than or equal to `512`",
        "max_tokens: maximum value is 512",
        "max_tokens: 700 > 512, which is the maximum allowed number of output tokens for this model",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 512]",
        "Range of max_tokens should be between 1 and 512",
    ],
)
def test_a_cap_on_the_reply_is_heeded(words: str) -> None:
    assert adapted(words)["max_tokens"] == 512


@pytest.mark.parametrize("name", ["temperature", "seed", "response_format"])
def test_what_is_refused_by_name_is_left_out(name: str) -> None:
    assert name not in adapted(f'{{"detail":[{{"type":"extra_forbidden","loc":["body","{name}"]}}]}}')


@pytest.mark.parametrize(
    ("text", "status", "gone"),
    [
        ('{"error": "json: unknown field \\"seed\\""}', 400, "seed"),
        ("{\"message\": \"property 'seed' is unsupported, did you mean 'n'?\"}", 400, "seed"),
        ('{"detail": "create() got an unexpected keyword argument \'logprobs\'"}', 500, "logprobs"),
        ('{"error": {"message": "`temperature` is deprecated for this model."}}', 400, "temperature"),
        (
            '{"error": {"message": "This model does not support the `response_format` parameter", "code": 404}}',
            404,
            "response_format",
        ),
        ("Unrecognized request argument supplied: top_logprobs", 400, "top_logprobs"),
        ('{"error": {"message": "max_tokens is not permitted", "code": 400}}', 400, "max_tokens"),
        ('{"errors": [{"message": "seed: Extra inputs are not permitted", "code": 5006}]}', 405, "seed"),
    ],
)
def test_refusals_of_many_servers_are_understood(text: str, status: int, gone: str) -> None:
    parameters, body = Parameters(), json.dumps(BODY).encode()
    assert parameters.learn(read_refusal(text, status).named, body)
    assert gone not in json.loads(parameters.applied(body))


def test_a_limit_that_is_refused_by_both_names_goes() -> None:
    request = adapted("max_tokens: extra inputs are not permitted", "max_completion_tokens: extra inputs are not permitted")
    assert not {"max_tokens", "max_completion_tokens"} & set(request)


def test_a_server_that_only_samples_gets_a_temperature_next_to_nothing() -> None:
    words = "`temperature` has to be a strictly positive float, got 0.0; it must be greater than 0"
    assert adapted(words)["temperature"] == 0.01
    assert "temperature" not in adapted(words, words)


def test_a_limit_that_is_too_large_without_a_number_is_halved() -> None:
    assert adapted("max_tokens is too large")["max_tokens"] == 350


def test_calls_in_flight_that_meet_the_same_refusal_are_all_asked_again() -> None:
    parameters, body = Parameters(), json.dumps(BODY).encode()
    assert parameters.learn("seed", body)
    assert parameters.learn("seed", body)
    assert not parameters.learn("seed", parameters.applied(body))


def test_log_probabilities_go_with_their_number() -> None:
    request = adapted("logprobs is not supported")
    assert "logprobs" not in request
    assert "top_logprobs" not in request


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
        "messages.0.role: Input should be 'user' or 'assistant'",
        "Unexpected role 'system' in the list of messages",
    ],
)
def test_a_system_role_that_is_refused_joins_the_user(words: str) -> None:
    assert adapted(words)["messages"] == [{"role": "user", "content": "Be brief.\n\nWhy?"}]


def test_one_refusal_after_the_other_is_heeded() -> None:
    request = adapted("seed: extra inputs are not permitted", "temperature does not support 0.0 with this model")
    assert not {"seed", "temperature"} & set(request)


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (max_tokens 700)",
        "the request exceeds the available context size",
        "invalid request",
        "",
    ],
)
def test_a_long_prompt_is_no_refused_parameter(words: str) -> None:
    parameters, body = Parameters(), json.dumps(BODY).encode()
    assert not parameters.learn(read_refusal(words, 400).named, body)
    assert parameters.applied(body) == body


def test_nothing_else_of_a_refusal_is_kept() -> None:
    assert spoken_of("Bad key sk-very-secret for seed") == "seed"
