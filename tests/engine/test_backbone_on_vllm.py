"""The client against a real vLLM server: every structured form, streams, log-probabilities, cancellation, prompt length."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clara.backbone.openai.backbone import OpenAIBackbone
from clara.backbone.openai.reply import Completion, read_completion, read_stream
from clara.backbone.openai.request import encoded
from clara.config import Settings
from clara.errors import ContextOverflow
from clara.tasks.model import ANSWER_TEXT, GRADE, GUESS, AnswerIn, GradeIn
from clara.types import Option, Passage

pytestmark = pytest.mark.engine

LETTERS = ["A", "B", "C", "D"]
OPTIONS = tuple(Option(letter, text) for letter, text in zip(LETTERS, ("Iris", "Lens", "Cornea", "Retina"), strict=True))
INPUTS = AnswerIn(language="en", original_stem="Which bends light most?", stem="Which bends light most?", options=OPTIONS)
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}, "label": {"type": "string", "enum": LETTERS}},
    "required": ["sure", "label"],
    "additionalProperties": False,
}


@pytest.fixture
async def backbone(vllm_server: str, isolated: Path) -> AsyncIterator[OpenAIBackbone]:
    settings = Settings(profile="remote", backbone=(vllm_server,), home=isolated, cache=False, timeout=60)
    made = OpenAIBackbone.from_settings(settings)
    yield made
    await made.aclose()


def body(**more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Which structure produces aqueous humour?"}]
    return {"model": "tiny", "messages": messages, "max_tokens": 64, "temperature": 0, "seed": 0, **more}


async def reply(backbone: OpenAIBackbone, *, in_json: bool = False, **more: Any) -> Completion:
    async def read(response: Any) -> Completion:
        return await read_completion(response, LETTERS, in_json=in_json)

    return await backbone.servers.chat(encoded(body(**more)), read)


async def test_everything_that_vllm_can_do_is_found_out(backbone: OpenAIBackbone) -> None:
    can = await backbone.capabilities()
    assert (can.json_schema, can.structured_json, can.choice, can.regex) == ("yes", "yes", "yes", "yes")
    assert (can.logprobs, can.tokenize, can.metrics, can.prefix_metrics, can.thinks) == (20, True, True, True, False)


@pytest.mark.parametrize("form", [{"choice": LETTERS}, {"regex": "[A-D]"}])
async def test_letter_forms(form: dict[str, Any], backbone: OpenAIBackbone) -> None:
    found = await reply(backbone, structured_outputs=form, logprobs=True, top_logprobs=20)
    assert found.text in LETTERS
    assert found.finish == "stop"
    assert found.letters is not None
    assert sum(found.letters.values()) == pytest.approx(1)
    assert found.letters[found.text] > 0


@pytest.mark.parametrize(
    "form",
    [
        {"structured_outputs": {"json": SCHEMA}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}}},
    ],
)
async def test_json_forms(form: dict[str, Any], backbone: OpenAIBackbone) -> None:
    found = await reply(backbone, in_json=True, logprobs=True, top_logprobs=5, **form)
    value = json.loads(found.text)
    assert found.finish == "stop"
    assert found.letters is not None
    assert found.letters[value["label"]] > 0


async def test_a_guess_is_a_letter_with_its_probability(backbone: OpenAIBackbone) -> None:
    result = await backbone.perform(GUESS, INPUTS)
    assert result.output is not None
    assert result.output.label in LETTERS
    assert result.output.confidence is not None
    assert 0 < result.output.confidence <= 1
    assert result.usage.completion_tokens <= 4


async def test_a_json_task_is_performed(backbone: OpenAIBackbone) -> None:
    passages = tuple(Passage(f"p#{n}", "Lens", "The lens refracts light.") for n in range(3))
    result = await backbone.perform(GRADE, GradeIn(stem="What refracts light?", passages=passages))
    assert result.output is not None
    assert set(result.output.relevant) <= {1, 2, 3}


async def test_a_stream_gives_the_text_of_one_reply_and_its_usage(backbone: OpenAIBackbone) -> None:
    told: list[str] = []

    async def read(response: Any) -> Completion:
        return await read_stream(response, told.append, 30.0)

    whole = await reply(backbone)
    streamed = await backbone.servers.chat(encoded(body(stream=True, stream_options={"include_usage": True})), read)
    assert streamed.text == whole.text
    assert streamed.finish == whole.finish
    assert streamed.usage.prompt_tokens == whole.usage.prompt_tokens > 0
    assert streamed.usage.completion_tokens == whole.usage.completion_tokens > 0
    assert len(told) > 2


async def test_a_reply_that_is_cut_off_says_so(backbone: OpenAIBackbone) -> None:
    found = await reply(backbone, max_tokens=3, ignore_eos=True)
    assert found.finish == "length"


@pytest.mark.parametrize("streamed", [False, True])
async def test_cancelling_stops_the_work_on_the_server(streamed: bool, backbone: OpenAIBackbone) -> None:
    async def read(response: Any) -> Completion:
        return await read_stream(response, lambda _text: None, 30.0)

    more: dict[str, Any] = {"max_tokens": 3500, "ignore_eos": True}
    chat = backbone.servers.chat(encoded(body(stream=True, **more)), read) if streamed else reply(backbone, **more)
    task = asyncio.create_task(chat)
    await running(backbone, 1, within=20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await running(backbone, 0, within=5)


async def test_passages_are_left_out_until_the_prompt_fits(backbone: OpenAIBackbone) -> None:
    passages = tuple(Passage(f"p#{n}", "Lens", f"{n} " + "The lens refracts light. " * 60) for n in range(10))
    result = await backbone.perform(GRADE, GradeIn(stem="What refracts light?", passages=passages))
    (note,) = result.notes
    assert note.startswith("left out ")
    assert note.endswith(" of 10 passages: the prompt did not fit")
    assert 4096 - 1500 < result.usage.prompt_tokens / result.usage.calls <= 4096 - 120


async def test_a_question_that_does_not_fit_is_told_in_one_sentence(backbone: OpenAIBackbone) -> None:
    with pytest.raises(ContextOverflow, match="do not fit the 4096 tokens of context of 'tiny'"):
        await backbone.perform(ANSWER_TEXT, INPUTS.model_copy(update={"stem": "lens " * 9000}))


async def test_what_prompts_share_is_found_in_the_prefix_cache(backbone: OpenAIBackbone) -> None:
    passages = tuple(Passage(f"p#{n}", "Iris", f"{n} " + "The iris has muscles. " * 20) for n in range(2))
    before = (await backbone.servers.load()).prefix_hits
    first = await backbone.perform(GRADE, GradeIn(stem="What has muscles?", passages=passages))
    second = await backbone.perform(GRADE, GradeIn(stem="Where are muscles found?", passages=passages))
    after = (await backbone.servers.load()).prefix_hits
    assert before is not None
    assert after is not None
    assert after - before >= second.usage.cached_prompt_tokens > 200
    assert first.usage.cached_prompt_tokens < second.usage.cached_prompt_tokens


async def test_an_engine_that_stands_still_behind_a_live_server_is_noticed(backbone: OpenAIBackbone) -> None:
    await backbone.capabilities()
    backbone.servers.liveness.silence = 2.0
    replica = backbone.servers.pool.replicas[0]
    engines = [process for process in descendants(os.getpid()) if "EngineCore" in name_of(process)]
    assert engines
    for process in engines:
        os.kill(process, signal.SIGSTOP)
    try:
        calls = [asyncio.create_task(backbone.perform(GUESS, INPUTS, seed=seed)) for seed in range(4)]
        async with asyncio.timeout(30):
            while not replica.down:
                await asyncio.sleep(0.1)
        assert await backbone.servers.liveness.healthy(replica)
    finally:
        for process in engines:
            os.kill(process, signal.SIGCONT)
    results = await asyncio.gather(*calls)
    assert all(result.output is not None for result in results)
    assert not replica.down


def descendants(parent: int) -> list[int]:
    """All processes below one."""
    found: list[int] = []
    for file in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, file.read_text().split()):
            found += [child, *descendants(child)]
    return found


def name_of(process: int) -> str:
    """The command line of a process."""
    return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


async def running(backbone: OpenAIBackbone, number: int, *, within: float) -> None:
    """Until the server works on so many requests."""
    async with asyncio.timeout(within):
        while (await backbone.servers.load()).running != number:
            await asyncio.sleep(0.1)
