"""The root of the command line: a command's module is imported only when that command runs."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any

import click
import typer
from typer.core import TyperCommand, TyperGroup

from clara.errors import ClaraError, shortage

COMMANDS = {
    "ask": ("clara.cli.ask", "Answer one clinical question, in its own language."),
    "kb": ("clara.cli.kb", "Build, search and inspect knowledge bases."),
    "bench": ("clara.cli.bench", "Replay a data set and measure the gap between languages."),
    "serve": ("clara.cli.serve", "Serve CLARA over HTTP: the OpenAI protocol, and its own."),
    "mcp": ("clara.cli.mcp", "Offer CLARA to MCP clients, such as desktop assistants."),
    "vllm": ("clara.cli.vllm", "Start a vLLM server with the flags that suit CLARA."),
    "chat": ("clara.cli.chat.entry", "Talk with CLARA in the terminal."),
    "init": ("clara.cli.init", "Set CLARA up: profile, server, language."),
    "doctor": ("clara.cli.doctor", "Show what is installed, configured and reachable."),
}
"""Name to the module that holds its ``app``, and the line that ``clara --help`` shows."""


_DEBUG = "--debug"


class Root(TyperGroup):
    """Lists the commands without importing them, and turns CLARA's errors into one sentence and an exit code.

    ``--debug`` may stand before the command or anywhere behind it.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = args[: args.index("--")] if "--" in args else args
        if _DEBUG in own:
            rest = [arg for arg in own if arg != _DEBUG] + args[len(own) :]
            args = [_DEBUG, *rest]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if name in COMMANDS:
            command = _load(name)
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ClaraError as error:
            _report(error, debug=ctx.params["debug"])
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # The reader has gone; what Python still flushes at exit must not complain about it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except BaseException as error:
            short = None if isinstance(error, click.exceptions.Exit | SystemExit) else shortage(error)
            if short is None:
                raise
            _report(short, debug=ctx.params["debug"])
            raise typer.Exit(1) from None


def _load(name: str) -> Any:
    command = typer.main.get_command(import_module(COMMANDS[name][0]).app)
    command.name = name
    return command


def _report(error: ClaraError, *, debug: bool) -> None:
    if debug:
        traceback.print_exception(error)
    from clara.cli.safe import clean
    from clara.config import locale_language
    from clara.language.messages import error_message

    detail = " ".join(clean(str(error)).split())
    language = locale_language()
    meaning: str | None = None
    if language != "en":
        meaning = error_message(error, language)
    if meaning:
        detail = f"{meaning} ({detail})"
    typer.echo(f"error: {detail}", err=True)


app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="CLARA answers clinical questions in many languages from sources that it cites. Not a medical device.",
)


def _version(value: bool) -> None:
    if value:
        from clara.resources import version

        typer.echo(f"clara {version()}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; may stand anywhere.")] = False,
) -> None:
    """The options before the command: ``version`` acts by itself, ``debug`` is read where an error is reported."""
    del version, debug
