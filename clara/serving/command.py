"""The command line of vLLM, and the environment that keeps it silent and its secrets out of sight."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from clara.errors import UsageError
from clara.privacy import child_environment
from clara.serving.engine import Engine
from clara.serving.plan import Plan

STRUCTURED = '{"backend":"xgrammar","disable_any_whitespace":true}'
"""Without free white space: a model may otherwise fill its whole token limit with it."""

_CACHE = "VLLM_CPU_KVCACHE_SPACE"
_TLS = "CLARA would ask over plain HTTP whether the server is ready, for ever; put a proxy that does TLS before it"
_OURS = {
    "--host": "give --host before the --",
    "--port": "give --port before the --",
    "--uds": "CLARA speaks to an address, not to a socket file",
    "--api-key": "the command line of a process is visible to all users; set the variable CLARA_API_KEY",
    "--hf-token": "the command line of a process is visible to all users; set the variable HF_TOKEN",
    "--trust-remote-code": "name the model whose code may run: --trust-remote-code NAME before the --",
    "--model": "name the model with --model before the --",
    "--config": "a file can carry flags that CLARA must see, a key among them; give its flags themselves",
    "--ssl-keyfile": _TLS,
    "--ssl-certfile": _TLS,
    "--headless": "such a node has no address that CLARA could wait for; start it with vllm serve",
    "--grpc": "CLARA speaks HTTP",
}
"""Flags of vLLM that may not stand after ``--``, and what to do instead."""
_ELSEWHERE = ("--tokenizer", "--hf-config-path", "--hf-overrides", "--speculative-config", "--spec-model", "-sc")
"""Flags that name a second repository; vLLM would run its code as well where the model's code may run."""


@dataclass(frozen=True)
class Command:
    """What is started."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is added to the environment, without secrets."""
    key: SecretStr | None = None
    """The API key that clients must send; goes to vLLM through its environment only."""

    def shell(self) -> str:
        """The same as one line for a shell; the key is named, not shown."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        if self.key:
            settings.append('VLLM_API_KEY="$CLARA_API_KEY"')
        return " ".join([*settings, shlex.join(self.argv)])

    def child(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of the child; a cache size that the user has set stays."""
        merged = {**environ, **child_environment(), **self.environment}
        if _CACHE in environ:
            merged[_CACHE] = environ[_CACHE]
        merged.pop("CLARA_API_KEY", None)
        if self.key:
            merged["VLLM_API_KEY"] = self.key.get_secret_value()
        return merged


def build(
    plan: Plan,
    engine: Engine | None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    key: SecretStr | None = None,
    trusted: str | None = None,
    offline: bool = False,
    extra: Sequence[str] = (),
) -> Command:
    """The command for a plan.

    Args:
        plan: model and split.
        engine: the vLLM to start; None stands for a ``vllm`` on the path of another machine.
        host, port: where it listens.
        key: demanded of clients; a must if ``host`` is not this machine alone.
        trusted: the model whose own Python code may run.
        offline: never ask the model hub.
        extra: further flags of vLLM; they win.

    Raises:
        UsageError: there is no key although other machines may connect, ``trusted`` is not the model,
            or ``extra`` holds a flag that CLARA sets or cannot work with.
    """
    if not loopback(host) and key is None:
        raise UsageError(
            f"--host {host} lets other machines connect: set an API key in the variable CLARA_API_KEY, "
            "or keep the server to this machine with --host 127.0.0.1"
        )
    if trusted is not None and trusted != plan.model:
        raise UsageError(f"--trust-remote-code names {trusted}, but the model is {plan.model}")
    _refuse(extra, trusting=trusted is not None)
    argv = ["vllm", "serve", plan.model]
    if engine:
        argv = engine.launch(plan.model)
    argv += ["--host", host, "--port", str(port), *_flags(plan)]
    if trusted:
        argv.append("--trust-remote-code")
    return Command((*argv, *extra), _environment(plan, offline), key)


def loopback(host: str) -> bool:
    """True if only this machine can connect to that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_url(host: str, port: int) -> str:
    """The address for a client on this machine, without ``/v1``."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    if ":" in reachable:
        return f"http://[{reachable}]:{port}"
    return f"http://{reachable}:{port}"


def value_of(extra: Sequence[str], name: str, short: str) -> str | None:
    """The value of a flag among those for vLLM, which counts the last one; None if it is not there."""
    value: str | None = None
    for place, word in enumerate(extra):
        if not _means(word, name) and not _means(word, short):
            continue
        _, equals, value = word.partition("=")
        if not equals:
            value = "".join(extra[place + 1 : place + 2])
    return value


def _flags(plan: Plan) -> list[str]:
    flags: list[str] = []
    if plan.max_len:
        flags += ["--max-model-len", str(plan.max_len)]
    if plan.sequences:
        flags += ["--max-num-seqs", str(plan.sequences)]
    if plan.tensor > 1:
        flags += ["--tensor-parallel-size", str(plan.tensor)]
    if plan.data > 1:
        flags += ["--data-parallel-size", str(plan.data)]
    if plan.cpu_cache is not None:
        flags.append("--enforce-eager")  # compiling takes longer than it saves on a CPU
    flags += ["--enable-prefix-caching", "--enable-prompt-tokens-details", "--disable-uvicorn-access-log"]
    flags += ["--structured-outputs-config", STRUCTURED]
    if plan.preset:
        if plan.preset.reasoning_parser:
            flags += ["--reasoning-parser", plan.preset.reasoning_parser]
        flags += plan.preset.flags
    if plan.variant:
        flags += plan.variant.flags
    return flags


def _environment(plan: Plan, offline: bool) -> dict[str, str]:
    environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    if offline:
        environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if plan.cpu_cache is not None:
        environment[_CACHE] = str(plan.cpu_cache)
    return environment


def _refuse(extra: Sequence[str], *, trusting: bool) -> None:
    if value_of(extra, "--api-server-count", "-asc") == "0":
        raise UsageError(f"--api-server-count 0 cannot be given after the --: {_OURS['--headless']}")
    for word in extra:
        given = re.split(r"[=.]", word)[0]  # a point stands before a field of a flag's JSON
        for ours, instead in _OURS.items():
            if _means(word, ours):
                raise UsageError(f"{given} cannot be given after the --: {instead}")
        if trusting and any(_means(word, flag) for flag in _ELSEWHERE):
            raise UsageError(f"{given} cannot be given with --trust-remote-code: code from elsewhere could run")


def _means(word: str, flag: str) -> bool:
    """True if vLLM takes the word for that flag: underscores stand for dashes, and long names can be shortened."""
    name = re.split(r"[=.]", word)[0].replace("_", "-").lower()
    if flag.startswith("--"):
        return len(name) > 2 and name.startswith("--") and flag.startswith(name)
    return name == flag
