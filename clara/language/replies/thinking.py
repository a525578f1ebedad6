"""Takes the thinking off a reply: what is left is what the model says to its reader.

Models mark their thinking in many ways: ``<think>`` and its kin, ``[THINK]``, ``◁think▷``, ``<|channel>thought``, the
channels of the harmony format. A missing opening mark means that the reply began inside the thinking, a missing closing mark
that it ended there.
"""

from __future__ import annotations

import re

_NAMES = (
    "think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|inner_monologue|internal_monologue"
    "|chain_of_thought|cot|deliberation"
)
_MARK = re.compile(
    rf"""
      (?P<close> < / (?:\w+:)? (?:{_NAMES}) \s* >
               | \[ / (?:think|thinking) \]
               | ◁/think▷
               | <\| end_(?:of_)? (?:{_NAMES}) \|>
               | <channel\|>
               | <unused95>
               | \.\.\.done\ thinking\.
      )
    | (?P<open> < (?:\w+:)? (?:{_NAMES}) \s* >
              | \[ (?:think|thinking) \]
              | ◁think▷
              | <\| (?:begin|start)_(?:of_)? (?:{_NAMES}) \|>
              | <\|channel> \s* thought
              | <unused94> (?:thought)?
              | \A \s* Thinking\.\.\.\n
      )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HARMONY = re.compile(
    r"<\|channel\|>\s*(\w+).*?<\|message\|>(.*?)(?=<\|(?:end|return|call|start|channel)\|>|$)",
    re.DOTALL,
)
_BARE_HARMONY = re.compile(
    r"\A(?:assistant)?(?:analysis|commentary)(?=[A-Z\"'{(])(.*?)(?:assistant\s*final(.*))?\Z",
    re.DOTALL,
)
"""The same with its marks decoded away: ``analysisWe need ... assistantfinalB``."""
_CONTROL = re.compile(
    r"<\|(?:im_end|eot_id|eom_id|end|return|endoftext|end_of_text|(?:START|END)_RESPONSE|end_of_response"
    r"|begin_of_solution|end_of_solution|end_of_turn)\|>|<end_of_turn>|</s>\s*\Z",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """The reply without its thinking; empty if it never came to an end of it."""
    return _parted(text)[0]


def thoughts(text: str) -> str:
    """The thinking that stands in a reply."""
    return _parted(text)[1]


def _parted(text: str) -> tuple[str, str]:
    """The visible reply, and the thinking."""
    channels = _HARMONY.findall(text)
    if channels:
        return _by_channel(channels)
    bare = _BARE_HARMONY.match(text)
    if bare is not None:
        return (bare[2] or "").strip(), bare[1].strip()
    reply, thought = _by_marks(text)
    return _CONTROL.sub("", reply).strip(), thought.strip()


def _by_channel(channels: list[tuple[str, str]]) -> tuple[str, str]:
    reply = ""
    thought: list[str] = []
    for name, message in channels:
        if name == "final":
            reply = message.strip()
        else:
            thought.append(message.strip())
    return reply, "\n".join(thought)


def _by_marks(text: str) -> tuple[str, str]:
    reply: list[str] = []
    thought: list[str] = []
    current = reply
    start = 0
    for mark in _MARK.finditer(text):
        current.append(text[start : mark.start()])
        start = mark.end()
        if mark["open"] is not None:
            current = thought
            continue
        if current is reply:  # the reply began inside the thinking
            *before, part = reply
            thought[:] = [*before, *thought, part]
            reply.clear()
        current = reply
    current.append(text[start:])
    return "".join(reply), "\n".join(filter(None, map(str.strip, thought)))
