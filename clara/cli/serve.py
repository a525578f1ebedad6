"""``clara serve``: CLARA as an HTTP service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clara.cli.options import NOTHING_GIVEN, CommonOptions, NoCacheOption, QuietOption, grouped, without_cache

if TYPE_CHECKING:
    from clara.service.options import ServiceOptions

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


class LogLevel(StrEnum):
    """The values of ``--log-level``."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class LogFormat(StrEnum):
    """The values of ``--log-format``."""

    text = "text"
    json = "json"


def _option(name: str, text: str, **more: Any) -> Any:
    """An option that a variable ``CLARA_SERVE_...`` can give too, for containers."""
    variable = "CLARA_SERVE_" + name.removeprefix("--").replace("-", "_").upper()
    return typer.Option(name, envvar=variable, help=text, show_default=False, **more)


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Those of :class:`clara.service.options.ServiceOptions`, which has the defaults; None where not given."""

    host: Annotated[str | None, _option("--host", "Address; 127.0.0.1 unless given. Others need --keys.")] = None
    port: Annotated[int | None, _option("--port", "Port; 8010 unless given.", min=0, max=65535)] = None
    workers: Annotated[int | None, _option("--workers", "Processes behind the port; 1 unless given.", min=1, max=64)] = None
    keys: Annotated[Path | None, _option("--keys", "File of hashed API keys that callers must have one of.")] = None
    origins: Annotated[
        list[str] | None, _option("--cors", "Web origin whose pages may call; repeatable.", metavar="ORIGIN")
    ] = None
    max_body: Annotated[int | None, _option("--max-body", "Most bytes of a request; 1 MiB unless given.", min=1)] = None
    max_question: Annotated[
        int | None, _option("--max-question", "Most characters of a question; 8000 unless given.", min=1)
    ] = None
    max_batch: Annotated[int | None, _option("--max-batch", "Most questions of a batch; 64 unless given.", min=1)] = None
    max_concurrent: Annotated[
        int | None, _option("--max-at-once", "Most questions at work in a worker; 64 unless given.", min=1)
    ] = None
    rate: Annotated[
        int | None, _option("--rate", "Most questions a minute of one caller; 600 unless given, 0: no limit.", min=0)
    ] = None
    question_timeout: Annotated[float | None, _option("--max-seconds", "Seconds for a request; 300 unless given.")] = None
    grace: Annotated[
        float | None, _option("--grace", "Seconds for running questions after SIGTERM; 30 unless given.", min=0)
    ] = None
    audit: Annotated[Path | None, _option("--audit", "File for a line a question: who, when, sources; no text.")] = None
    log_level: Annotated[LogLevel | None, _option("--log-level", "Least level of a log line; info unless given.")] = None
    log_format: Annotated[LogFormat | None, _option("--log-format", "text unless given, or json.")] = None
    log_text: Annotated[bool, _option("--log-text", "Let the text of questions into the log.")] = False

    def options(self) -> ServiceOptions:
        """How the service runs.

        Raises:
            UsageError: others can reach the address, and no key is asked for.
        """
        from clara.service.options import ServiceOptions

        given: dict[str, Any] = {}
        for name, value in asdict(self).items():
            if value not in (None, []):
                given[name] = value
        options = ServiceOptions(**given)
        options.check()
        return options


NO_OPTIONS = ServeOptions()


@app.command()
@grouped
def serve(
    service: ServeOptions = NO_OPTIONS,
    new_key: Annotated[
        str | None, typer.Option("--new-key", metavar="NAME", help="Make a key, print it once, and end.", show_default=False)
    ] = None,
    common: CommonOptions = NOTHING_GIVEN,
    no_cache: NoCacheOption = False,
    quiet: QuietOption = False,
    preset: Annotated[str | None, typer.Option("--preset", hidden=True)] = None,
) -> None:
    """Serve CLARA over HTTP: the OpenAI protocol for chat clients, /v1/ask for programs. Ctrl-C ends it."""
    from clara.errors import UsageError

    if preset is not None:
        raise UsageError("clara vllm is what starts vLLM with a preset; clara serve starts CLARA's own service")
    settings = common.settings(cache=without_cache(no_cache))
    if new_key is not None:
        _make_key(service.keys or settings.home / "service_keys", new_key)
        return
    options = service.options()
    from clara.service.run import serve as run

    run(settings, options, started=lambda url: _started(url, quiet=quiet))


def _make_key(path: Path, name: str) -> None:
    from clara.service.guards.keys import new_key

    key = new_key(path, name)
    typer.echo(f"the key {name} is shown once; its hash was added to {path}, so serve with --keys {path}", err=True)
    typer.echo(key)


def _started(url: str, *, quiet: bool) -> None:
    if not quiet:
        typer.echo(f"listening on {url}; the interface is described at {url}/docs; Ctrl-C ends it", err=True)
