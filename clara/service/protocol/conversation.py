"""A conversation as chat clients send it: all messages each time, of which the last is the question."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from clara.agent.runner import Agent
from clara.agent.strategies import Strategy
from clara.chat.turns import Turn
from clara.chat.understanding import spoken, understand
from clara.errors import BackboneError
from clara.events import Event, Notice, StepFinished, StepStarted
from clara.language.codes import get_language
from clara.language.messages import say
from clara.language.questions import parse_question
from clara.safety import urgent_notice
from clara.service.protocol.shapes import Message

UNDERSTAND = "understand"
"""The step that puts a follow-up into words that stand alone."""


@dataclass(frozen=True, slots=True)
class Clarification:
    """Event: the question cannot be understood, and CLARA asks back; the last event then."""

    text: str
    notice: str
    language: str


ReplyEvent = Event | Clarification


async def converse(
    agent: Agent, messages: Sequence[Message], strategy: Strategy, *, language: str | None, interface: str
) -> AsyncGenerator[ReplyEvent]:
    """Answer the last message in the light of those before it.

    What is urgent in the words as they were sent comes first, before a model is asked anything.

    Args:
        agent: answers.
        messages: the conversation; the last one is the user's.
        strategy: which steps run.
        language: of the questions; None detects it.
        interface: language of the service, for a text that shows none or may be of several.

    Raises:
        UnknownLanguage: the language is not known.
        BackboneError, StoreError: the parts do not work.
    """
    code = get_language(language).code if language else None
    turns = turns_of(messages[:-1], code)
    text = messages[-1].text
    asked = parse_question(text)
    asked = replace(asked, language=code or spoken(asked, turns, interface))
    notice = urgent_notice(asked)
    if notice:
        yield Notice(notice)
    yield StepStarted(UNDERSTAND, 0)
    begin = time.perf_counter()
    question = asked
    try:
        understood = await understand(text, turns, agent.backbone, language=code, interface=interface)
    except BackboneError:
        if not notice:
            raise
        # the agent says that nothing can answer, below the notice
    else:
        question = understood.question
        if understood.clarification:
            asked_back = understood.clarification
            if asked_back == say("clarify_language", interface):  # it names a command of the terminal chat
                asked_back = say("clarify_language_plain", interface)
            yield Clarification(asked_back, notice, question.language or interface)
            return
    yield StepFinished(UNDERSTAND, 0, time.perf_counter() - begin, {"question": question.text})
    async with aclosing(agent.stream(question, strategy, typed=asked)) as events:
        async for event in events:
            if not isinstance(event, Notice):
                yield event


def turns_of(messages: Sequence[Message], language: str | None) -> tuple[Turn, ...]:
    """The earlier questions with their replies; what stands in no such pair is left out."""
    turns: list[Turn] = []
    asked = ""
    for message in messages:
        if message.role == "user":
            asked = message.text
        elif message.role == "assistant" and asked:
            code = language or spoken(parse_question(asked), turns)
            turns.append(Turn(asked, asked, code, "", "", clarification=message.text))
            asked = ""
    return tuple(turns)
