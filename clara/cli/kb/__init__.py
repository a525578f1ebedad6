"""``clara kb``: build, fill, search and measure knowledge bases."""

from __future__ import annotations

import typer

from clara.cli.kb.add import add, sync
from clara.cli.kb.build import build, reindex, remove
from clara.cli.kb.evaluate import evaluate
from clara.cli.kb.search import search, stats

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
    help="Build, fill, search and measure knowledge bases.",
)
for command in (build, add, sync, remove, search, stats, reindex):
    app.command()(command)
app.command("eval")(evaluate)
