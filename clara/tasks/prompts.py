"""Loads, validates and renders the prompt templates of ``prompts/``.

A template is a Markdown file named after its task, with front matter (``version``, ``purpose``, ``inputs``, ``output``,
``max_tokens``, ``temperature``) and two blocks, ``<system>`` and ``<user>``. Placeholders are Jinja's, in its sandbox; an
input that the code does not give, or that the template does not use, is an error at load, as is a tag that does not close.

Text from outside (questions, passages) is data: anything in it that looks like one of the template's own tags is defused
before it is put in, so that no passage can close its own block.
"""

from __future__ import annotations

import hashlib
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from jinja2 import Template

from clara import resources
from clara.errors import PromptError
from clara.files import read_front_matter
from clara.language.codes import language_name
from clara.tasks.model import TASKS, Task, TaskModel
from clara.tasks.passages import laid_out
from clara.tasks.templates import compiled, filled_in, placeholders
from clara.types import Option, Passage

Message = dict[str, str]

_BLOCK = re.compile(r"<(system|user)>\n(.*?)\n</\1>", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-z_]+)(?:\s[^<>\n]*)?>")
_REQUIRED = {"version", "purpose", "inputs", "output", "max_tokens"}
_KNOWN = _REQUIRED | {"temperature", "thinking"}
_SHORT = reprlib.Repr()
"""Shows a value in a message; aliases of YAML may make one that is endless when written out."""
_SHORT.maxlevel = 2
_OTHER_KEYS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("purpose", (str,), "text"),
    ("output", (str,), "a name"),
    ("temperature", (int, float, type(None)), "a number"),
    ("thinking", (bool, type(None)), "true or false"),
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One validated template."""

    name: str
    path: Path
    version: int
    purpose: str
    max_tokens: int
    temperature: float | None
    thinking: bool | None
    """Switch of reasoning models for this step; None leaves it to the settings."""
    system: Template
    user: Template
    tags: frozenset[str]
    """The tag names that text from outside must not contain."""

    def render(self, inputs: TaskModel) -> list[Message]:
        """System and user message for one task input.

        Raises:
            PromptError: the template cannot be filled in with it.
        """
        values = _values(inputs, self.tags)
        try:
            return [
                {"role": "system", "content": filled_in(self.system, values)},
                {"role": "user", "content": filled_in(self.user, values)},
            ]
        except ValueError as error:
            raise PromptError(f"the prompt {self.path} cannot be filled in: {error}") from None


class PromptLibrary:
    """All templates of a folder.

    Raises:
        PromptError: a file is missing, unknown or does not match the code; the message names it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or resources.PROMPTS
        if not self.folder.is_dir():
            raise PromptError(f"there is no prompt folder {self.folder}")
        unknown = {path.stem for path in self.folder.glob("*.md")} - {task.name for task in TASKS}
        if unknown:
            raise PromptError(f"{self.folder / sorted(unknown)[0]}.md belongs to no task")
        self._prompts = {task.name: load_prompt(self.folder / f"{task.name}.md", task) for task in TASKS}

    def __getitem__(self, task: str) -> Prompt:
        return self._prompts[task]

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any template; stands in every run's manifest."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.glob("*.md")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]


def load_prompt(path: Path, task: Task[Any, Any]) -> Prompt:
    """Read and validate one template.

    Raises:
        PromptError: see :class:`PromptLibrary`.
    """
    head, body = read_front_matter(path, "the prompt", PromptError)
    _check_head(path, head)
    blocks = dict(_BLOCK.findall(body))
    if set(blocks) != {"system", "user"}:
        raise PromptError(f"{path} needs exactly one <system> and one <user> block, each closed")
    leftover = _BLOCK.sub("", body).strip()
    if leftover:
        raise PromptError(f"{path} has text outside its blocks: {leftover[:40]!r}")
    tags = _check_tags(path, body)
    _check_inputs(path, task, head, blocks)
    return Prompt(
        name=task.name,
        path=path,
        version=int(head["version"]),
        purpose=str(head["purpose"]),
        max_tokens=int(head["max_tokens"]),
        temperature=head.get("temperature"),
        thinking=head.get("thinking"),
        system=_compile(path, blocks["system"]),
        user=_compile(path, blocks["user"]),
        tags=tags,
    )


