"""vLLM's log for people: what matters of each line, which phase the start is in, and what a failure means."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

_LINE = re.compile(
    r"^(?:\(.*?pid=\d+\)\s*)*(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):?\s+"
    r"(?:\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\s+)?(?:\[[^\]]*\]\s*)?(?P<text>.*)$"
)
_SOURCE = re.compile(r"^\(.*?pid=\d+\)\s*")
_EXCEPTION = re.compile(r"^\w*(?:\.\w+)*(?:Error|Exception|Exit|Interrupt)\b.*")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

PHASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("downloading", re.compile(r"downloading|Time spent downloading", re.IGNORECASE)),
    ("loading the weights", re.compile(r"Starting to load model|Loading (?:safetensors|weights|model)", re.IGNORECASE)),
    ("compiling", re.compile(r"torch\.compile|Dynamo bytecode|Compiling a graph|compile range", re.IGNORECASE)),
    ("measuring memory", re.compile(r"KV cache (?:memory|size)|profiling", re.IGNORECASE)),
    ("capturing CUDA graphs", re.compile(r"Capturing CUDA graph|cudagraph", re.IGNORECASE)),
    ("warming up", re.compile(r"init engine|Warming up")),
    ("opening the port", re.compile(r"Started server process|Application startup|Starting vLLM (?:API )?server")),
)
"""What the phases of the start are called, in their order, and how vLLM's log betrays them."""

_WORTH = re.compile(
    r"KV cache (?:memory|size)|Maximum concurrency|Model loading took|weights took|Application startup complete|Avg prompt"
)
"""Lines of level INFO that say something to the person who waits."""

_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"gated repo|401 Client Error|access to model .* is restricted", re.IGNORECASE),
        "the hub asks for an account that has accepted the licence: accept it on the model's page and set HF_TOKEN",
    ),
    (
        re.compile(
            r"LocalEntryNotFound|OfflineModeIsEnabled|couldn't connect to|Max retries exceeded|Name or service not known"
            r"|Temporary failure in name resolution|NameResolutionError|ConnectError",
            re.IGNORECASE,
        ),
        "the model hub cannot be reached: copy the model's folder to this machine and name it with --model FOLDER --offline",
    ),
    (
        re.compile(r"out of memory|No available memory for the cache blocks|larger than the (?:maximum|available) ", re.I),
        "the GPU's memory is too small: free it, lower --max-model-len, or take a smaller preset",
    ),
    (re.compile(r"address already in use", re.IGNORECASE), "another program has the port: choose one with --port"),
    (
        re.compile(r"unrecognized arguments|invalid choice|error: argument", re.IGNORECASE),
        "this vLLM does not know a flag; --print shows the command, and a newer vLLM may know it",
    ),
)


@dataclass
class Tidy:
    """Reads the log line by line and remembers what matters."""

    hint: str | None = None
    """What the failure means and how to fix it, if the log tells."""
    _errors: deque[str] = field(default_factory=lambda: deque[str](maxlen=200))
    _last: deque[str] = field(default_factory=lambda: deque[str](maxlen=20))
    _shown: set[str] = field(default_factory=set[str])
    _phase: int = -1

    @property
    def phase(self) -> str:
        """What the server is doing before it is ready; several processes log at once, so it only goes forward."""
        if self._phase < 0:
            return "starting"
        return PHASES[self._phase][0]

    def read(self, raw: str) -> str | None:
        """The line as people should see it, or None if they need not."""
        line = _COLOURS.sub("", raw).rstrip()
        if not line.strip():
            return None
        level, text = split(line)
        self._last.append(text)
        for number, (_name, pattern) in enumerate(PHASES):
            if number > self._phase and level != "WARNING" and pattern.search(text):
                self._phase = number
        for pattern, hint in _HINTS:
            if pattern.search(text):
                self.hint = hint
        if level in ("ERROR", "CRITICAL") or _EXCEPTION.match(text):
            self._errors.append(text)
        if level in ("WARNING", "ERROR", "CRITICAL"):
            return self._once(f"{level.lower()}: {text}")
        if level == "INFO" and _WORTH.search(text):
            return text
        return None

    def _once(self, text: str) -> str | None:
        """Each process of the server gives the same warnings; one is enough."""
        if text in self._shown:
            return None
        self._shown.add(text)
        return text

    def ending(self, lines: int = 6) -> list[str]:
        """The last lines that say why it failed: exceptions first, or else simply the last lines."""
        causes = [text for text in self._errors if _EXCEPTION.match(text)]
        return _distinct(causes or self._errors or self._last)[-lines:]


def split(line: str) -> tuple[str, str]:
    """Level and text of a line; a line without a level (a traceback, a progress bar) has the level ``""``."""
    match = _LINE.match(line)
    if match:
        return match["level"], match["text"].strip()
    return "", _SOURCE.sub("", line).strip()


def _distinct(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))
