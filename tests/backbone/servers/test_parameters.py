"""What a server refuses is left out or replaced from then on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clara.backbone.servers.parameters import Parameters, spoken_of

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
    ],
)
def test_a_cap_on_the_reply_is_heeded(words: str) -> None:
    assert adapted(words)["max_tokens"] == 512


@pytest.mark.parametrize("name", ["temperature", "seed", "response_format"])
def test_what_is_refused_by_name_is_left_out(name: str) -> None:
    assert name not in adapted(f'{{"detail":[{{"type":"extra_forbidden","loc":["body","{name}"]}}]}}')


def test_log_probabilities_go_with_their_number() -> None:
    request = adapted("logprobs is not supported")
    assert "logprobs" not in request
    assert "top_logprobs" not in request


def test_a_system_role_that_is_refused_joins_the_user() -> None:
    assert adapted("System role not supported")["messages"] == [{"role": "user", "content": "Be brief.\n\nWhy?"}]


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
    assert not parameters.learn(spoken_of(words), body)
    assert parameters.applied(body) == body


def test_nothing_else_of_a_refusal_is_kept() -> None:
    assert spoken_of("Bad key sk-very-secret for seed") == "seed"
