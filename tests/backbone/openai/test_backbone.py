"""The OpenAI-compatible backbone against a fake server on the loopback, which stands in for the network boundary."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from clara.backbone.openai.reply import AnswerTeller
from clara.backbone.openai.request import Setup
from clara.errors import BackboneOverloaded, BackboneRefused, BackboneUnreachable, ContextOverflow
from clara.tasks.model import (
    ANSWER_CHOICE,
    ANSWER_TEXT,
    ASSESS,
    GUESS,
    LOCALIZE,
    TRANSLATE,
    AssessIn,
    LocalizeIn,
    TranslateIn,
)
from clara.types import Passage
from tests.backbone.conftest import Connect
from tests.backbone.fake_server import (
    GOOD,
    INPUTS,
    KEY,
    OPTIONS,
    FakeServer,
    completion,
    serving,
    stream,
    token,
)

TEXT_INPUTS = INPUTS.model_copy(update={"options": (), "original_options": ()})
ASSESS_INPUTS = AssessIn(language="es", stem="q", english_stem="q")
ADEQUATE = json.dumps({"problem": "", "adequate": True})


async def test_structured_request(server: FakeServer, connect: Connect) -> None:
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS, seed=7)
    assert result.output is not None
    assert result.output.label == "B"
    usage = result.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens, usage.cached_prompt_tokens) == (1, 10, 5, 4)
    body = server.bodies[0]
    assert (body["model"], body["seed"], body["max_tokens"]) == ("m", 7, 700)
    shape = body["response_format"]["json_schema"]
    assert shape["strict"] is True
    assert shape["schema"]["properties"]["label"]["enum"] == ["A", "B"]
    assert shape["schema"]["properties"]["citations"]["maxItems"] == 3
    assert shape["schema"]["additionalProperties"] is False
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


async def test_translation_schema_has_exactly_the_letters(server: FakeServer, connect: Connect) -> None:
    server.replies = [
        json.dumps({"stem": "s", "options": {"A": "x"}}),
        json.dumps({"stem": "s", "options": {"A": "x", "B": "y"}}),
    ]
    result = await connect(server.url).perform(TRANSLATE, TranslateIn(language="es", stem="q", options=OPTIONS))
    options = server.bodies[0]["response_format"]["json_schema"]["schema"]["properties"]["options"]
    assert options["required"] == ["A", "B"]
    assert options["additionalProperties"] is False
    assert result.output is not None
    assert result.usage.calls == 2


async def test_a_misfit_is_asked_for_once_more_and_then_unparsed(server: FakeServer, connect: Connect) -> None:
    server.replies = ["no idea"]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert (result.output, result.failure, result.raw) == (None, "unparsed", "no idea")
    assert len(server.bodies) == 2
    assert "no complete JSON object" in server.bodies[1]["messages"][-1]["content"]


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS"])
async def test_cut_off_reply_is_never_parsed(finish: str, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: completion(GOOD[:-10], finish)]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.failure == "unparsed"


@pytest.mark.parametrize("text", [GOOD, f"A draft: {{}}\n```json\n{GOOD}\n```"])
async def test_a_whole_object_at_the_limit_on_tokens_is_read(text: str, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: completion(text, "length")]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).output is not None


async def test_a_reply_that_runs_on_in_white_space_is_told_apart(server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: completion('{"reasoning": ' + "\n" * 300, "length")]
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert (result.failure, result.reason) == ("unparsed", "it was cut off while it wrote white space")


@pytest.mark.parametrize("text", ["", None, "<think>hm</think>"])
async def test_empty_reply(text: str | None, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: completion(text)]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).failure == "no_response"


@pytest.mark.parametrize("body", [{"choices": "x"}, {"choices": [3]}, {"choices": [{"logprobs": 3, "message": {}}]}])
async def test_a_reply_of_another_protocol_is_refused(body: Any, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.json_response(body)]
    with pytest.raises(BackboneRefused, match="check --backbone"):
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)


@pytest.mark.parametrize("body", [[1], {}, {"choices": []}, {"error": {"code": 503, "message": "busy"}}])
async def test_garbage_under_a_status_of_success_is_asked_for_again(body: Any, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.json_response(body)]
    backbone = connect(server.url, retries=2)
    await backbone.capabilities()
    server.bodies.clear()
    with pytest.raises(BackboneOverloaded):
        await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert len(server.bodies) >= 2


@pytest.mark.parametrize(
    "piece",
    ['{"choices": [null]}', '{"choices": 3}', '{"choices": [], "usage": {"prompt_tokens": Infinity}}', "[" * 100_000],
)
async def test_a_stream_of_another_protocol_is_refused(piece: str, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.Response(text=f"data: {piece}\n\n", content_type="text/event-stream")]
    with pytest.raises(BackboneRefused, match="check --backbone"):
        await connect(server.url).perform(ANSWER_TEXT, TEXT_INPUTS, on_token=lambda _text: None)


async def test_a_reply_nested_without_end_fails(server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.Response(text="[" * 100_000, content_type="application/json")]
    with pytest.raises(BackboneOverloaded, match="no chat completion"):
        await connect(server.url, retries=0).perform(ANSWER_CHOICE, INPUTS)


async def test_a_reply_without_end_is_refused(server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.Response(text="x" * (9 * 2**20), content_type="application/json")]
    with pytest.raises(BackboneRefused, match="larger than 8 MB"):
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)


async def test_a_reply_that_cannot_be_unpacked_is_a_broken_connection(server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: web.Response(body=b"no gzip", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(BackboneUnreachable, match="broke"):
        await connect(server.url, retries=0, outage=0.1).perform(ANSWER_CHOICE, INPUTS)


# --- a letter alone ------------------------------------------------------------------------------------------------


async def test_a_letter_is_a_choice_with_its_probability(vllm: FakeServer, connect: Connect) -> None:
    logprobs = [token("B", math.log(0.6), **{" B": math.log(0.1), "A": math.log(0.2), "the": math.log(0.1)})]
    vllm.replies = [lambda _body: completion("B", logprobs=logprobs)]
    result = await connect(vllm.url).perform(GUESS, INPUTS)
    body = vllm.bodies[0]
    assert body["structured_outputs"] == {"choice": ["A", "B"]}
    assert "response_format" not in body
    assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 20, 4)
    assert result.output is not None
    assert result.output.label == "B"
    assert result.output.confidence == pytest.approx(0.7 / 0.9)
    assert result.output.margin == pytest.approx(0.5 / 0.9)


@pytest.mark.parametrize(("pieces", "confidence"), [(["B", ".", " A", " patient"], 0.75), (["(", "x", ") A"], None)])
async def test_the_confidence_of_a_letter_is_that_of_the_letter_that_was_read(
    pieces: list[str], confidence: float | None, vllm: FakeServer, connect: Connect
) -> None:
    logprobs = [token(piece, math.log(0.6), **{"C": math.log(0.01), "A": math.log(0.2)}) for piece in pieces]
    vllm.replies = [lambda _body: completion("B. A patient", logprobs=logprobs)]
    result = await connect(vllm.url).perform(GUESS, INPUTS)
    assert result.output is not None
    assert (result.output.label, result.output.confidence) == ("B", confidence and pytest.approx(confidence))


async def test_a_letter_in_json_where_the_server_knows_schemas_only(server: FakeServer, connect: Connect) -> None:
    server.replies = ['{"label": "A"}']
    result = await connect(server.url).perform(GUESS, INPUTS)
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"] == {"label": {"type": "string", "enum": ["A", "B"]}}
    assert "logprobs" not in server.bodies[0]
    assert result.output is not None
    assert (result.output.label, result.output.confidence, result.output.margin) == ("A", None, None)


@pytest.mark.parametrize("text", ["B", " b.", "(B)", "B) ciliary body", "The answer is B.", "**B**"])
async def test_a_letter_in_plain_text(text: str, connect: Connect) -> None:
    async with serving(FakeServer("strict")) as server:
        server.replies = [text]
        result = await connect(server.url).perform(GUESS, INPUTS)
        assert {"response_format", "structured_outputs", "logprobs"}.isdisjoint(server.bodies[0])
    assert result.output is not None
    assert result.output.label == "B"


@pytest.mark.parametrize("text", ["A good guess is hard to make", "C", "Both", "A or B"])
async def test_what_is_no_letter_is_unparsed(text: str, connect: Connect) -> None:
    async with serving(FakeServer("strict")) as server:
        server.replies = [text]
        result = await connect(server.url).perform(GUESS, INPUTS)
        assert "one letter" in server.bodies[1]["messages"][-1]["content"]
    assert result.failure == "unparsed"


async def test_the_confidence_of_a_choice_is_that_of_its_label_token(vllm: FakeServer, connect: Connect) -> None:
    pieces = ['{"', "reason", 'ing": "A', '", "citations": [], "', "label", '": "']
    logprobs = [token(piece, -0.1) for piece in pieces]
    logprobs += [token('B"', math.log(0.3), **{"A": math.log(0.1)}), token(', "confidence": 0.9}', -0.1)]
    vllm.replies = [lambda _body: completion(GOOD, logprobs=logprobs)]
    result = await connect(vllm.url).perform(ANSWER_CHOICE, INPUTS)
    assert vllm.bodies[0]["top_logprobs"] == 5
    assert result.output is not None
    assert result.output.confidence == pytest.approx(0.75)


async def test_the_stated_confidence_stays_where_there_are_no_logprobs(server: FakeServer, connect: Connect) -> None:
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.output is not None
    assert result.output.confidence == 0.9


# --- thinking ------------------------------------------------------------------------------------------------------


async def test_thinking_and_fence_are_stripped(server: FakeServer, connect: Connect) -> None:
    server.replies = [f'<think>{{"label": "A"}}</think>\n```json\n{GOOD}\n```']
    result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
    assert result.output is not None
    assert result.output.label == "B"


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_thinking_is_kept_on_request_only(field: str, server: FakeServer, connect: Connect) -> None:
    server.replies = [lambda _body: completion(GOOD, **{field: "because"})]
    assert (await connect(server.url).perform(ANSWER_CHOICE, INPUTS)).notes == ()
    kept = await connect(server.url, keep_thinking=True).perform(ANSWER_CHOICE, INPUTS)
    assert kept.notes == ("thinking: because",)


async def test_steps_that_need_no_thinking_switch_it_off(vllm: FakeServer, connect: Connect) -> None:
    vllm.thinks = True
    backbone = connect(vllm.url, thinking_tokens=1000)
    vllm.replies = [ADEQUATE, GOOD]
    await backbone.perform(ASSESS, ASSESS_INPUTS)
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    quiet, thinking = vllm.bodies
    assert quiet["chat_template_kwargs"] == {"enable_thinking": False}
    assert quiet["max_tokens"] == 200
    assert "chat_template_kwargs" not in thinking
    assert thinking["max_tokens"] == 1700


@pytest.mark.parametrize(("thinking", "sent"), [("on", [False, True]), ("off", [False, False])])
async def test_thinking_by_the_settings(thinking: str, sent: list[bool], server: FakeServer, connect: Connect) -> None:
    backbone = connect(server.url, thinking=thinking)
    server.replies = [ADEQUATE, GOOD]
    await backbone.perform(ASSESS, ASSESS_INPUTS)
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert [body["chat_template_kwargs"]["enable_thinking"] for body in server.bodies] == sent


# --- the context's length ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("thinks", "length", "tokens"), [(False, 4096, 2048), (False, 8192, 3000), (True, 8192, 2048 + 4096)]
)
async def test_a_reply_leaves_room_for_the_prompt(thinks: bool, length: int, tokens: int, connect: Connect) -> None:
    async with serving(FakeServer("strict", length=length)) as server:
        server.thinks = thinks
        server.replies = ['{"answer": "Sí."}']
        switchless = connect(server.url)
        setup = Setup(await switchless.info(), replace(await switchless.capabilities(), thinking_switch=False))
        switchless._setup = setup
        await switchless.perform(LOCALIZE, LocalizeIn(language="es", answer_english="Yes."))
    assert server.bodies[0]["max_tokens"] == tokens


def with_long_passages(number: int, characters: int) -> Any:
    passages = tuple(Passage(f"p#{n}", f"title {n}", f"text {n} " + "x" * characters) for n in range(number))
    return INPUTS.model_copy(update={"passages": passages})


async def test_the_last_passages_go_until_it_fits(vllm: FakeServer, connect: Connect) -> None:
    vllm.length = 6600
    result = await connect(vllm.url).perform(ANSWER_CHOICE, with_long_passages(6, 900))
    (body,) = vllm.bodies
    left = 6600 - body["max_tokens"] - sum(len(message["content"]) for message in body["messages"])
    assert 0 <= left < 900
    assert result.output is not None
    assert result.notes == ("left out 2 of 6 passages: the prompt did not fit",)
    assert [f"text {n}" in str(body["messages"]) for n in range(6)] == [True] * 4 + [False] * 2


async def test_a_short_prompt_is_not_counted_by_the_server(vllm: FakeServer, connect: Connect) -> None:
    backbone = connect(vllm.url)
    await backbone.capabilities()
    counted = vllm.tokenized
    await backbone.perform(ANSWER_CHOICE, INPUTS)
    assert vllm.tokenized == counted


async def test_overflow_even_with_no_passage(vllm: FakeServer, connect: Connect) -> None:
    with pytest.raises(ContextOverflow, match="even with no passage"):
        await connect(vllm.url).perform(ANSWER_CHOICE, INPUTS.model_copy(update={"stem": "x" * 5000}))
    assert vllm.bodies == []


async def test_a_misfit_without_room_to_say_so_is_unparsed(vllm: FakeServer, connect: Connect) -> None:
    inputs = INPUTS.model_copy(update={"passages": ()})
    await connect(vllm.url).perform(ANSWER_CHOICE, inputs)
    (body,) = vllm.bodies
    vllm.length = body["max_tokens"] + sum(len(message["content"]) for message in body["messages"])
    vllm.replies = ["no idea"]
    assert (await connect(vllm.url).perform(ANSWER_CHOICE, inputs)).failure == "unparsed"
    assert len(vllm.bodies) == 2


async def test_a_refused_prompt_of_unknown_length_loses_passages(connect: Connect) -> None:
    def reply(body: dict[str, Any]) -> web.Response:
        return completion(GOOD) if "text 1" not in str(body["messages"]) else web.Response(status=400)

    async with serving(FakeServer(length=None)) as server:
        server.replies = [reply]
        result = await connect(server.url).perform(ANSWER_CHOICE, INPUTS)
        assert "text 0" in str(server.bodies[-1]["messages"])
    assert result.output is not None
    assert result.notes == ("left out 2 of 3 passages: the prompt did not fit",)


async def test_a_request_that_is_refused_to_the_end_says_so(server: FakeServer, connect: Connect) -> None:
    server.replies = [400]
    with pytest.raises(BackboneRefused, match="does not accept the request"):
        await connect(server.url).perform(ANSWER_CHOICE, INPUTS)


# --- streaming -----------------------------------------------------------------------------------------------------


async def test_streaming_emits_the_answer(server: FakeServer, connect: Connect) -> None:
    pieces = ['{"answer": "The cil', 'iary body.", "citat', 'ions": [], "confidence": null}']
    server.replies = [lambda _body: stream(*pieces)]
    told: list[str] = []
    result = await connect(server.url).perform(ANSWER_TEXT, TEXT_INPUTS, on_token=told.append)
    assert told == ["The cil", "iary body."]
    assert server.bodies[0]["stream_options"] == {"include_usage": True}
    assert result.output is not None
    assert result.usage.prompt_tokens == 3


async def test_streaming_shows_neither_thinking_nor_other_fields(server: FakeServer, connect: Connect) -> None:
    pieces = ['<think>an "answer": "no"', '</think>{"confidence": null, "cita', 'tions": [1], "answer": "Yes', '."}']
    server.replies = [lambda _body: stream(*pieces)]
    told: list[str] = []
    await connect(server.url).perform(ANSWER_TEXT, INPUTS, on_token=told.append)
    assert told == ["Yes", "."]


@pytest.mark.parametrize("told", [[], ["Sí."]])
async def test_only_those_who_listen_get_a_stream(told: list[str], server: FakeServer, connect: Connect) -> None:
    heard: list[str] = []
    server.replies = [lambda body: stream('{"answer": "Sí."}') if body.get("stream") else completion('{"answer": "Sí."}')]
    inputs = LocalizeIn(language="es", answer_english="Yes.")
    await connect(server.url).perform(LOCALIZE, inputs, on_token=heard.append if told else None)
    assert heard == told


async def test_a_server_that_does_not_stream_tells_the_answer_at_the_end(server: FakeServer, connect: Connect) -> None:
    server.replies = [json.dumps({"answer": "Yes.", "citations": [], "confidence": None})]
    told: list[str] = []
    await connect(server.url).perform(ANSWER_TEXT, TEXT_INPUTS, on_token=told.append)
    assert told == ["Yes."]


async def test_a_stream_that_breaks_off_is_asked_for_again_and_told_once(server: FakeServer, connect: Connect) -> None:
    whole = ['{"answer": "Yes', '.", "citations": [], "confidence": null}']
    server.replies = [lambda _body: stream(whole[0], finish=None, done=False), lambda _body: stream(*whole)]
    told: list[str] = []
    result = await connect(server.url).perform(ANSWER_TEXT, TEXT_INPUTS, on_token=told.append)
    assert result.output is not None
    assert result.output.answer == "Yes."
    assert told == ["Yes"]


def test_the_teller_passes_on_only_what_is_new() -> None:
    told: list[str] = []
    teller = AnswerTeller(told.append)
    for text in ('{"answer": "a', '{"answer": "a', '{"answer": "ab\\', '{"answer": "ab\\n'):
        teller(text)
    assert told == ["a", "b", "\n"]


# --- the server ----------------------------------------------------------------------------------------------------


async def test_unknown_model_lists_what_there_is(server: FakeServer, connect: Connect) -> None:
    with pytest.raises(BackboneRefused, match="no model 'x'; it has: m"):
        await connect(server.url, model="x").info()


async def test_a_replica_with_another_model_is_an_error(server: FakeServer, connect: Connect) -> None:
    async with serving(FakeServer(model="other")) as second:
        with pytest.raises(BackboneRefused, match="has no model 'm'; it has: other"):
            await connect(server.url, second.url).info()


async def test_address_without_v1(server: FakeServer, connect: Connect) -> None:
    info = await connect(server.url.removesuffix("/v1")).info()
    assert (info.model, info.context_length, info.server) == ("m", 4096, "")


async def test_info_names_the_server_where_it_tells_its_version(vllm: FakeServer, connect: Connect) -> None:
    assert (await connect(vllm.url).info()).server == "vLLM 0.32.0"
