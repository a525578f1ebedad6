"""The command line of vLLM, and the environment that keeps it silent and its secrets out of sight."""

from __future__ import annotations

import ipaddress
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
_OURS = {
    "--host": "give --host before the --",
    "--port": "give --port before the --",
    "--uds": "CLARA speaks to an address, not to a socket file",
    "--api-key": "the command line of a process is visible to all users; set the variable CLARA_API_KEY",
    "--hf-token": "the command line of a process is visible to all users; set the variable HF_TOKEN",
    "--trust-remote-code": "name the model whose code may run: --trust-remote-code NAME before the --",
}
"""Flags of vLLM that may not stand after ``--``, and what to do instead."""


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
            or ``extra`` holds a flag that CLARA sets.
    """
    if not loopback(host) and key is None:
        raise UsageError(
            f"--host {host} lets other machines connect: set an API key in the variable CLARA_API_KEY, "
            "or keep the server to this machine with --host 127.0.0.1"
        )
    if trusted is not None and trusted != plan.model:
        raise UsageError(f"--trust-remote-code names {trusted}, but the model is {plan.model}")
    _refuse(extra)
    argv = engine.launch(plan.model) if engine else ["vllm", "serve", plan.model]
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
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


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
    if plan.preset and plan.preset.reasoning_parser:
        flags += ["--reasoning-parser", plan.preset.reasoning_parser]
    return [*flags, *(plan.preset.flags if plan.preset else ()), *(plan.variant.flags if plan.variant else ())]


def _environment(plan: Plan, offline: bool) -> dict[str, str]:
    environment = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if offline:
        environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if plan.cpu_cache is not None:
        environment[_CACHE] = str(plan.cpu_cache)
    return environment


def _refuse(extra: Sequence[str]) -> None:
    """vLLM takes underscores for dashes and shortened names, so those are refused as well."""
    for word in extra:
        name = word.partition("=")[0].replace("_", "-").lower()
        if not name.startswith("--"):
            continue
        for ours, instead in _OURS.items():
            if len(name) > 2 and ours.startswith(name):
                raise UsageError(f"{word.partition('=')[0]} cannot be given after the --: {instead}")
