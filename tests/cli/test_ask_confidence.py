"""``clara ask`` shows how sure the model is, from the log-probabilities that a fake server gives."""

from __future__ import annotations

import asyncio
import json
import math
import sys

from tests.backbone.fake_server import GOOD, FakeServer, completion, token

QUESTION = ("Which one?", "--option", "A=iris", "--option", "B=ciliary body", "--language", "en", "--strategy", "direct")


async def ask(url: str, *flags: str) -> str:
    command = (sys.executable, "-m", "clara", "ask", *QUESTION, "--backbone", url, *flags)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def test_confidence_of_the_letter_is_shown_with_the_trace_and_given_as_json(vllm: FakeServer) -> None:
    before, after = GOOD.split('B"')
    letter = token("B", math.log(0.6), A=math.log(0.2), the=math.log(0.2))
    logprobs = [token(before, -0.1), letter, token('"' + after, -0.1)]
    vllm.replies = [lambda _body: completion(GOOD, logprobs=logprobs)]
    assert "confidence 0.75" in await ask(vllm.url, "--trace")
    answer = json.loads(await ask(vllm.url, "--json", "--no-cache"))
    assert abs(answer["confidence"] - 0.75) < 1e-6
    assert answer["usage"]["cached_prompt_tokens"] == 4
