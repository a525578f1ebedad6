"""``clara vllm``: starts vLLM with the flags that suit CLARA, and ends it without leaving anything behind."""

from __future__ import annotations

import signal
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import ConfigOption, JsonOption, QuietOption, settings_of

if TYPE_CHECKING:
    from types import FrameType

    from clara.serving.choice import Choice
    from clara.serving.server import Server

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_POLL = 0.25
"""Seconds between two looks at the server."""


class DeviceName(StrEnum):
    """The values of ``--device``."""

    auto = "auto"
    gpu = "gpu"
    cpu = "cpu"


ExtraArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[-- VLLM FLAGS]", help="Further flags of vLLM.", show_default=False)
]
PresetOption = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="See --list.", show_default=False)]
ServedOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="A model of the hub, or a folder.", show_default=False)
]
PrintOption = Annotated[bool, typer.Option("--print", help="Show the command and do not start it.")]
ListOption = Annotated[bool, typer.Option("--list", help="Show the presets and whether they fit here.")]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
DeviceOption = Annotated[DeviceName, typer.Option("--device", help="auto takes the GPUs if there are any.")]
GpusOption = Annotated[int | None, typer.Option("--gpus", min=1, help="How many (default: all).", show_default=False)]
GpuMemoryOption = Annotated[
    float | None, typer.Option("--gpu-memory", metavar="GB", help="If unknown here, or for --print.", show_default=False)
]
MaxLenOption = Annotated[
    int | None, typer.Option("--max-model-len", min=1024, metavar="TOKENS", help="Context.", show_default=False)
]
TrustedOption = Annotated[
    str | None,
    typer.Option("--trust-remote-code", metavar="MODEL", help="Run this model's own code.", show_default=False),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Never ask the model hub.")]
VllmOption = Annotated[
    Path | None, typer.Option("--vllm", metavar="PATH", help="Environment, Python or program.", show_default=False)
]


@app.command()
def vllm(
    extra: ExtraArgument = None,
    preset: PresetOption = None,
    model: ServedOption = None,
    only_print: PrintOption = False,
    show_list: ListOption = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    device: DeviceOption = DeviceName.auto,
    gpus: GpusOption = None,
    gpu_memory: GpuMemoryOption = None,
    max_len: MaxLenOption = None,
    trusted: TrustedOption = None,
    offline: OfflineOption = False,
    engine_path: VllmOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Start a model server for CLARA; Ctrl-C ends it."""
    from clara.serving import choice, command, engine, hardware

    settings = settings_of(config=config, vllm=engine_path)
    wish = choice.Wish(preset, model, device.value, gpus, gpu_memory, max_len, tuple(extra or ()))
    gpus_here = hardware.find_gpus() if device is not DeviceName.cpu else []
    if show_list:
        return _show_presets(gpus_here, as_json=as_json)
    flags = _flags(extra)
    engines = engine.find_engines(settings.vllm)
    chosen = choice.choose(wish, engines, gpus_here, memory=hardware.main_memory(), only_show=only_print)
    built = command.build(
        chosen.plan, chosen.engine, host=host, port=port, key=settings.api_key, trusted=trusted, offline=offline, extra=flags
    )
    url = command.base_url(host, port)
    facts: dict[str, Any] = {"model": chosen.plan.model, "backbone": f"{url}/v1", "log": None}
    facts |= {"command": list(built.argv), "environment": dict(built.environment)}
    _notes(chosen, open_to_others=not command.loopback(host))
    if only_print:
        return _print(facts, built.shell(), as_json=as_json)
    from clara.serving.server import Server, check_port, log_file

    check_port(host, port)
    with _Stoppable() as stoppable:
        server = Server(built, url, log_file(settings.home))
        facts["log"] = str(server.log)
        typer.echo(f"starting {chosen.plan.summary}; full log: {server.log}", err=True)
        _run(server, stoppable, facts, quiet=quiet, as_json=as_json)
    return None


def _flags(extra: list[str] | None) -> list[str]:
    from clara.errors import UsageError

    if extra and not extra[0].startswith("-"):
        raise UsageError(f"unexpected {extra[0]!r}: give --preset NAME or --model NAME, and vLLM's flags after --")
    return extra or []


def _notes(chosen: Choice, *, open_to_others: bool) -> None:
    for note in chosen.notes:
        typer.echo(f"note: {note}", err=True)
    if open_to_others:
        typer.echo(
            "warning: vLLM checks the API key under /v1 and a few other prefixes only; /invocations (which generates too), "
            "/tokenize, /metrics and more answer everybody who reaches the port: put a proxy or a firewall before it",
            err=True,
        )


def _print(facts: dict[str, Any], line: str, *, as_json: bool) -> None:
    from clara.cli.output import print_json

    if as_json:
        print_json(facts)
    else:
        typer.echo(line)


class _Stop(Exception):
    """SIGTERM or SIGHUP has come."""


class _Stoppable:
    """SIGTERM and SIGHUP end the command as Ctrl-C does: in order."""

    def __enter__(self) -> _Stoppable:
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        return self

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """From now on no signal disturbs: the end is on its way and has a limit of its own."""
        for number in self._before:
            signal.signal(number, signal.SIG_IGN)

    @staticmethod
    def _stop(_number: int, _frame: FrameType | None) -> None:
        raise _Stop


def _run(server: Server, stoppable: _Stoppable, facts: dict[str, Any], *, quiet: bool, as_json: bool) -> None:
    """Until the server ends, or is told to."""
    ready = False
    try:
        _wait(server, quiet=quiet)
        ready = True
        line = f'clara ask "..." --backbone {facts["backbone"]}'
        typer.echo(f"ready after {server.seconds:.0f} s; Ctrl-C ends it", err=True)
        _print(facts, line, as_json=as_json)
        while server.exit_status is None:
            _echo(server, quiet=quiet)
            time.sleep(_POLL)
        raise server.failure()
    except (KeyboardInterrupt, _Stop) as reason:
        typer.echo("ending the server ...", err=True)
        if not ready:
            raise typer.Exit(130 if isinstance(reason, KeyboardInterrupt) else 143) from None
    finally:
        stoppable.hold()
        server.stop()


def _wait(server: Server, *, quiet: bool) -> None:
    """Until the server is healthy, with a spinner on a terminal and a line a phase elsewhere."""
    from clara.cli.output import progress_console

    console = progress_console(quiet=quiet)
    phase = ""
    with console.status("starting") as status:
        while not server.healthy():
            _echo(server, quiet=quiet)
            if server.exit_status is not None:
                raise server.failure()
            status.update(f"{server.tidy.phase}, {server.seconds:.0f} s")
            if phase != server.tidy.phase and not console.is_terminal and not quiet:
                typer.echo(f"{server.tidy.phase}, {server.seconds:.0f} s", err=True)
            phase = server.tidy.phase
            time.sleep(_POLL)
    _echo(server, quiet=quiet)


def _echo(server: Server, *, quiet: bool) -> None:
    from clara.cli.safe import clean

    for line in server.lines():
        if not quiet:
            typer.echo(f"vllm: {clean(line)}", err=True)


def _show_presets(found: list[Any], *, as_json: bool) -> None:
    from clara.cli.output import print_json, show
    from clara.cli.render import facts_table
    from clara.errors import ServingError
    from clara.serving.plan import plan_gpus
    from clara.serving.presets import presets

    rows: list[dict[str, Any]] = []
    for preset in presets().values():
        try:
            here = plan_gpus(preset, found).summary if found else "no GPU here"
        except ServingError:
            here = "does not fit here"
        rows.append(
            {
                "name": preset.name,
                "title": preset.title,
                "context": preset.context,
                "weights_gb": {variant.name: variant.gigabytes for variant in preset.variants},
                "licence": preset.licence,
                "here": here,
            }
        )
    if as_json:
        print_json({"presets": rows})
        return
    sizes = {row["name"]: ", ".join(f"{name} {size:g} GB" for name, size in row["weights_gb"].items()) for row in rows}
    show(facts_table([(row["name"], f"{row['title']}: {sizes[row['name']]}; {row['here']}") for row in rows]))