def _check_head(path: Path, head: Mapping[str, Any]) -> None:
    if not set(head) >= _REQUIRED or not set(head) <= _KNOWN:
        raise PromptError(
            f"{path}: the front matter needs {', '.join(sorted(_REQUIRED))} and may have temperature, thinking"
        )
    for name in ("version", "max_tokens"):
        if not isinstance(head[name], int) or head[name] < 1:
            raise PromptError(f"{path}: {name} must be a whole number from 1 on, not {_SHORT.repr(head[name])}")
    names: Any = head["inputs"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in cast("list[Any]", names)):
        raise PromptError(f"{path}: inputs must be a list of names, not {_SHORT.repr(names)}")
    for name, kinds, what in _OTHER_KEYS:
        if not isinstance(head.get(name), kinds):
            raise PromptError(f"{path}: {name} must be {what}, not {_SHORT.repr(head[name])}")


def _check_tags(path: Path, body: str) -> frozenset[str]:
    """Every tag closes, in order."""
    stack: list[str] = []
    seen: set[str] = set()
    for closing, name in _TAG.findall(body):
        if not closing:
            stack.append(name)
            seen.add(name)
        elif not stack or stack.pop() != name:
            raise PromptError(f"{path}: </{name}> closes a tag that is not open")
    if stack:
        raise PromptError(f"{path}: <{stack[-1]}> is never closed")
    return frozenset(seen)


def _check_inputs(path: Path, task: Task[Any, Any], head: Mapping[str, Any], blocks: Mapping[str, str]) -> None:
    declared = set(head["inputs"])
    given = set(task.inputs.model_fields) | _DERIVED
    if head["output"] != task.output.__name__:
        raise PromptError(f"{path}: output is {head['output']!r} but the task gives {task.output.__name__!r}")
    for name in sorted(declared - given):
        raise PromptError(f"{path}: the task {task.name!r} gives no input {name!r}")
    try:
        used = placeholders(blocks["system"]) | placeholders(blocks["user"])
    except ValueError as error:
        raise PromptError(f"{path}: {error}") from None
    for name in sorted(used - declared):
        raise PromptError(f"{path}: placeholder {name!r} is not among the inputs")
    for name in sorted(declared - used):
        raise PromptError(f"{path}: input {name!r} is never used")
    for name in sorted(_needed(task) - used):
        raise PromptError(f"{path}: placeholder {name!r} is missing: the task cannot be done without it")


def _needed(task: Task[Any, Any]) -> set[str]:
    """The inputs that every call gives, and the options where the output names letters."""
    names = {name for name, field in task.inputs.model_fields.items() if field.is_required()}
    if {"label", "options"} & set(task.output.model_fields):
        names.add("options")
    return {"language_name" if name == "language" else name for name in names}


_DERIVED = {"language_name"}


def _compile(path: Path, text: str) -> Template:
    try:
        return compiled(text)
    except ValueError as error:
        raise PromptError(f"{path}: {error}") from None


def _values(inputs: TaskModel, tags: frozenset[str]) -> dict[str, Any]:
    values = {name: _defuse(getattr(inputs, name), tags) for name in type(inputs).model_fields}
    if "language" in values:
        values["language_name"] = language_name(values["language"])
    return values


@cache
def _lookalike(tags: frozenset[str]) -> re.Pattern[str]:
    return re.compile(r"<(?=\s*/?\s*(?:" + "|".join(sorted(tags)) + r")\b)", re.IGNORECASE)


def _defuse(value: Any, tags: frozenset[str]) -> Any:
    """The same value with every look-alike of the template's tags made harmless."""
    if isinstance(value, str):
        return _lookalike(tags).sub("‹", value) if "<" in value else value
    if isinstance(value, tuple):
        return tuple(_defuse(item, tags) for item in value)
    if isinstance(value, Option):
        return {"label": value.label, "text": _defuse(value.text, tags)}
    if isinstance(value, Passage):
        shown = {name: _defuse(getattr(value, name), tags) for name in ("title", "section", "text", "kind", "source")}
        return {**shown, "text": laid_out(shown["text"])}
    if isinstance(value, TaskModel):
        return {name: _defuse(getattr(value, name), tags) for name in type(value).model_fields}
    return value
