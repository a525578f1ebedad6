"""A task as a request: its form, its limits, whether the model thinks; and the reply as the task's output."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from clara.backbone.base import BackboneInfo
from clara.backbone.openai.capabilities import Capabilities
from clara.backbone.openai.labels import TOP, TOP_IN_JSON
from clara.backbone.openai.reply import Completion
from clara.backbone.openai.request import (
    Request,
    Setup,
    body_of,
    constraint,
    encoded,
    read_output,
    repair,
    reply_tokens,
    thinking_switch,
)
from clara.backbone.openai.structured import Misfit
from clara.config import Settings
from clara.tasks.model import ANSWER_CHOICE, GUESS, AnswerIn, ChoiceOut, LetterOut, Task
from clara.tasks.prompts import Prompt, PromptLibrary
from clara.types import Option

OPTIONS = (Option("A", "Iris"), Option("B", "Lens"), Option("C", "Retina"))
INPUTS = AnswerIn(language="en", original_stem="Which focuses?", stem="Which focuses?", options=OPTIONS)
NOTHING = Capabilities()
SETTINGS = Settings(profile="remote", backbone=("http://a.example/v1",))
LIBRARY = PromptLibrary()


def request(task: Task[Any, Any] = ANSWER_CHOICE, *, thinking: bool | None = None, max_tokens: int = 300) -> Request:
    prompt: Prompt = replace(LIBRARY[task.name], thinking=thinking, max_tokens=max_tokens)
    return Request(task, INPUTS, prompt, seed=1, temperature=0.5)


def setup(can: Capabilities = NOTHING, length: int | None = None) -> Setup:
    return Setup(BackboneInfo(kind="openai", model="m", uses_model=True, context_length=length), can)


def form(task: Task[Any, Any], **can: Any) -> str:
    """The parameter that holds the reply to its form, with the key below it."""
    parameters = constraint(request(task), Capabilities(**can))
    if not parameters:
        return ""
    ((name, value),) = parameters.items()
    return f"{name}.{'json_schema' if 'json_schema' in value else next(iter(value))}"


@pytest.mark.parametrize(
    ("can", "expected"),
    [
        ({}, ""),
        ({"json_schema": "yes"}, "response_format.json_schema"),
        ({"json_schema": "yes", "structured_json": "yes"}, "response_format.json_schema"),
        ({"json_schema": "ignored"}, "response_format.json_schema"),
        ({"json_schema": "ignored", "structured_json": "yes"}, "structured_outputs.json"),
        ({"json_schema": "no", "structured_json": "yes"}, "structured_outputs.json"),
        ({"json_schema": "no", "structured_json": "ignored"}, ""),
        ({"choice": "yes", "regex": "yes"}, ""),
    ],
)
def test_an_object_is_held_to_its_schema_in_one_way(can: dict[str, str], expected: str) -> None:
    assert form(ANSWER_CHOICE, **can) == expected


@pytest.mark.parametrize(
    ("can", "expected"),
    [
        ({}, ""),
        ({"choice": "yes", "regex": "yes", "json_schema": "yes"}, "structured_outputs.choice"),
        ({"choice": "ignored", "regex": "yes", "json_schema": "yes"}, "structured_outputs.regex"),
        ({"json_schema": "yes"}, "response_format.json_schema"),
        ({"json_schema": "ignored", "structured_json": "yes"}, ""),
    ],
)
def test_a_letter_is_held_to_the_letters_of_the_question(can: dict[str, str], expected: str) -> None:
    assert form(GUESS, **can) == expected


def test_the_letters_are_those_of_the_options() -> None:
    choice = constraint(request(GUESS), Capabilities(choice="yes"))
    regex = constraint(request(GUESS), Capabilities(regex="yes"))
    assert choice == {"structured_outputs": {"choice": ["A", "B", "C"]}}
    assert regex == {"structured_outputs": {"regex": "[ABC]"}}


def test_a_schema_is_strict_and_has_the_tasks_name() -> None:
    schema = constraint(request(), Capabilities(json_schema="yes"))["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("answer_choice", True)
    assert schema["schema"]["properties"]["label"]["enum"] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("setting", "prompt", "can_switch", "switch"),
    [
        ("default", None, True, None),
        ("default", True, True, True),
        ("default", False, True, False),
        ("default", True, False, None),
        ("default", False, False, None),
        ("on", None, False, True),
        ("on", True, True, True),
        ("on", False, True, False),
        ("off", None, False, False),
        ("off", True, True, False),
    ],
)
def test_whether_the_model_is_told_to_think(
    setting: str, prompt: bool | None, can_switch: bool, switch: bool | None
) -> None:
    settings = SETTINGS.model_copy(update={"thinking": setting})
    can = Capabilities(thinks=True, thinking_switch=can_switch)
    assert thinking_switch(request(thinking=prompt), can, settings) is switch


@pytest.mark.parametrize("setting", ["default", "on"])
def test_a_letter_never_wants_thought(setting: str) -> None:
    settings = SETTINGS.model_copy(update={"thinking": setting})
    can = Capabilities(thinks=True, thinking_switch=True)
    assert thinking_switch(request(GUESS, thinking=True), can, settings) is False


THINKS = Capabilities(thinks=True)
SWITCHES = Capabilities(thinks=True, thinking_switch=True)


@pytest.mark.parametrize(
    ("can", "prompt", "thinks"),
    [
        (NOTHING, None, False),
        (NOTHING, True, False),
        (THINKS, None, True),
        (THINKS, False, True),  # it has no switch
        (SWITCHES, None, True),
        (SWITCHES, False, False),
        (SWITCHES, True, True),
    ],
)
def test_a_model_that_thinks_has_room_for_it(can: Capabilities, prompt: bool | None, thinks: bool) -> None:
    tokens = reply_tokens(request(thinking=prompt), setup(can), SETTINGS)
    assert tokens == 300 + thinks * SETTINGS.thinking_tokens


def test_a_short_context_leaves_half_of_it_to_the_prompt_and_three_quarters_of_a_thinkers() -> None:
    assert reply_tokens(request(), setup(length=400), SETTINGS) == 200
    tokens = reply_tokens(request(), setup(THINKS, length=400), SETTINGS)
    assert tokens == 100 + 200
    assert reply_tokens(request(), setup(length=1), SETTINGS) == 1


def test_a_letter_that_nothing_holds_to_its_form_may_be_wordy() -> None:
    held = reply_tokens(request(GUESS, max_tokens=4), setup(Capabilities(choice="yes")), SETTINGS)
    free = reply_tokens(request(GUESS, max_tokens=4), setup(), SETTINGS)
    assert held == 4
    assert free > 10 * held


def test_the_body_names_model_seed_and_temperature_and_no_stream() -> None:
    body = body_of(request(), [{"role": "user", "content": "q"}], 99, setup(), SETTINGS)
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "q"}],
        "max_tokens": 99,
        "temperature": 0.5,
        "seed": 1,
    }


@pytest.mark.parametrize(
    ("task", "offered", "top"),
    [(GUESS, 20, TOP), (GUESS, 3, 3), (ANSWER_CHOICE, 20, TOP_IN_JSON), (ANSWER_CHOICE, 0, None)],
)
def test_log_probabilities_are_asked_for_as_far_as_the_server_gives_them(
    task: Task[Any, Any], offered: int, top: int | None
) -> None:
    body = body_of(request(task), [], 9, setup(Capabilities(logprobs=offered)), SETTINGS)
    assert body.get("top_logprobs") == (None if top is None else min(top, offered))


def test_a_switch_is_sent_as_the_chat_template_takes_it() -> None:
    body = body_of(request(thinking=False), [], 9, setup(SWITCHES), SETTINGS)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


def test_the_bytes_of_a_body_are_compact_utf8() -> None:
    assert encoded({"a": ["पुतली", 1]}) == '{"a":["पुतली",1]}'.encode()


@pytest.mark.parametrize(
    ("text", "words"), [('{"label": "B', "before its end"), ('{"label": "B",' + "\n" * 40, "white space")]
)
def test_a_reply_that_was_cut_off_says_how(text: str, words: str) -> None:
    with pytest.raises(Misfit, match=words):
        read_output(request(), Completion(text, "length"))


def test_a_letter_has_the_confidence_that_was_measured_at_its_token() -> None:
    output = read_output(request(GUESS), Completion("B", "stop", letters={"A": 0.2, "B": 0.7, "C": 0.1}, letter="B"))
    assert isinstance(output, LetterOut)
    assert (output.label, output.confidence) == ("B", 0.7)
    assert output.margin is not None
    assert math.isclose(output.margin, 0.5)
    assert output.probabilities == {"A": 0.2, "B": 0.7, "C": 0.1}


def test_a_measured_confidence_replaces_a_stated_one() -> None:
    text = '{"reasoning": "r", "label": "B", "confidence": 0.99, "citations": []}'
    measured = read_output(request(), Completion(text, "stop", letters={"A": 0.4, "B": 0.6, "C": 0.0}, letter="B"))
    stated = read_output(request(), Completion(text, "stop"))
    assert isinstance(measured, ChoiceOut)
    assert isinstance(stated, ChoiceOut)
    assert (measured.confidence, stated.confidence) == (0.6, 0.99)


def test_probabilities_of_another_token_say_nothing_of_the_label() -> None:
    text = '{"reasoning": "r", "label": "B", "confidence": 0.99, "citations": []}'
    output = read_output(request(), Completion(text, "stop", letters={"A": 1.0, "B": 0.0, "C": 0.0}, letter="A"))
    assert isinstance(output, ChoiceOut)
    assert output.confidence == 0.99


@pytest.mark.parametrize(("task", "words"), [(GUESS, "the one letter"), (ANSWER_CHOICE, "the one JSON object")])
def test_a_repair_shows_the_reply_and_says_what_was_wrong(task: Task[Any, Any], words: str) -> None:
    shown, asked = repair(request(task), "x" * 5000, "label must be one of A, B, C")
    assert (shown["role"], len(shown["content"])) == ("assistant", 2000)
    assert asked["role"] == "user"
    assert "label must be one of A, B, C" in asked["content"]
    assert words in asked["content"]
    assert repair(request(task), "", "it was empty")[0]["content"] == "{}"
