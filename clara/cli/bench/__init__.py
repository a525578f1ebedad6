"""``clara bench``: replay a data set, and measure accuracy and its spread over languages."""

from __future__ import annotations

import typer

from clara.cli.bench.audit import audit
from clara.cli.bench.compare import compare
from clara.cli.bench.fetch import fetch
from clara.cli.bench.languages import languages
from clara.cli.bench.power import power
from clara.cli.bench.published import published
from clara.cli.bench.report import report
from clara.cli.bench.run import RunCommand, run

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False, help="Benchmark replay.")

app.command(cls=RunCommand)(run)
for command in (report, published, audit, fetch, compare, power, languages):
    app.command()(command)
