"""Where output goes: results to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from clara.cli.encoding import holds_everything
from clara.cli.safe import UNSAFE, clean
from clara.cli.wrapping import Ragged

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_json(value: Any) -> None:
    """One JSON document; what could steer a terminal, or has no place in its encoding, is written as an escape of JSON."""
    text = json.dumps(value, ensure_ascii=not holds_everything(sys.stdout), indent=2)
    typer.echo(UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text))


def tell(text: str) -> None:
    """One line on standard error, without anything from outside that could steer the terminal."""
    typer.echo(clean(text), err=True)


def counted(number: int, noun: str) -> str:
    """``1 document``, ``1,000 documents``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show(*parts: RenderableType) -> None:
    """Print renderables on standard output."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print(Ragged(part))


def progress_console(*, quiet: bool) -> Console:
    """A console on standard error that is silent if asked, and where no terminal is."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.quiet = quiet or not console.is_terminal
    return console
